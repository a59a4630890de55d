"""RecBole's atomic files: typed headers, lists, facts with the ids of items, a schema that reads a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kgrec
from kgrec.errors import SourceError
from kgrec.schema.load import load_schema
from kgrec_loaders.recbole import RecBoleLoader
from kgrec_loaders.tables import TablesLoader
from tests.support.recbole import write_recbole


def tables_of(location: Path) -> dict[str, list[dict[str, Any]]]:
    tables = RecBoleLoader(str(location)).tables()
    return {table.name: [row for batch in table.batches for row in batch.to_pylist()] for table in tables}


def test_every_type_of_a_header(tmp_path: Path) -> None:
    tables = tables_of(write_recbole(tmp_path))
    assert list(tables) == ["inter", "item", "kg", "link", "facts"]
    assert tables["item"][1] == {
        "item_id": "01",
        "title": 'Thing "1"',
        "class": ["blue", "shiny"],
        "sizes": [1.5, 2.0],
        "name": 'Thing "1"',
    }
    assert tables["inter"][0] == {"user_id": "0", "item_id": "00", "rating": 3.0, "timestamp": 1_700_000_000.0}


def test_facts_have_the_ids_of_items(tmp_path: Path) -> None:
    write_recbole(tmp_path)
    with (tmp_path / "toy.link").open("a") as file:
        file.write("09\tm.1\n")
    facts = [tuple(row.values()) for row in tables_of(tmp_path)["facts"]]
    assert facts[:3] == [
        ("Item", "00", "r.colour", "Entity", "m.red"),
        ("Item", "01", "r.colour", "Entity", "m.blue"),
        ("Item", "09", "r.colour", "Entity", "m.blue"),
    ]
    assert facts[-1] == ("Entity", "m.red", "r.like", "Item", "00")


def test_empty_cells_and_missing_columns_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.inter").write_text("user_id:token\titem_id:token\n1\t\n")
    (tmp_path / "a.item").write_text("item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\t\t\n2\tHeat 2\ta\n")
    tables = tables_of(tmp_path)
    assert tables["inter"] == [{"user_id": "1", "item_id": None, "rating": None, "timestamp": None}]
    assert [row["name"] for row in tables["item"]] == [None, "Heat 2"]
    assert [row["class"] for row in tables["item"]] == [None, ["a"]]


def test_parts_of_the_interactions_are_one_table(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        (tmp_path / f"a.{part}.inter").write_text(f"user_id:token\titem_id:token\n{part}\t1\n")
    assert [row["user_id"] for row in tables_of(tmp_path)["inter"]] == ["train", "valid"]


def test_files_of_two_data_sets_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.inter").write_text("user_id:token\titem_id:token\n1\t1\n")
    with pytest.raises(SourceError, match=r"the files are of several data sets.\n(.*\n)  found     a, b"):
        tables_of(tmp_path)


def test_a_folder_is_read_by_the_schema_of_this_name(tmp_path: Path) -> None:
    folder = write_recbole(tmp_path / "toy")
    with kgrec.open_store("kglite::memory:") as store:
        counts = kgrec.ingest(load_schema("recbole"), [f"recbole:{folder}"], store).counts
    assert counts.nodes == {"User": 12, "Item": 8, "Entity": 2}
    assert (counts.edges, counts.interactions) == ({"FACT": 9}, {"INTERACTED": 36})


def test_the_loader_of_tables_says_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        list(TablesLoader(str(write_recbole(tmp_path))).tables())
    assert caught.value.next == "they are RecBole's atomic files: read the folder as recbole:FOLDER"


def test_rows_that_cannot_be_read_are_left_out_and_listed(tmp_path: Path) -> None:
    lines = [
        "user_id:token\titem_id:token\trating:float",
        "1\ta\t5",
        "2\tb",
        "3\tc\tfive",
        "4\td\xff\t2",
        "",
        "5\te\t1",
    ]
    (tmp_path / "a.inter").write_bytes("\n".join(lines).encode("latin-1"))
    (table,) = RecBoleLoader(str(tmp_path)).tables()
    with pytest.raises(SourceError, match="row 2"):
        list(table.batches)
    (table,) = RecBoleLoader(str(tmp_path)).tables()
    table.log.collect()
    assert [row["user_id"] for batch in table.batches for row in batch.to_pylist()] == ["1", "5"]
    assert [(bad.row, bad.what) for bad in table.log.bad_rows] == [
        (2, "a row has 2 cells, the header has 3."),
        (3, "column 'rating' must hold numbers."),
        (4, "the text is not UTF-8."),
    ]
