"""What says who somebody is does not come in, from any carrier; equal stays equal, under one key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy

from kgrec.data.record_columns import EdgeColumns
from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.errors import ConfigError, KgrecError
from kgrec.extract import Extraction, check
from kgrec.extract.personal_columns import PersonalColumns
from kgrec.graph import open_store
from kgrec.graph.person_links import accounts_of
from kgrec.pipeline import ingest
from kgrec.privacy.byte_search import Needles, files_under
from kgrec.privacy.pseudonyms import KEY, KEY_FILE, PseudonymKey
from kgrec.schema.load import load_schema

SECRET = "0123456789abcdef" * 2
MADE = PseudonymKey(SECRET.encode()).pseudonym
SCHEMA = """\
version: 1
domain: clinic
platforms:
  web: {en: web}
  app: {en: app}
nodes:
  User:
    role: user
    words: {en: patient}
    PSEUDONYMISE
    persons: {keys: [email]}
    properties:
      name: {type: text, personal: drop}
      email: {type: id, personal: mask}
      phones: {type: category, personal: mask}
      town: {type: category}
    sources:
      - {table: patients, platform: web, id: id, columns: {name: name, email: email, town: town},
         list_columns: {phones: ";"}}
      - {table: app_users, platform: app, id: id, prefix: "app-", columns: {email: email}}
  Item:
    role: item
    words: {en: course}
    properties: {name: {type: text}}
    sources: [{table: courses, platform: web, id: id, columns: {name: title}}]
edges:
  KNOWS:
    source: [User]
    target: [User, Item]
    words: {en: knows}
    properties: {note: {type: text, personal: drop}, via: {type: text, personal: mask}}
    sources:
      - {table: knows, platform: web, source: {column: a, type: User}, target: {column: b, type_column: kind},
         columns: {note: note, via: via}}
interactions:
  TOOK:
    user: User
    item: Item
    words: {en: took}
    sources:
      - {table: taken, platform: web, user: id, item: course, kind: take, time: at}
"""
ROWS: dict[str, list[dict[str, Any]]] = {
    "patients": [
        {
            "id": "p-10001",
            "name": "Ann Example",
            "email": "ann@example.com",
            "town": "Graz",
            "phones": "555-0001;555-0002",
        },
        {"id": "p-10002", "name": "Bob Example", "email": "bob@example.com", "town": "Graz", "phones": None},
    ],
    "app_users": [{"id": "70001", "email": "ann@example.com"}],
    "courses": [{"id": "yoga", "title": "Yoga"}],
    "knows": [
        {"a": "p-10001", "b": "p-10002", "kind": "User", "note": "cousins, secretly", "via": "the choir"},
        {"a": "p-10001", "b": "yoga", "kind": "Item", "note": None, "via": None},
    ],
    "taken": [{"id": "p-10001", "course": "yoga", "at": 1_600_000_000}],
}
SECRETS = ("Ann Example", "ann@example.com", "555-0001", "cousins, secretly", "the choir")
IDS = ("p-10001", "p-10002", "app-70001", "70001")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE, raising=False)
    monkeypatch.setenv(KEY, SECRET)


def schema_file(folder: Path, pseudonymise: bool = False) -> str:
    line = "pseudonymise: true" if pseudonymise else "from_edges: false"
    (folder / "clinic.yaml").write_text(SCHEMA.replace("PSEUDONYMISE", line), encoding="utf-8")
    return str(folder / "clinic.yaml")


def written(folder: Path, carrier: str) -> list[str]:
    """The rows in a carrier, and the sources that read it."""
    data = folder / "data"
    data.mkdir()
    if carrier == "sqlite":
        with sqlalchemy.create_engine(f"sqlite:///{data}/d.db").begin() as database:
            for name, rows in ROWS.items():
                database.execute(sqlalchemy.text(f"CREATE TABLE {name} ({', '.join(rows[0])})"))
                names = ", ".join(f":{column}" for column in rows[0])
                database.execute(sqlalchemy.text(f"INSERT INTO {name} VALUES ({names})"), rows)
        return [f"sql:sqlite:///{data}/d.db#{name}=SELECT * FROM {name}" for name in ROWS]
    for name, rows in ROWS.items():
        table = pa.Table.from_pylist(rows)
        if carrier == "parquet":
            pq.write_table(table, data / f"{name}.parquet")
        elif carrier == "jsonl":
            (data / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            cells = [",".join(rows[0]), *(",".join(_cell(value) for value in row.values()) for row in rows)]
            (data / f"{name}.csv").write_text("\n".join(cells) + "\n")
    return [f"tables:{data}"]


def _cell(value: Any) -> str:
    return "" if value is None else f'"{value}"' if "," in str(value) else str(value)


@pytest.mark.parametrize("pseudonymise", [False, True])
@pytest.mark.parametrize("carrier", ["csv", "jsonl", "parquet", "sqlite"])
def test_nothing_personal_is_in_the_graph_or_its_files(tmp_path: Path, carrier: str, pseudonymise: bool) -> None:
    source, made = written(tmp_path, carrier), MADE if pseudonymise else str
    with open_store(f"kglite:{tmp_path / 'a.kgl'}") as store:
        ingest(schema_file(tmp_path, pseudonymise), source, store)
        about = store.about_user(made("p-10001"))
        assert about is not None
        assert about.node["email"] == MADE("ann@example.com")
        assert about.node["phones"] == [MADE("555-0001"), MADE("555-0002")]
        assert about.node["town"] == "Graz"
        assert about.node["name"] == made("p-10001")  # of who has no name, the id
        assert accounts_of(store, made("p-10001")) == tuple(sorted((made("p-10001"), made("app-70001"))))
        assert [one["item"] for one in about.interactions] == ["yoga"]
        assert {(one["to"]["uid"], one.get("via"), one.get("note")) for one in about.facts} == {
            (made("p-10002"), MADE("the choir"), None),
            ("yoga", None, None),
        }
        assert store.counts().nodes == {"User": 3, "Item": 1}
        files = store.files()
    files += files_under([tmp_path / "a.kgl"])
    for text in (*SECRETS, *(IDS if pseudonymise else ())):
        assert {str(path): hits for path in files if (hits := Needles.of([text]).hits(path))} == {}, text
    if not pseudonymise:
        assert Needles.of(["p-10001"]).hits(tmp_path / "a.kgl") > 0


def test_a_column_that_is_dropped_may_be_away(tmp_path: Path) -> None:
    source = written(tmp_path, "jsonl")
    (tmp_path / "data/patients.jsonl").write_text('{"id": "p-1", "email": "e", "town": "t", "phones": ""}\n')
    with open_store("kglite::memory:") as store:
        ingest(schema_file(tmp_path), source, store, partial=True, max_dropped=1.0)
        kept = store.node("User", "p-1")
        assert kept == {"uid": "p-1", "name": "p-1", "email": MADE("e"), "town": "t", "platforms": ["web"]}


def test_without_the_key_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema, source = schema_file(tmp_path), written(tmp_path, "csv")
    monkeypatch.delenv(KEY)
    with pytest.raises(ConfigError, match="pseudonyms need a key"):
        ingest(schema, source, f"kglite:{tmp_path / 'a.kgl'}")
    with pytest.raises(ConfigError, match="pseudonyms need a key"):
        Extraction(load_schema(schema), source)


def test_another_key_and_another_rule_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under another key everybody would be somebody else; what was kept in the open stays so in an old graph."""
    schema, source, url = schema_file(tmp_path), written(tmp_path, "csv"), f"kglite:{tmp_path / 'a.kgl'}"
    ingest(schema, source, url)
    ingest(schema, source, url)
    monkeypatch.setenv(KEY, SECRET[::-1])
    with pytest.raises(ConfigError, match="made with another key") as refused:
        ingest(schema, source, url)
    assert SECRET not in str(refused.value)
    monkeypatch.setenv(KEY, SECRET)
    with pytest.raises(KgrecError, match="another shape"):
        ingest(schema_file(tmp_path, pseudonymise=True), source, url)


def test_a_cell_that_does_not_fit_is_told_without_what_it_holds(tmp_path: Path) -> None:
    source = written(tmp_path, "jsonl")
    (tmp_path / "data/patients.jsonl").write_text(
        '{"id": "p-1", "email": {"at": "ann@example.com"}, "town": "t", "name": "n", "phones": ""}\n'
    )
    with pytest.raises(KgrecError) as refused:
        list(Extraction(load_schema(schema_file(tmp_path)), source).batches())
    assert "property 'email'" in str(refused.value)
    assert "ann@example.com" not in str(refused.value)
    report = check(Extraction(load_schema(schema_file(tmp_path)), source, on_error="skip"))
    assert "ann@example.com" not in json.dumps(report.as_dict(), default=str)


def test_records_of_every_form(tmp_path: Path) -> None:
    door = PersonalColumns(load_schema(schema_file(tmp_path, pseudonymise=True)))
    columns = {"source_type": ["User", "User"], "target_type": ["User", "Item"], "source": ["a", "b"]}
    columns |= {"target": ["b", "yoga"], "relation": ["KNOWS", "KNOWS"]}
    facts = EdgeColumns.of_arrays("KNOWS", "web", {name: pa.array(texts) for name, texts in columns.items()})
    assert list(door.let_in(facts)) == [
        EdgeRecord("KNOWS", "User", MADE("a"), "User", MADE("b"), "KNOWS", {}, "web"),
        EdgeRecord("KNOWS", "User", MADE("b"), "Item", "yoga", "KNOWS", {}, "web"),
    ]
    done = Interaction("TOOK", "a", "yoga", "take")
    assert door.let_in([done]) == [Interaction("TOOK", MADE("a"), "yoga", "take")]
    people = [NodeRecord("User", "app-7", {"name": "7", "email": "e"}, "app", ["app:app-7"]), NodeRecord("Item", "a")]
    assert door.let_in(people) == [
        NodeRecord("User", MADE("app-7"), {"email": MADE("e")}, "app", (f"app:{MADE('app-7')}",)),
        NodeRecord("Item", "a"),
    ]
    (nobody,) = door.let_in([NodeRecord("User", "b", {"email": "NULL", "phones": ["1", "none"], "town": "null"})])
    assert nobody == NodeRecord("User", MADE("b"), {"phones": [MADE("1")], "town": "null"})


def test_a_schema_without_any_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    records = [NodeRecord("User", "ann", {"name": "Ann"})]
    assert PersonalColumns(load_schema("movies")).let_in(records) is records
