"""Files that are still written: half a line waits, a renamed file goes on, one that is begun anew is another."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.messages import LONGEST_MESSAGE, TOO_LONG, EventStream
from kgrec.testing.event_stream import EventStreamContract
from kgrec_loaders.folder_stream import FolderStream


class TestFolderStream(EventStreamContract):
    @pytest.fixture
    def address(self, tmp_path: Path) -> str:
        return f"jsonl:{tmp_path}"

    @pytest.fixture
    def away(self, tmp_path: Path) -> str:
        return f"jsonl:{tmp_path / 'nowhere'}"

    @pytest.fixture
    def wrong(self, tmp_path: Path) -> Mapping[str, str]:
        (tmp_path / "one.jsonl").write_text("{}\n")
        return {"jsonl:": "jsonl:", "one.jsonl": f"jsonl:{tmp_path / 'one.jsonl'}", "a\\x00b": "jsonl:a\0b"}

    def send(self, address: str, contents: Sequence[bytes]) -> None:
        with (Path(address.removeprefix("jsonl:")) / "events.jsonl").open("ab") as file:
            file.writelines(content + b"\n" for content in contents)


@pytest.fixture
def stream(tmp_path: Path) -> FolderStream:
    return FolderStream(f"jsonl:{tmp_path}")


def read(stream: EventStream, after: str = "", most: int = 100) -> tuple[list[object], str]:
    """What lines hold, and the offset."""
    batch = stream.read(after, most, 0)
    return [one.report["id"] if one.report else one.fault for one in batch.messages], batch.offset


def append(file: Path, *ids: object) -> None:
    with file.open("a") as opened:
        opened.writelines(json.dumps({"id": id}) + "\n" for id in ids)


def test_half_a_line_waits_for_its_end(stream: FolderStream, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": 1')
    assert read(stream)[0] == []
    file.write_text('{"id": 1}\n{"id": 2}\r\n\n{"id"')
    found, offset = read(stream)
    assert found == [1, 2]
    assert read(stream, offset) == ([], offset)
    file.write_text('{"id": 1}\n{"id": 2}\r\n\n{"id": 3}\n')
    assert read(stream, offset)[0] == [3]


def test_files_are_read_by_name_and_whenever_they_come(stream: FolderStream, tmp_path: Path) -> None:
    append(tmp_path / "b.jsonl", "b1")
    append(tmp_path / "a.jsonl", "a1", "a2")
    append(tmp_path / "notes.txt", "no event")
    (tmp_path / "folder.jsonl").mkdir()
    found, offset = read(stream)
    assert found == ["a1", "a2", "b1"]
    append(tmp_path / "a.jsonl", "a3")
    append(tmp_path / "0.jsonl", "earlier")
    append(tmp_path / "b.jsonl", "b2")
    assert read(stream, offset)[0] == ["earlier", "a3", "b2"]
    assert read(stream, "", 2)[0] == ["earlier", "a1"]


def test_a_file_that_is_put_aside_goes_on_where_it_was(stream: FolderStream, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    append(file, 1, 2)
    _, offset = read(stream)
    append(file, 3)  # not read yet
    file.rename(tmp_path / "events.jsonl.1")
    append(file, 4)
    found, offset = read(stream, offset)
    assert sorted(map(str, found)) == ["3", "4"]
    (tmp_path / "events.jsonl.1").rename(tmp_path / "events.jsonl-20261129")
    (tmp_path / "events.jsonl.gz").write_bytes(b"\n\n")
    found, offset = read(stream, offset)
    assert found == []
    (tmp_path / "events.jsonl-20261129").unlink()
    append(file, 5)
    assert read(stream, offset)[0] == [5]


def test_a_file_that_is_begun_anew_is_another(stream: FolderStream, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    append(file, 1, 2, 3)
    first = stream.read("", 9, 0)
    file.write_text('{"id": 1}\n')  # cut, with the same first line
    second = stream.read(first.offset, 9, 0)
    assert [one.report and one.report["id"] for one in second.messages] == [1]
    assert second.messages[0].place != first.messages[0].place
    file.write_text('{"id": 7}\n{"id": 8}\n{"id": 9}\n')  # longer than what was read
    assert read(stream, second.offset)[0] == [7, 8, 9]


def test_a_file_that_comes_back_is_not_read_twice(stream: FolderStream, tmp_path: Path) -> None:
    file, elsewhere = tmp_path / "events.jsonl", tmp_path / "elsewhere"
    append(file, 1)
    _, offset = read(stream)
    os.rename(file, elsewhere)
    append(tmp_path / "z.jsonl", 2)
    found, offset = read(stream, offset)
    assert found == [2]
    os.rename(elsewhere, file)
    append(file, 3)
    assert read(stream, offset)[0] == [3]


def test_what_is_too_long_is_passed_over_whole(stream: FolderStream, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"id": "' + b"x" * (3 * LONGEST_MESSAGE))
    assert read(stream)[0] == []  # it is written still
    with file.open("ab") as opened:
        opened.write(b'"}\n{"id": 1}\n')
    found, offset = read(stream, most=1)
    assert found == [TOO_LONG]
    assert read(stream, offset)[0] == [1]


def test_the_mark_of_utf8_is_no_content(stream: FolderStream, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"id": 1}\n')
    assert read(stream)[0] == [1]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.binary(max_size=12)), max_size=12), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_whatever_is_written_piece_by_piece_each_line_comes_once(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, bytes]], most: int
) -> None:
    """Any bytes at any moments; the oracle splits what stands there in the end."""
    folder = tmp_path_factory.mktemp("pieces")
    stream, offset, places = FolderStream(f"jsonl:{folder}"), "", list[str]()

    def read_some() -> bool:
        nonlocal offset
        batch = stream.read(offset, most, 0)
        offset = batch.offset
        places.extend(one.place for one in batch.messages)
        return bool(batch.messages)

    for name, piece in pieces:
        with (folder / f"{name}.jsonl").open("ab") as file:
            file.write(piece)
        read_some()
    while read_some():
        pass
    lines = [line for file in folder.iterdir() for line in file.read_bytes().split(b"\n")[:-1] if line.strip()]
    assert len(places) == len(set(places)) == len(lines)
