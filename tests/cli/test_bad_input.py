"""Everything people get wrong, as they see it: the whole message, the exit code, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from kgrec.graph import open_store
from kgrec.testing.sample_graph import hostile_strings
from tests.support.bundles import film_bundle
from tests.support.shop import FILES, IMPORT, Shell, refused


def test_an_unknown_user(shell: Shell) -> None:
    shell.learned()
    message = (
        "UnknownUserError: there is no such user.\n"
        "  found     'anne'\n"
        "  expected  a User of kglite:kgrec.kgl\n"
        "  next      did you mean 'ann'?\n"
    )
    refused(shell, 5, message, "recommend", "--user", "anne")
    refused(shell, 5, message, "explain", "--user", "anne", "--item", "alien")


def test_an_unknown_item(shell: Shell) -> None:
    shell.learned()
    message = (
        "UnknownItemError: there is no such item in the bundle.\n"
        "  found     'alein'\n"
        "  expected  one of 7 item ids\n"
        "  next      did you mean 'alien', 'aliens'?\n"
    )
    refused(shell, 5, message, "explain", "--user", "ann", "--item", "alein")
    refused(shell, 5, message, "recommend", "--history", "blade", "--history", "alein")
    refused(
        shell, 5, message, "recommend", "--user", "ann", "--allow", "alein", "--where", "year>1", "--where", "year<9"
    )


HOLD = "import sys; from kgrec.graph import open_store; s = open_store(sys.argv[1]); print('held'); sys.stdin.read()"


def test_a_store_that_another_process_holds(shell: Shell) -> None:
    shell.write()
    shell.learned()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, "kglite:kgrec.kgl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        message = (
            "StoreUnavailableError: the graph is held for writing.\n"
            "  where     kglite:kgrec.kgl\n"
            f"  found     held by another process (pid {child.pid})\n"
            "  expected  one writer at a time\n"
            "  next      wait until it ends or close it there, or open the graph read-only\n"
        )
        refused(shell, 4, message, "ingest", *IMPORT, "--quiet")
        reading = shell("recommend", "--user", "ann", "--json")
        child.communicate()
    assert reading.code == 0  # who only reads is not kept out
    assert shell("inspect", "--json").json["nodes"]["Film"] == 7


def test_a_store_that_is_not_there(shell: Shell) -> None:
    message = (
        "StoreUnavailableError: there is no graph to read.\n"
        "  where     kglite:films.kgl\n"
        "  found     no such file\n"
        "  next      run `kgrec ingest` first\n"
    )
    refused(shell, 4, message, "inspect", "--store", "kglite:films.kgl")
    refused(shell, 4, message, "train", "--store", "kglite:films.kgl", "--quiet")
    assert list(shell.folder.iterdir()) == []


def test_a_bundle_of_another_graph(shell: Shell) -> None:
    shell.write()
    shell.learned()
    other = shell("ingest", *IMPORT, "--quiet", "--store", "kglite:other.kgl")
    assert other.code == 0
    graphs = [
        shell("inspect", "--json", "--store", f"kglite:{name}.kgl").json["graph_id"] for name in ("other", "kgrec")
    ]
    message = (
        "SchemaMismatchError: the bundle was learned from another graph than the store holds.\n"
        "  where     kglite:other.kgl\n"
        f"  found     graph {graphs[0]}\n"
        f"  expected  graph {graphs[1]}\n"
        "  next      open the store that the bundle was trained on, or train a bundle on this one\n"
    )
    refused(shell, 4, message, "recommend", "--user", "ann", "--store", "kglite:other.kgl")
    refused(shell, 4, message, "explain", "--user", "ann", "--item", "alien", "--store", "kglite:other.kgl")


def test_a_damaged_bundle(shell: Shell) -> None:
    shell.learned()
    path = shell.folder / "kgrec.bundle" / "arrays.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    said = shell("recommend", "--user", "ann")
    assert said.code == 3
    lines = said.err.splitlines()
    assert lines[0] == "BundleError: the bundle is damaged."
    assert lines[1] == "  where     kgrec.bundle/arrays.safetensors"
    assert lines[3].endswith(" (sha256, from manifest.json)")
    assert lines[4:] == ["  next      train again, or copy the whole folder again"]
    path.unlink()
    message = (
        "BundleError: the bundle is damaged.\n"
        "  where     kgrec.bundle/arrays.safetensors\n"
        "  found     no such file\n"
        f"{lines[3]}\n"
        "  next      train again, or copy the whole folder again\n"
    )
    refused(shell, 3, message, "recommend", "--user", "ann")
    path.write_bytes(whole)
    assert shell("recommend", "--user", "ann").code == 0


def test_no_bundle(shell: Shell) -> None:
    message = (
        "BundleError: there is no bundle here.\n"
        "  where     films.bundle\n"
        "  found     no such folder\n"
        "  expected  a folder that `kgrec train --out` wrote\n"
        "  next      check the path, or run `kgrec train`\n"
    )
    refused(shell, 3, message, "recommend", "--user", "ann", "--bundle", "films.bundle")


def test_training_never_replaces_what_is_no_bundle(shell: Shell) -> None:
    shell.write()
    message = (
        "ConfigError: the result cannot be written here.\n"
        "  where     --out data\n"
        "  found     a folder that holds something else than a bundle\n"
        "  expected  a new path, an empty folder or an earlier bundle\n"
        "  next      name another path with --out\n"
    )
    refused(shell, 2, message, "train", "--out", "data")
    assert sorted(path.name for path in (shell.folder / "data").iterdir()) == sorted(FILES)
    benchmark = message.replace("a folder that holds something else than a bundle", "a folder")
    benchmark = benchmark.replace("a new path, an empty folder or an earlier bundle", "the path of a file")
    refused(shell, 2, benchmark, "benchmark", "data", "--out", "data")
    os.mkfifo("pipe")
    found = "a device or pipe, whose place the file would take"
    pipe = benchmark.replace("--out data", "--out pipe").replace("found     a folder\n", f"found     {found}\n")
    refused(shell, 2, pipe, "benchmark", "data", "--out", "pipe")


def test_nan_in_training(shell: Shell) -> None:
    """The bundle that was there before stays as it was."""
    pytest.importorskip("torch")
    films = [f"film{n}" for n in range(8)]
    seen = [(user, film) for user in range(24) for film in range(8) if (user + film) % 2 or film == user % 8]
    shell.write(
        users="user\n" + "".join(f"u{user}\n" for user in range(24)),
        films="film,title,year\n" + "".join(f"{film},{film},1990\n" for film in films),
        ratings="user,film,time\n" + "".join(f"u{user},{films[film]},{film + 1}\n" for user, film in seen),
    )
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    film_bundle().save("kgrec.bundle")
    before = {path.name: path.read_bytes() for path in Path("kgrec.bundle").iterdir()}
    small = ("text_encoder=none", "num_layers=0", "embedding_dim=4", "epochs=2", "batch_size=4", "learning_rate=1e30")
    said = shell("train", "--quiet", *[part for text in small for part in ("--set", text)])
    assert (said.code, said.out) == (3, "")
    assert said.err == (
        "TrainingDivergedError: the loss is not finite.\n"
        "  where     epoch 1, after 4 of 24 users\n"
        "  found     behaviour nan, kg 0, text 0\n"
        "  expected  finite numbers\n"
        "  next      lower learning_rate (now 1e+30) and train again\n"
    )
    assert {path.name: path.read_bytes() for path in Path("kgrec.bundle").iterdir()} == before


HOSTILE = [
    text
    for text in hostile_strings()
    if text == unicodedata.normalize("NFC", text.strip()) and text and "\r" not in text and len(text) <= 2_000
]


def test_hostile_ids_are_only_ids(shell: Shell) -> None:
    """Seven films and three users at a time, called what has broken databases: imported, recommended and explained."""
    ids = [*HOSTILE, *(f"id {n} `'\"{{}}]) //" for n in range(-len(HOSTILE) % 7))]
    for start in range(0, len(ids), 7):
        films = ids[start : start + 7]
        shutil.rmtree(shell.folder / "kgrec.bundle", ignore_errors=True)
        store = f"kglite:{start}.kgl"
        shell.write(
            users="user\n" + "".join(f"{quoted(user)}\n" for user in films[:3]),
            films="film,title,year\n" + "".join(f"{quoted(film)},{quoted(film)},1990\n" for film in films),
            ratings="user,film,time\n"
            + "".join(f"{quoted(films[0])},{quoted(film)},1\n" for film in (films[0], films[2])),
        )
        said = shell("ingest", *IMPORT, "--quiet", "--store", store, "--json")
        assert said.json["counts"] == {"nodes": {"User": 3, "Film": 7}, "edges": {}, "interactions": {"WATCHED": 2}}
        with open_store(store) as graph:
            film_bundle(graph.schema, graph.graph_id, tuple(films), tuple(films[:3])).save("kgrec.bundle")
        whom = f"--user={films[0]}"
        listed = shell("recommend", whom, "--store", store, "--json")
        assert [one["item"] for one in listed.json["recommendations"]] == [films[n] for n in (1, 3, 5, 4, 6)]
        explained = shell("explain", whom, f"--item={films[1]}", "--store", store, "--json")
        assert explained.json["item"] == films[1]
        assert [part["item"] for part in explained.json["contributions"]] == [films[0], films[0]]
        for shown in (
            shell("recommend", whom, "--store", store),
            shell("explain", whom, f"--item={films[1]}", "--store", store),
        ):
            assert (shown.code, shown.err) == (0, "")
            assert all(sign.isprintable() or sign == "\n" for sign in shown.out)


def quoted(text: str) -> str:
    """A cell of a CSV file."""
    return '"' + text.replace('"', '""') + '"'


def test_an_unknown_id_of_10_000_characters(shell: Shell) -> None:
    shell.learned()
    message = (
        "UnknownItemError: there is no such item in the bundle.\n"
        f"  found     '{'x' * 199}... (10002 characters)\n"
        "  expected  one of 7 item ids\n"
        "  next      an item's id looks like 'star-wars'; train again where it is newer than the bundle\n"
    )
    refused(shell, 5, message, "explain", "--user", "ann", "--item", "x" * 10_000)


def test_the_console_script_fails_without_a_traceback(shell: Shell) -> None:
    """The same through a real process, where nothing of the test stands between kgrec and its streams."""
    program = "import sys; from kgrec.cli.app import main; sys.argv[0] = 'kgrec'; main()"
    command = [sys.executable, "-c", program, "explain", "--user", "a\x1b[31m", "--item", "é", "--bundle", "no\x1bne"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=shell.folder, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "BundleError: there is no bundle here.\n"
        "  where     no\\x1bne\n"
        "  found     no such folder\n"
        "  expected  a folder that `kgrec train --out` wrote\n"
        "  next      check the path, or run `kgrec train`\n"
    )
