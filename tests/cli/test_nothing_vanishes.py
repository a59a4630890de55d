"""Inputs as people have them: what is in them gets in, or the command says what does not, and why."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kgrec.extract import open_loader
from kgrec.graph import open_store
from tests.support import ROOT
from tests.support.shop import Said, Shell
from tests.support.things import TAKEN, text_of, write_things

COMMAND = ("--schema", "triples", "--source", "tables:data")
ALL = {"User": 10, "Item": 30, "Entity": 2}


def ingest(shell: Shell, *options: str) -> Said:
    return shell("ingest", *COMMAND, "--quiet", "--json", *options)


def nodes(said: Said) -> dict[str, int]:
    assert said.code == 0, said.err
    assert said.json["counts"]["interactions"] == {"INTERACTED": len(TAKEN)}
    found: dict[str, int] = said.json["counts"]["nodes"]
    return found


def test_in_tsv_a_quote_is_a_letter(shell: Shell) -> None:
    items = text_of("items", "\t").replace("Thing 15", '"Quoth the raven').replace("Thing 24", 'Nevermore"')
    write_things(shell.folder / "data", ".tsv", items=items)
    said = ingest(shell)
    assert nodes(said) == ALL
    assert said.err == ""
    with open_store("kglite:kgrec.kgl", read_only=True) as store:
        assert [(store.node("Item", uid) or {})["name"] for uid in ("15", "24")] == ['"Quoth the raven', 'Nevermore"']


def test_a_cell_that_swallows_rows_is_told(shell: Shell) -> None:
    items = text_of("items").replace("15,Thing 15,", '15,"Quoth the raven,').replace("24,Thing 24,", '24,Nevermore",')
    write_things(shell.folder / "data", items=items)
    said = ingest(shell, "--max-dropped", "1")
    assert said.json["counts"]["nodes"]["Item"] == 21
    assert "a cell in quotes holds 8 lines that look like rows: 'Quoth the raven" in said.err
    assert ingest(shell).json["summary"] == "9 of 30 edges from table 'facts' refer to nodes that do not exist."
    stopped = ingest(shell, "--store", "kglite:new.kgl").json
    assert stopped["summary"] == "9 of 30 edges from table 'facts' refer to nodes that do not exist."
    assert "a cell in quotes holds 8 lines that look like rows" in stopped["found"]


RAGGED = text_of("items").replace("14,Thing 14,", "14,Thing 14").replace("18,Thing 18,", "18,Thing 18,,extra")


def test_a_ragged_row_is_told_with_what_to_do(shell: Shell) -> None:
    write_things(shell.folder / "data", items=RAGGED)
    said = ingest(shell)
    assert said.code == 3
    assert said.err == (
        "RecordError: a row has too few cells.\n"
        "  where     csv:data/items.csv, row 5, table items\n"
        "  found     2 cells: '14,Thing 14'   (1 of 30 rows)\n"
        "  expected  3 cells as in the header, separated by commas\n"
        "  next      write a delimiter for each cell that has nothing in it; a file that was cut short ends like this\n"
    )


def test_ragged_rows_are_left_out_and_listed(shell: Shell) -> None:
    write_things(shell.folder / "data", items=RAGGED)
    said = ingest(shell, "--on-error", "skip", "--max-dropped", "0.2")
    assert said.code == 0
    assert said.json["counts"]["nodes"] == {"User": 10, "Item": 28, "Entity": 2}
    assert [(p["what"], p["row"], p["rows"], p["of"]) for p in said.json["problems"]] == [
        ("a row has too few cells.", 5, 1, 30),
        ("a row has too many cells.", 9, 1, 30),
    ]
    checked = shell("check", *COMMAND, "--json")
    assert checked.code == 3
    assert {c["what"] for c in checked.json["checks"] if c["status"] == "FAIL"} == {
        "rows that do not fit: a row has too few cells.",
        "rows that do not fit: a row has too many cells.",
    }


def test_users_and_entities_come_from_what_names_them_where_no_table_has_them(shell: Shell) -> None:
    write_things(shell.folder / "data", users=None, entities=None)
    said = ingest(shell)
    assert nodes(said) == ALL
    assert said.json["counts"]["edges"] == {"FACT": 30}
    assert said.err == (
        "warning: no table 'users': nodes of type User come from interactions\n"
        "warning: no table 'entities': nodes of type Entity come from facts\n"
    )
    assert shell("check", *COMMAND).code == 0


@pytest.mark.parametrize("names", [("Users", "Items", "Interactions"), ("USERS", "items ", "InterActions")])
def test_capitals_do_not_count(shell: Shell, names: tuple[str, ...]) -> None:
    folder = write_things(shell.folder / "data", users=text_of("users").replace("user", "User"))
    for name, other in zip(("users", "items", "interactions"), names, strict=True):
        (folder / f"{name}.csv").rename(folder / f"{other}.csv")
    said = ingest(shell)
    assert nodes(said) == ALL
    assert f"warning: table '{names[0]}' is read as 'users'\n" in said.err
    assert f"warning: csv:data/{names[0]}.csv: column 'User' is read as 'user'\n" in said.err


def test_a_required_table_that_is_missing_fails_before_anything_is_written(shell: Shell) -> None:
    folder = write_things(shell.folder / "data", items=None)
    (folder / "item.csv").write_text(text_of("items"), encoding="utf-8")
    (folder / "Interactions.xlsx").write_bytes(b"PK\x03\x04")
    (folder / "interactions.csv").unlink()
    said = ingest(shell)
    assert said.code == 3
    assert said.err == (
        "SourceError: tables that an import needs are missing.\n"
        "  where     tables:data\n"
        "  found     items of type Item: no table 'items', did you mean 'item'?\n"
        "            interactions of type INTERACTED: no table 'interactions', 'Interactions.xlsx' was passed over\n"
        "            users of type User: no table 'users'\n"
        "  expected  the tables that the schema 'triples' reads\n"
        "  next      name the files like the schema's tables; with --partial another import may bring what is missing\n"
    ).replace("            users of type User: no table 'users'\n", "")
    assert shell("inspect", "--json").json["nodes"] == {}
    checked = shell("check", *COMMAND, "--json")
    assert checked.code == 3
    assert "missing: items of type Item: no table 'items', did you mean 'item'?" in [
        c["what"] for c in checked.json["checks"] if c["status"] == "FAIL"
    ]


def test_a_file_of_another_form_in_the_place_of_any_table_fails(shell: Shell) -> None:
    folder = write_things(shell.folder / "data")
    (folder / "facts.csv").rename(folder / "Facts.txt")
    said = ingest(shell)
    assert said.code == 3
    assert "table 'facts': Facts.txt was passed over" in said.err


def test_parts_of_an_import_may_come_one_after_the_other(shell: Shell) -> None:
    folder = write_things(shell.folder / "data", interactions=None)
    assert ingest(shell).code == 3
    assert ingest(shell, "--partial").code == 0
    for path in folder.iterdir():
        path.unlink()
    (folder / "interactions.csv").write_text(text_of("interactions"), encoding="utf-8")
    assert nodes(ingest(shell)) == ALL  # what the graph holds is not missing


def test_an_index_column_without_a_name_is_passed_over(shell: Shell) -> None:
    lines = text_of("interactions").splitlines()
    indexed = "".join(f"{'' if place == 0 else place - 1},{line}\n" for place, line in enumerate(lines))
    write_things(shell.folder / "data", interactions=indexed)
    said = ingest(shell)
    assert nodes(said) == ALL
    assert said.err == "warning: csv:data/interactions.csv: the column without a name was passed over\n"


def test_a_tilde_is_the_home_folder(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home of mine"
    write_things(home / "my data")
    monkeypatch.setenv("HOME", str(home))
    said = shell(
        "ingest",
        "--schema",
        "triples",
        "--source",
        "tables:~/my data",
        "--store",
        "kglite:~/g.kgl",
        "--quiet",
        "--json",
    )
    assert nodes(said) == ALL
    assert (home / "g.kgl").is_file()
    assert not (shell.folder / "~").exists()
    assert shell("inspect", "--store", "kglite:~/g.kgl", "--json").json["nodes"] == ALL
    with sqlite3.connect(home / "a.db") as database:
        database.execute("CREATE TABLE t AS SELECT 1 AS id")
    (table,) = open_loader("sql:sqlite:///~/a.db#t=SELECT id FROM t").tables()
    assert [batch.to_pylist() for batch in table.batches] == [[{"id": 1}]]


def test_interactions_that_all_refer_to_nothing_end_with_a_code_of_their_own(shell: Shell) -> None:
    facts = text_of("facts").replace("Item,1", "Item,X").replace("Item,2", "Item,X").replace("Item,3", "Item,X")
    write_things(shell.folder / "data", interactions=text_of("interactions").replace(",buy", "x,buy"))
    said = ingest(shell)
    assert said.code == 6
    assert said.json["error"] == "NothingLeftError"
    assert said.json["summary"] == "40 of 40 interactions from table 'interactions' refer to nodes that do not exist."
    assert said.json["found"].startswith(f"no Item '{TAKEN[0][1]}x', no Item")
    assert "kglite:kgrec.kgl holds 10 User, 30 Item, 2 Entity, 30 FACT, 0 INTERACTED" in said.json["found"]
    again = ingest(shell)  # the same sources go on where they stopped, and stop there again
    assert (again.code, again.json["summary"]) == (6, said.json["summary"])
    told = ingest(shell, "--max-dropped", "1")
    assert told.code == 6
    assert told.json["nothing_left"] == ["interactions from table 'interactions'"]
    write_things(shell.folder / "data", facts=facts)
    assert ingest(shell).code == 6


def test_ids_that_are_nearly_the_same_are_named(shell: Shell) -> None:
    write_things(shell.folder / "data", interactions=text_of("interactions").replace(",buy", ".0,buy"))
    said = ingest(shell)
    assert said.code == 6
    first = TAKEN[0][1]
    assert said.json["found"].startswith(f"no Item '{first}.0', no Item")
    assert f"\nof Item, '{first}' exists\n" in said.json["found"]


def test_ids_that_are_nearly_the_same_are_named_where_an_import_goes_on(shell: Shell) -> None:
    first = TAKEN[0][1]
    write_things(
        shell.folder / "data", interactions=text_of("interactions").replace(f",{first},buy", f",{first}.0,buy", 1)
    )
    said = ingest(shell)
    assert said.code == 0
    assert f"no Item '{first}.0'; of Item, '{first}' exists" in said.json["warnings"]


def test_more_than_a_share_that_refers_to_nothing_fails(shell: Shell) -> None:
    rows = text_of("interactions").splitlines()
    bad = "\n".join(row.replace(",buy", "x,buy") if place % 8 == 1 else row for place, row in enumerate(rows))
    write_things(shell.folder / "data", interactions=bad + "\n")
    said = ingest(shell)
    assert (said.code, said.json["error"]) == (3, "DroppedRowsError")
    assert said.json["summary"].startswith("5 of 40 interactions")
    checked = shell("check", *COMMAND, "--json")
    assert checked.code == 3
    fine = ingest(shell, "--max-dropped", "0.2")
    assert fine.code == 0
    assert fine.json["counts"]["interactions"] == {"INTERACTED": 35}


def test_rows_that_all_do_not_fit_end_with_a_code_of_their_own(shell: Shell) -> None:
    write_things(shell.folder / "data", interactions=text_of("interactions").replace(",17", ",soon"))
    said = ingest(shell, "--on-error", "skip")
    assert (said.code, said.json["error"]) == (6, "NothingLeftError")
    told = ingest(shell, "--on-error", "skip", "--max-dropped", "1")
    assert told.code == 6
    assert told.json["nothing_left"] == ["interaction type INTERACTED"]
    assert shell("check", *COMMAND).code == 3


def test_tables_without_rows_are_no_graph(shell: Shell) -> None:
    write_things(shell.folder / "data", interactions="user,item,kind,time,weight\n")
    said = ingest(shell)
    assert said.code == 3
    assert said.json["summary"] == "the graph has no interactions after the import."
    assert ingest(shell, "--partial").code == 0


def test_a_graph_that_a_filter_left_empty_says_so(shell: Shell) -> None:
    write_things(shell.folder / "data")
    text = (ROOT / "graph_schemas/triples.yaml").read_text(encoding="utf-8")
    text = text.replace("- table: interactions\n", "- table: interactions\n        where: {kind: [nope]}\n")
    (shell.folder / "own.yaml").write_text(text, encoding="utf-8")
    said = shell("ingest", "--schema", "own.yaml", "--source", "tables:data", "--quiet", "--json")
    assert (said.code, said.json["summary"]) == (3, "the graph has no interactions after the import.")
    assert "no row has 'nope' in column 'kind', as `where` says" in said.json["found"]
