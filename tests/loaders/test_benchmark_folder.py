"""Benchmark folders: a tiny one with known answers, its variants, its mistakes, and the published ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from kgrec.errors import SourceError
from kgrec_loaders.benchmark import BenchmarkLoader
from kgrec_loaders.benchmark_folder import BenchmarkFolder
from tests.support import SHARED

Columns = dict[str, list[Any]]

TINY: dict[str, Columns] = {
    "interactions_train": {"user": [0, 0, 1], "item": [0, 1, 1], "rating": [5, 3, 4], "timestamp": [10, 20, 30]},
    "interactions_test": {"user": [0, 1], "item": [2, 0], "rating": [1, 2], "timestamp": [40, 50]},
    "kg": {"head": [0, 1, 0, 2, 0], "relation": [0, 0, 1, 7, 0], "tail": [10, 10, 11, 1, 10]},
    "items": {
        "item": [0, 1],
        "title": ["Heat", "Ronin"],
        "genres": ["Crime|Drama", "Crime|Drama"],
        "imdb": ["tt0113277", "tt0122690"],
        "uri": ["http://x/Heat", "http://x/Ronin"],
        "plot": ["A detective hunts a thief.", None],
    },
    "entities": {"entity": [0, 10, 11, 12], "name": ["Heat (film)", "Robert De Niro", "Mann", "Nobody"]},
    "relations": {"relation": [0, 1], "name": ["actor", "director"]},
    "users": {"user": [0], "age": ["25-34"]},
}


def write(folder: Path, tables: dict[str, Columns], form: str = "parquet") -> Path:
    folder.mkdir(exist_ok=True)
    for name, columns in tables.items():
        table = pa.table(columns)
        if form == "parquet":
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        else:
            pa_csv.write_csv(table, folder / f"{name}.csv")
    return folder


def facts_of(folder: BenchmarkFolder) -> list[tuple[str, ...]]:
    return [(f"{r['head_type']} {r['head']}", r["relation"], f"{r['tail_type']} {r['tail']}") for r in facts(folder)]


def facts(folder: BenchmarkFolder) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = folder.facts.to_pylist()
    return rows


def changed(**tables: Columns | None) -> dict[str, Columns]:
    return {name: columns for name, columns in {**TINY, **tables}.items() if columns is not None}


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_tiny(tmp_path: Path, form: str) -> None:
    folder = BenchmarkFolder.read(write(tmp_path / "tiny", TINY, form))
    assert repr(folder) == "BenchmarkFolder(tiny: 2 users, 3 items, 3 train + 2 test interactions, 4 facts)"
    assert (folder.valid, folder.all, folder.labels, folder.left_out, folder.overlap()) == (None, None, False, (), 0)
    assert folder.train is not None
    assert folder.train.to_pylist()[0] == {"user": "0", "item": "0", "time": 10.0, "weight": 5.0, "kind": "interaction"}
    assert facts_of(folder) == [
        ("Item 0", "actor", "Entity 10"),
        ("Item 1", "actor", "Entity 10"),
        ("Item 0", "director", "Entity 11"),
        ("Item 2", "relation_7", "Item 1"),
    ]
    assert folder.repeated_facts == 1
    assert folder.items.to_pylist() == [
        {"item": "0", "name": "Heat", "text": "Crime, Drama\nA detective hunts a thief."},
        {"item": "1", "name": "Ronin", "text": "Crime, Drama"},
        {"item": "2", "name": None, "text": None},
    ]
    assert folder.entities.to_pylist() == [
        {"entity": "10", "name": "Robert De Niro"},
        {"entity": "11", "name": "Mann"},
        {"entity": "12", "name": "Nobody"},
    ]
    assert folder.users.to_pylist() == [
        {"user": "0", "text": "25-34", "age": "25-34"},
        {"user": "1", "text": None, "age": None},
    ]


def test_items_that_name_their_entity(tmp_path: Path) -> None:
    items: Columns = {"item": [0, 1, 2], "entity": [10, 11, 11]}
    folder = BenchmarkFolder.read(write(tmp_path, changed(items=items)))
    assert facts_of(folder) == [
        ("Entity 0", "actor", "Item 0"),
        ("Entity 1", "actor", "Item 0"),
        ("Entity 0", "director", "Item 1"),
        ("Entity 0", "director", "Item 2"),
        ("Entity 2", "relation_7", "Entity 1"),
    ]
    assert folder.items["name"].to_pylist() == ["Robert De Niro", "Mann", "Mann"]
    assert folder.entities["entity"].to_pylist() == ["0", "12", "1", "2"]


def test_validation_behaviours_and_contexts(tmp_path: Path) -> None:
    train: Columns = {"user": [0, 0], "item": [0, 0], "behaviour": [0, 9], "hour": [7, 8]}
    one: Columns = {"user": [0], "item": [0]}  # who viewed an item may buy it
    behaviours: Columns = {"behaviour": [0, 1], "name": ["view", "buy"]}
    tables = changed(interactions_train=train, interactions_valid=one, interactions_test=one, behaviours=behaviours)
    folder = BenchmarkFolder.read(write(tmp_path, tables))
    assert list(folder.splits()) == ["train", "valid", "test"]
    assert folder.overlap() == 1  # what both are to find
    apart = changed(interactions_train=train, interactions_test=one, behaviours=behaviours)
    assert BenchmarkFolder.read(write(tmp_path / "apart", apart)).overlap() == 0
    rows = {t.name: [r for b in t.batches for r in b.to_pylist()] for t in BenchmarkLoader(str(tmp_path)).tables()}
    assert list(rows) == ["interactions", "users", "items", "entities", "facts"]
    assert [(r["split"], r["kind"], r["time"], r["weight"], r["context_hour"]) for r in rows["interactions"]] == [
        ("train", "view", None, 1.0, 7),
        ("train", "9", None, 1.0, 8),
        ("valid", "buy", None, 1.0, None),  # the last behaviour is the goal
        ("test", "buy", None, 1.0, None),
    ]


def test_click_labels(tmp_path: Path) -> None:
    pairs: Columns = {"user": [0, 0, 1], "item": [0, 1, 1], "rating": [1, 0, 1]}
    folder = BenchmarkFolder.read(write(tmp_path, {"interactions_all": pairs}))
    assert folder.labels
    assert folder.all is not None
    assert folder.all.select(["label", "weight"]).to_pylist() == [
        {"label": 1, "weight": 1.0},
        {"label": 0, "weight": 1.0},
        {"label": 1, "weight": 1.0},
    ]
    tables = {t.name: t for t in BenchmarkLoader(str(tmp_path)).tables()}
    assert {name: t.rows for name, t in tables.items()} == {
        "interactions": 2,
        "users": 2,
        "items": 2,
        "entities": 0,
        "facts": 0,
        "labels": 3,
    }
    assert [b.schema.names for b in tables["facts"].batches] == [["head_type", "head", "relation", "tail_type", "tail"]]


def test_ratings_of_one_only_are_no_labels(tmp_path: Path) -> None:
    folder = BenchmarkFolder.read(write(tmp_path, {"interactions_all": {"user": [0], "item": [0], "rating": [1]}}))
    assert not folder.labels


def test_a_split_is_preferred_to_all(tmp_path: Path) -> None:
    folder = BenchmarkFolder.read(write(tmp_path, changed(interactions_all={"user": [9], "item": [9]})))
    assert list(folder.splits()) == ["train", "test"]


def test_other_graphs_are_used_only_without_kg_and_when_they_say_more_than_interactions(tmp_path: Path) -> None:
    bought: Columns = {"head": [0, 1], "relation": [0, 0], "tail": [1, 0]}
    web: Columns = {"head": [0], "relation": [0], "tail": [20]}
    more: dict[str, Columns] = {
        "kg_web": web,
        "kg_bought_together": bought,
        "relations_web": {"relation": [0], "name": ["linked"]},
        "entities_web": {"entity": [20], "name": ["Page"]},
    }
    folder = BenchmarkFolder.read(write(tmp_path / "a", changed(kg=None, **more)))
    assert facts_of(folder) == [("Item 0", "linked", "Entity 20")]
    assert folder.left_out == ("kg_bought_together",)
    assert folder.entities.to_pylist() == [{"entity": "20", "name": "Page"}]
    assert len(BenchmarkFolder.read(write(tmp_path / "b", changed(**more))).facts) == 4


def message(tmp_path: Path, tables: dict[str, Columns]) -> str:
    with pytest.raises(SourceError) as caught:
        BenchmarkFolder.read(write(tmp_path, tables))
    return str(caught.value)


def test_missing_pieces(tmp_path: Path) -> None:
    assert message(tmp_path, changed(interactions_test=None)) == (
        f"SourceError: the folder is not a benchmark data set.\n  where     {tmp_path}\n"
        "  found     entities, interactions_train, items, kg, relations, users\n"
        "  expected  interactions_train and interactions_test, or interactions_all (.parquet, .csv, .tsv or .jsonl)\n"
        "  next      name the tables like this, or import the data with a graph schema of its own"
    )


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (
            changed(kg={"head": [0], "tail": [1]}),
            "SourceError: the table has no column 'relation'.\n  where     benchmark:{path}/kg.parquet\n"
            "  found     head, tail\n  expected  relation\n  next      rename the column that holds it",
        ),
        (
            changed(interactions_test={"user": [1, None, None], "item": [0, 0, 0]}),
            "SourceError: column 'user' has empty cells.\n"
            "  where     benchmark:{path}/interactions_test.parquet, row 2\n"
            "  found     2 of 3 rows without user\n  expected  a value of 'user' in every row\n"
            "  next      remove these rows",
        ),
        (
            changed(interactions_test={"user": [1], "item": [0], "rating": ["good"]}),
            "SourceError: column 'rating' holds something that is no number.\n"
            "  where     benchmark:{path}/interactions_test.parquet\n"
            "  found     \"Failed to parse string: 'good' as a scalar of type double\"\n"
            "  expected  numbers; a time in unix seconds or as a position\n  next      convert the column",
        ),
        (
            changed(items={"item": [1, 1], "name": ["a", "b"]}),
            "SourceError: column 'item' repeats an id.\n  where     benchmark:{path}/items.parquet\n"
            "  found     '1' in 2 rows\n  expected  one row per id\n  next      remove the repeated rows",
        ),
    ],
)
def test_messages(tmp_path: Path, tables: dict[str, Columns], expected: str) -> None:
    assert message(tmp_path, tables) == expected.format(path=tmp_path)


def test_ids_stored_as_fractions(tmp_path: Path) -> None:
    folder = BenchmarkFolder.read(write(tmp_path, {"interactions_all": {"user": [1.0], "item": [7.0]}}))
    assert folder.all is not None
    assert folder.all.select(["user", "item"]).to_pylist() == [{"user": "1", "item": "7"}]
    assert message(tmp_path, {"interactions_all": {"user": [1.5], "item": [7.0]}}).startswith(
        "SourceError: column 'user' holds an id that is not exact."
    )


def lengths(folder: BenchmarkFolder) -> tuple[int, ...]:
    return tuple(len(table) for table in folder.splits().values())


# users, items of the catalogue, interactions by split, different facts, repeats
PUBLISHED: dict[str, tuple[int, int, tuple[int, ...], int, int]] = {
    "ml1m_pearlm": (6_040, 2_983, (556_989, 190_063, 185_241), 193_089, 12_432),
    "ml100k_text": (943, 1_682, (79_981, 19_994), 12_344, 0),
    "dbbook2014": (5_576, 2_680, (50_745, 15_216), 134_223, 0),
    "lastfm_lightkg": (1_872, 3_846, (17_350, 1_907, 1_916), 15_518, 0),
    "lastfm_kgcn": (1_872, 3_846, (42_346,), 15_518, 0),
    "bookcrossing_mcclk": (17_860, 14_967, (139_746,), 151_500, 0),
    "ml1m_mkr": (6_036, 2_347, (301_509, 75_377), 20_195, 0),
    "kgat_amazonbook": (70_679, 24_915, (652_514, 193_920), 302_200, 0),
    "colakg_lastfm": (1_859, 2_813, (57_786, 13_508), 34_948, 0),
    "retailrocket_mb": (2_174, 30_113, (75_374 + 12_456 + 9_551, 2_174), 0, 0),
    "beauty_s3rec": (22_363, 12_101, (153_776, 22_363, 22_363), 45_032, 5),
}


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not there")
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sets(name: str) -> None:
    folder = BenchmarkFolder.read(SHARED / name)
    counts = (len(folder.users), len(folder.items), lengths(folder), len(folder.facts), folder.repeated_facts)
    assert counts == PUBLISHED[name]
    assert folder.overlap() == 0
    assert folder.labels == (folder.all is not None)
    ends = {"Item": set(folder.items["item"].to_pylist()), "Entity": set(folder.entities["entity"].to_pylist())}
    assert not ends["Entity"] or len(ends["Entity"]) == len(folder.entities)
    checks: list[Callable[[dict[str, str]], bool]] = [
        lambda r: r["head"] in ends[r["head_type"]],
        lambda r: r["tail"] in ends[r["tail_type"]],
    ]
    assert all(check(row) for check in checks for row in folder.facts.slice(0, 20_000).to_pylist())
