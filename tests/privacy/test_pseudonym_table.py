"""A table of pseudonyms: drawn once, the same for all who ask, and known to nobody after they are taken out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kgrec.errors import ConfigError
from kgrec.privacy.byte_search import Needles
from kgrec.privacy.pseudonym_table import PseudonymTable

ANN, BOB, MAIL, TOWN = b"digest of ann", b"digest of bob", b"digest of a mail", b"digest of a town"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[PseudonymTable]:
    made = PseudonymTable.at(tmp_path / "table")
    yield made
    made.close()


def test_a_pseudonym_is_drawn_once(table: PseudonymTable) -> None:
    ann, bob = table.made(ANN), table.made(BOB)
    assert table.made(ANN) == table.of(ANN) == ann != bob
    assert len(bytes.fromhex(ann)) == 16
    identity = table.id(make=True)
    table.close()
    again = PseudonymTable(table.path)
    assert (again.of(ANN), again.id(), again.id(make=True)) == (ann, identity, identity)
    again.close()
    assert table.path.stat().st_mode & 0o777 == 0o600


def test_another_table_draws_others(table: PseudonymTable, tmp_path: Path) -> None:
    other = PseudonymTable.at(tmp_path / "other")
    assert other.made(ANN) != table.made(ANN)
    assert other.id(make=True) != table.id(make=True)


def test_asking_makes_nothing(table: PseudonymTable) -> None:
    assert table.of(ANN) is None
    assert table.among(["a"]) == {}
    assert (table.id(), table.count(ANN)) == ("", 0)
    table.remove(ANN)
    assert not table.path.exists()


def test_whoever_is_taken_out_is_found_by_nothing(table: PseudonymTable) -> None:
    with table.at_once():
        drawn = {digest: table.made(digest) for digest in (b"%06d digest" % number for number in range(1_300))}
    gone = list(drawn)[:1_200]
    assert table.among([*drawn.values(), "else"]) == {pseudonym: digest for digest, pseudonym in drawn.items()}
    with table.at_once():
        for digest in gone:
            table.remove(digest)
    assert set(table.among(drawn.values()).values()) == set(list(drawn)[1_200:])
    table.rewrite()
    table.close()
    content = table.path.read_bytes()
    assert Needles.of([drawn[digest] for digest in gone[:20]]).hits(table.path) == 0
    assert all((digest in content) == (digest not in gone) for digest in drawn)
    assert table.made(gone[0]) not in drawn.values()


def test_what_several_have_stays_until_the_last_of_them_goes(table: PseudonymTable) -> None:
    ann, bob = table.made(ANN), table.made(BOB)
    mail = table.made(MAIL, ANN)
    town = table.made(TOWN, ANN)
    assert (table.made(TOWN, BOB), table.made(TOWN, BOB)) == (town, town)
    assert (table.count(ANN), table.count(BOB)) == (3, 2)
    table.remove(ANN)
    assert [table.of(digest) for digest in (ANN, MAIL, TOWN, BOB)] == [None, None, town, bob]
    table.remove(BOB)
    assert [table.of(digest) for digest in (TOWN, BOB)] == [None, None]
    assert table.among([ann, bob, mail, town]) == {}


def test_what_is_drawn_at_once_is_written_as_a_whole(table: PseudonymTable) -> None:
    with table.at_once():
        ann = table.made(ANN)
        with table.at_once():
            assert table.made(BOB)

    def interrupted() -> None:
        with table.at_once():
            table.made(b"cid")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (table.of(ANN), table.of(b"cid")) == (ann, None)
    assert table.made(b"cid")


DRAW = (
    "import sys; from kgrec.privacy.pseudonym_table import PseudonymTable; table = PseudonymTable.at(sys.argv[1]);"
    "print(*(table.made(b'%d' % n) for n in range(40)), table.id(make=True))"
)


def test_threads_and_processes_draw_the_same(table: PseudonymTable) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", DRAW, str(table.path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    with ThreadPoolExecutor(4) as threads:
        here = [list(threads.map(lambda n: table.made(b"%d" % n), range(40))) for _ in range(2)]
    there = [process.communicate()[0].split() for process in running]
    assert [*here[0], table.id(make=True)] == [*here[1], table.id()] == there[0] == there[1]


def test_a_second_one_in_the_process_undoes_no_lock(table: PseudonymTable, tmp_path: Path) -> None:
    """POSIX drops all locks that a process has on a file when it closes any descriptor of it."""
    table.made(BOB)
    with table.at_once():
        ann = table.made(ANN)
        other = PseudonymTable.at(tmp_path / "." / "table")
        assert other is table
        with subprocess.Popen(
            [sys.executable, "-c", DRAW, str(table.path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as there:
            with pytest.raises(subprocess.TimeoutExpired):
                there.communicate(timeout=1.5)
            table.made(b"1")
            there.kill()
    assert table.of(ANN) == ann


def test_a_child_that_was_forked_connects_anew(table: PseudonymTable) -> None:
    ann = table.made(ANN)
    before = table._connection()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writing, "w") as out:
            out.write(f"{table.of(ANN)} {table.made(BOB)} {table._connection() is before}")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.read().split() == [ann, str(table.of(BOB)), "False"]
    os.waitpid(child, 0)
    assert table._connection() is before


@pytest.mark.parametrize("content", [b"not a database" * 99, None])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "table"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"table of pseudonyms cannot be used\.\n  where     .*table\n  found     "):
        PseudonymTable.at(path).made(ANN)
    assert path.is_dir() or path.read_bytes() == content
