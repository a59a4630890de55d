"""Inputs as people have them, folder by folder: what `kgrec check` and `kgrec ingest` make of each, without training.

Their README says what must happen; what needs a trained bundle is tested where that is done.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kgrec.graph import open_store
from kgrec.graph.store import GraphStore
from kgrec_loaders.rdf import RdfLoader
from tests.support import ROOT
from tests.support.shop import Said, Shell

CASES = ROOT.parent / "shared/cases"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside this checkout"),
]

THINGS = {"User": 30, "Item": 30, "Entity": 5}
"""Nodes of the folders that the schema `triples` reads, each with 195 interactions."""


def bring(shell: Shell, case: str) -> None:
    """Copy a case to where commands run; `s.yaml` and `data` are then meant as the case has them."""
    shutil.copytree(CASES / case, shell.folder, dirs_exist_ok=True, copy_function=shutil.copyfile)


def check(shell: Shell, schema: str = "triples", *sources: str) -> Said:
    return shell("check", "--json", *given(schema, sources))


def ingest(shell: Shell, schema: str = "triples", *sources: str, options: tuple[str, ...] = ()) -> Said:
    return shell("ingest", "--json", "--quiet", *given(schema, sources), *options)


def given(schema: str, sources: tuple[str, ...]) -> list[str]:
    return ["--schema", schema, *(word for source in sources or ("tables:data",) for word in ("--source", source))]


def told(said: Said) -> str:
    """The lines of a check that say something: those that count, and how times are read."""
    lines = [c for c in said.json["checks"] if c["status"] != "PASS" or c["count"] or "read as" in c["what"]]
    return "\n".join(f"{c['status']} {c['what']} {c['count']} of {c['of']} {c['first'] or ''}" for c in lines)


def counts(said: Said) -> dict[str, int]:
    assert said.code == 0, said.err
    held = said.json["counts"]
    return {**held["nodes"], **held["interactions"]}


@contextmanager
def graph() -> Iterator[GraphStore]:
    with open_store("kglite:kgrec.kgl", read_only=True) as store:
        yield store


def rows_of(store: GraphStore, type: str) -> list[dict[str, Any]]:
    export = store.export_interactions if type.isupper() else store.export_nodes
    return [row for batch in export(type) for row in batch.to_pylist()]


def test_00_a_schema_is_drafted_and_needs_no_correction(shell: Shell) -> None:
    bring(shell, "00-newcomer")
    assert shell("schema", "draft", "tables:data", "--out", "own.yaml").code == 0
    assert check(shell, "own.yaml").code == 0
    said = counts(ingest(shell, "own.yaml"))
    assert sorted(said.values()) == [5, 7, 30, 40, 225]
    with graph() as store:
        assert {row["kind"] for row in rows_of(store, "CHOSE")} == {"buy", "view"}


@pytest.mark.parametrize("schema", ["games.yaml", "games2.yaml", "games3.yaml", "games4.yaml"])
def test_00b_a_part_of_a_split_cell_is_its_own_name(shell: Shell, schema: str) -> None:
    bring(shell, "00b-readme-schema")
    assert "no names" not in told(check(shell, schema))
    ingest(shell, schema)
    with graph() as store:
        assert {row["name"] for row in rows_of(store, "Studio")} >= {"Blue Fox", "Delta Nine"}


def test_00b_a_type_that_cannot_be_shown_is_told(shell: Shell) -> None:
    bring(shell, "33-two-verbs")
    assert "WARN Studio has no names, so no reason is shown over one" in told(check(shell, "s.yaml"))


def test_01_floats_in_text_are_told_with_what_they_mean(shell: Shell) -> None:
    bring(shell, "01-float-ids")
    said = check(shell)
    assert (said.code, "'20' exists" in told(said)) == (3, True)
    said = ingest(shell)
    assert (said.code, "'20' exists" in said.err) == (6, True)


def test_03_dislikes_are_told(shell: Shell) -> None:
    bring(shell, "03-dislikes")
    assert re.search("weight below 0 are taken as speaking against their item.* 160 of 280", told(check(shell)))


def test_04_milliseconds_are_read_as_such(shell: Shell) -> None:
    bring(shell, "04-ms")
    assert "'time' of table interactions are read as milliseconds" in told(check(shell))
    ingest(shell)
    with graph() as store:
        assert all(1.6e9 < row["time"] < 1.8e9 for row in rows_of(store, "INTERACTED"))


def test_06_list_cells_are_several_values(shell: Shell) -> None:
    bring(shell, "06-parquet-lists")
    said = check(shell, "s.yaml")
    assert (said.code, "column 'listener_id' holds bytes" in told(said)) == (3, True)
    text = (shell.folder / "s.yaml").read_text(encoding="utf-8")
    text = text.replace("id: listener_id", "id: listener_id, binary: uuid")
    (shell.folder / "s.yaml").write_text(
        text.replace("user: listener_id", "user: listener_id\n        user_binary: uuid")
    )
    assert counts(ingest(shell, "s.yaml"))["Listener"] == 30
    with graph() as store:
        tags = {row["uid"] for row in rows_of(store, "Tag")}
        assert {"Jazz", "Live"} <= tags
        assert not any("[" in tag for tag in tags)
        assert all(set(row["tags"] or ()) <= tags for row in rows_of(store, "Artist"))


def test_08_a_quote_in_tsv_is_a_letter(shell: Shell) -> None:
    bring(shell, "08-tsv-quotes")
    assert counts(ingest(shell)) == {**THINGS, "INTERACTED": 195}


def test_09_bad_rows_are_left_out_and_listed(shell: Shell) -> None:
    bring(shell, "09-ragged")
    said = ingest(shell)
    assert (said.code, "too few cells" in said.err, "quotes" in said.err) == (3, True, False)
    said = ingest(shell, options=("--on-error", "skip"))
    assert counts(said) == {**THINGS, "Item": 28, "INTERACTED": 180}
    assert [(p["row"], p["rows"]) for p in said.json["problems"]] == [(5, 1), (9, 1)]


def test_10_bytes_are_no_id_unless_the_schema_says_what_they_are(shell: Shell) -> None:
    bring(shell, "10-sqlite-ids")
    tables = ("users", "items", "interactions", "facts", "entities")
    sources = [f"sql:sqlite:///shop.db#{table}=SELECT * FROM {table}" for table in tables]
    said = ingest(shell, "triples", *sources)
    assert (said.code, "column 'user' holds bytes" in said.err) == (3, True)
    text = (
        (ROOT / "graph_schemas/triples.yaml")
        .read_text(encoding="utf-8")
        .replace("id: user}", "id: user, binary: uuid}")
    )
    (shell.folder / "own.yaml").write_text(text.replace("user: user\n", "user: user\n        user_binary: uuid\n"))
    assert counts(ingest(shell, "own.yaml", *sources)) == {**THINGS, "INTERACTED": 195}
    with graph() as store:
        assert all(
            re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", row["uid"]) for row in rows_of(store, "User")
        )


def test_13_a_class_picks_the_nodes_and_labels_name_them(shell: Shell) -> None:
    bring(shell, "13-rdf-labels")
    schema = """\
version: 1
domain: linked
platforms: {web: {en: the web}}
nodes:
  User: {role: user, words: {en: user}, sources: [{table: users, platform: web, id: user}]}
  Item:
    role: item
    words: {en: item}
    properties: {name: {type: text}, german: {type: text}, weight: {type: number}}
    sources:
      - {table: Product, platform: web, id: iri, columns: {name: label, german: label@de, weight: weight}}
interactions:
  CHOSE:
    user: User
    item: Item
    words: {en: chose}
    sources:
      - {table: interactions, platform: web, user: user, item: item, item_prefix: "http://shop.example/p", kind: buy}
"""
    (shell.folder / "own.yaml").write_text(schema, encoding="utf-8")
    assert counts(ingest(shell, "own.yaml", "rdf:data", "tables:ev")) == {"User": 30, "Item": 30, "CHOSE": 195}
    with graph() as store:
        node = store.node("Item", "http://shop.example/p10") or {}
        assert (node["name"], node["german"], node["weight"]) == ("Product 10", "Produkt 10", 10.5)


def test_14_a_literal_is_the_same_from_every_form(tmp_path: Path) -> None:
    integer = '"007"^^<http://www.w3.org/2001/XMLSchema#integer>'
    shutil.copyfile(CASES / "14-nt/badlit.ttl", tmp_path / "a.ttl")
    (tmp_path / "b.nt").write_text(f"<u:a> <u:b> {integer} .\n")
    triples = next(RdfLoader(str(tmp_path)).tables())
    objects = Counter(text for batch in triples.batches for text in batch.column("object").to_pylist())
    assert (objects["7"], objects["007"]) == (2, 0)


@pytest.mark.parametrize("name", ["rel.ttl", "rel.nt", "norel.ttl"])
def test_14_a_relative_iri_is_refused(shell: Shell, name: str) -> None:
    bring(shell, "14-nt")
    said = ingest(shell, str(CASES / "13-rdf-labels/s.yaml"), f"rdf:{name}", "tables:ev")
    assert (said.code, "an IRI is relative, and the base" in said.err) == (3, True)


def test_17_atomic_files_are_read(shell: Shell) -> None:
    bring(shell, "17-recbole")
    said = ingest(shell)
    assert (said.code, "read the folder as recbole:FOLDER" in said.err) == (3, True)
    assert counts(ingest(shell, "recbole", "recbole:data")) == {**THINGS, "INTERACTED": 195}


def test_18_users_come_from_the_interactions(shell: Shell) -> None:
    bring(shell, "18-no-users")
    said = ingest(shell)
    assert counts(said) == {**THINGS, "INTERACTED": 195}
    assert "no table 'users': nodes of type User come from interactions" in said.json["warnings"]


def test_19_capitals_of_tables_do_not_count(shell: Shell) -> None:
    bring(shell, "19-case")
    said = ingest(shell)
    assert counts(said) == {**THINGS, "INTERACTED": 195}
    assert "table 'Users' is read as 'users'" in said.json["warnings"]
    (shell.folder / "data/Users.csv").rename(shell.folder / "data/Customers.csv")
    (shell.folder / "data/Items.csv").rename(shell.folder / "data/Goods.csv")
    said = ingest(shell, options=("--store", "kglite:new.kgl"))
    assert (said.code, "'items'" in said.err) == (3, True)


def test_20_an_unnamed_index_is_passed_over(shell: Shell) -> None:
    bring(shell, "20-pandas-index")
    said = ingest(shell)
    assert counts(said) == {**THINGS, "INTERACTED": 195}
    assert any("the column without a name was passed over" in text for text in said.json["warnings"])


def test_23_plays_without_a_time_add_up(shell: Shell) -> None:
    bring(shell, "23-repeats")
    said = check(shell)
    assert (said.code, "column 'time' must have one unit of time" in told(said)) == (3, True)
    assert "repeated interactions of kind 'play' (INTERACTED) without a time: their weights add up" in told(said)
    path = shell.folder / "data/interactions.csv"
    path.write_text(path.read_text().replace("2024-01-01", "1704067200"))
    ingest(shell)
    with graph() as store:
        weights = {(row["user"], row["item"]): row["weight"] for row in rows_of(store, "INTERACTED")}
    assert weights == {("ann", "1"): 9, ("ann", "2"): 7, ("bob", "1"): 1}


def test_27_one_text_changes_no_other_id(shell: Shell) -> None:
    bring(shell, "27-jsonl-mixed")
    assert counts(ingest(shell)) == {**THINGS, "INTERACTED": 195}
    with graph() as store:
        assert not any(re.search(r"\.0|['\[]", row["uid"]) for row in rows_of(store, "Item"))


def test_28_names_are_told_and_kept(shell: Shell) -> None:
    bring(shell, "28-names")
    assert "WARN ids or names that read like nothing 1 of 67 Item '22': 'NULL'" in told(check(shell))
    ingest(shell)
    with graph() as store:
        names = Counter(row["name"] for row in rows_of(store, "Item"))
    assert (names["Emma"], names["padded"], names["NULL"]) == (2, 1, 1)


def test_30_the_home_folder(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CASES / "18-no-users", shell.folder / "a b", copy_function=shutil.copyfile)
    (shell.folder / "home").mkdir()
    monkeypatch.setenv("HOME", str(shell.folder / "home"))
    assert ingest(shell, "triples", "tables:a b/data", options=("--store", "kglite:~/g.kgl")).code == 0
    assert (shell.folder / "home/g.kgl").is_file()
    assert not (shell.folder / "~").exists()


def test_33_each_verb_is_its_own(shell: Shell) -> None:
    bring(shell, "33-two-verbs")
    said = counts(ingest(shell, "s.yaml"))
    assert (said["VIEWED"], said["BOUGHT"]) == (106, 119)
    with graph() as store:
        assert any(row["item"] == "G027" and row["kind"] == "buy" for row in rows_of(store, "BOUGHT"))
