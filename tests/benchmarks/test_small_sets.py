"""`make bench` measures what is there, says what is missing, and measures something in any case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from kgrec.data.records import Table
from kgrec_benchmarks import small_sets
from kgrec_benchmarks.folder_dataset import PublishedSet, split_of
from kgrec_benchmarks.small_sets import measure, write_movielens

Calls = list[list[str]]


def tables() -> list[Table]:
    """Two users who rated ten and five films, as the loader reads them: all text."""
    rated = [("1", str(n), str(881250900 + n)) for n in range(10)] + [("2", str(n), str(881250000)) for n in range(5)]
    user, item, time = (list(column) for column in zip(*rated, strict=True))
    facts = {
        "head_type": ["Movie"],
        "head": ["3"],
        "relation": ["film.genre"],
        "tail_type": ["Entity"],
        "tail": ["m.0x"],
    }
    columns = {
        "ratings": {"user_id": user, "item_id": item, "rating": ["4"] * len(rated), "timestamp": time},
        "films": {"item_id": [str(n) for n in range(10)], "movie_title": [f"Film {n}" for n in range(10)]},
        "freebase_facts": facts,
    }
    return [Table(name, [pa.RecordBatch.from_pydict(of)], name) for name, of in columns.items()]


def measured(tmp_path: Path, code: int = 0) -> tuple[int, Calls, list[str]]:
    calls: Calls = []
    said: list[str] = []

    def run(arguments: Sequence[str]) -> int:
        calls.append(list(arguments))
        return code

    found = measure(tmp_path / "data", tmp_path / "results", tmp_path / "build", 2, run, said.append)
    return found, calls, said


def test_what_is_there_is_measured_and_what_is_missing_is_said(tmp_path: Path) -> None:
    for name in ("dbbook2014", "ml100k_text"):
        (tmp_path / "data" / name).mkdir(parents=True)
    code, calls, said = measured(tmp_path)
    assert code == 0
    assert said == [f"not measured, because it is not in {tmp_path / 'data'}: lastfm_lightkg"]
    assert calls == [
        ["benchmark", str(tmp_path / f"data/{name}"), "--seeds", "2", "--out", str(tmp_path / f"results/{name}.json")]
        for name in ("ml100k_text", "dbbook2014")
    ]
    code, calls, _ = measured(tmp_path, code=4)
    assert (code, len(calls)) == (4, 1)


def test_without_any_set_one_that_can_be_fetched_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_sets, "write_movielens", lambda folder: write_movielens(folder, tables()))
    code, ((command, folder, *_, out),), said = measured(tmp_path)
    assert (code, command, out) == (0, "benchmark", str(tmp_path / "build/ml100k_fetched.json"))
    assert said[0].endswith("ml100k_text, lastfm_lightkg, dbbook2014")
    assert said[1].startswith("measured instead: MovieLens 100k, fetched and cut by time")
    read = PublishedSet.read(folder)
    split = split_of(read.parts, 0)
    assert (len(split.train.joined(split.valid)), len(split.test)) == (12, 3)
    assert set(split.test.item[split.test.user == 0].tolist()) == {8, 9}  # the latest of the first user
    assert split.train.in_unix_seconds
    assert read.dataset.names[3] == "Film 3"
    assert [
        (read.dataset.nodes[head], read.dataset.nodes[tail])
        for head, tail in zip(read.dataset.facts.head, read.dataset.facts.tail, strict=True)
    ] == [("Item:3", "Entity:m.0x")]
