"""Which table is which: names that are nearly it, users of the interactions, what an import lacks."""

from __future__ import annotations

import pytest

from kgrec.data.records import ReadingLog, Table
from kgrec.errors import SourceError
from kgrec.extract.source_tables import SourceTables
from kgrec.schema.load import load_schema

TRIPLES = load_schema("triples")


def tables(*names: str, passed_over: tuple[str, ...] = ()) -> SourceTables:
    return SourceTables(TRIPLES, [Table(name, (), f"csv:{name}", log=ReadingLog(passed_over)) for name in names])


def test_capitals_blanks_and_hyphens_do_not_count() -> None:
    found = tables("Users", "ITEMS ", "inter-actions", "interactions", "facts", "entities")
    assert [name for name, _ in found.named] == ["users", "items", "interactions", "facts", "entities"]
    assert found.notes == [
        "table 'Users' is read as 'users'",
        "table 'ITEMS ' is read as 'items'",
        "tables that the schema does not read: inter-actions",
    ]
    assert found.missing == ()
    assert found.problems() == []


def test_a_name_that_two_tables_nearly_have_is_nobodys() -> None:
    found = tables("Items", "ITEMS", "users", "interactions", "facts", "entities")
    assert found.missing == ("items",)
    assert found.problems() == ["items of type Item: no table 'items', did you mean 'Items'?"]


def test_the_table_of_the_name_itself_is_taken_and_the_other_told() -> None:
    found = tables("Items", "items", "users", "interactions", "facts", "entities")
    assert [table.name for name, table in found.named if name == "items"] == ["items"]
    assert "tables that the schema does not read: Items" in found.notes


def test_users_come_from_the_interactions() -> None:
    found = tables("items", "interactions")
    (source,) = found.schema.nodes["User"].sources
    assert (source.table, source.id, source.platform) == ("interactions", "user", "benchmark")
    assert found.schema.nodes["Item"] == TRIPLES.nodes["Item"]
    assert found.problems() == []
    assert tables("users", "items", "interactions").schema == TRIPLES


def test_what_is_held_already_is_not_missing() -> None:
    found = tables("interactions", "facts", passed_over=("old/Items.xlsx", "readme.txt"))
    assert found.problems() == ["items of type Item: no table 'items', 'old/Items.xlsx' was passed over"]
    assert found.problems(held=["Item"]) == ["table 'items': old/Items.xlsx was passed over"]
    assert tables("users", "items").problems(held=["INTERACTED"]) == []


def test_no_table_of_the_schema_at_all() -> None:
    with pytest.raises(SourceError) as raised:
        tables("user", "rates").check()
    assert "tables user, rates\nfor 'users', did you mean 'user'?" in str(raised.value.found)


def test_what_a_table_says_again_need_not_be_read() -> None:
    def notes(facts: str) -> list[str]:
        names = ("interactions", "kg", "link", "extra")
        given = [Table(name, (), f"csv:{name}") for name in names]
        return SourceTables(TRIPLES, [*given, Table(facts, (), "csv:facts", restates=("kg", "link"))]).notes

    assert "tables that the schema does not read: extra" in notes("facts")
    assert "tables that the schema does not read: kg, link, extra, other" in notes("other")
