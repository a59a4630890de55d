"""Data checks on a world whose oddities are known."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import pyarrow as pa

from kgrec.data.records import Table
from kgrec.extract import Check, Extraction, check
from kgrec.extract.checks import HUB_DEGREE
from kgrec.schema.load import load_schema, parse_schema

Columns = dict[str, list[object]]

CLEAN: dict[str, Columns] = {
    "users": {"user": ["u", "v"]},
    "items": {"item": ["1", "2"], "name": ["One", "Two"], "text": ["first", "second"]},
    "entities": {"entity": ["x"], "name": ["X"]},
    "facts": {
        "head_type": ["Item"],
        "head": ["1"],
        "relation": ["genre"],
        "tail_type": ["Entity"],
        "tail": ["x"],
    },
    "interactions": {
        "user": ["u", "u", "v"],
        "item": ["1", "2", "1"],
        "kind": ["take"] * 3,
        "time": [9e8, 9.1e8, 9.2e8],
        "weight": [1.0, 1.0, 1.0],
    },
}


class Fake:
    def __init__(self, tables: dict[str, Columns]) -> None:
        self.given = tables

    def tables(self) -> Iterator[Table]:
        for name, columns in self.given.items():
            whole = pa.table(columns)
            yield Table(name, whole.to_batches(), f"fake:{name}", whole.num_rows)


def answers(**changed: Columns | None) -> dict[str, Check]:
    """Checks by question, of the clean world with some tables changed or taken away."""
    tables = {name: columns for name, columns in (CLEAN | changed).items() if columns is not None}
    report = check(Extraction(load_schema("triples"), [Fake(tables)]))
    return {answer.what: answer for answer in report.checks}


def interactions(**changed: list[object]) -> Columns:
    return CLEAN["interactions"] | changed


ENOUGH: dict[str, Columns] = {
    "users": {"user": [f"u{n}" for n in range(20)]},
    "interactions": {
        "user": [f"u{n % 20}" for n in range(40)],
        "item": [str(1 + n // 20) for n in range(40)],
        "kind": ["take"] * 40,
        "time": [9e8 + n for n in range(40)],
        "weight": [1.0] * 40,
    },
}
"""As many interactions as training needs at least."""


def test_a_clean_world_passes() -> None:
    report = check(Extraction(load_schema("triples"), [Fake(CLEAN | ENOUGH)]))
    assert [answer for answer in report.checks if answer.status != "PASS"] == []
    assert report.status == "PASS"
    assert report.rows == {"users": 20, "items": 2, "entities": 1, "facts": 1, "interactions": 40}
    assert report.as_dict()["status"] == "PASS"


TOO_LITTLE = "too little for training, which needs "
TOO_FEW = TOO_LITTLE + "users with a few items each, of which some are held out to choose settings on"


def test_what_training_will_refuse_fails() -> None:
    found = answers(**(ENOUGH | {"interactions": ENOUGH["interactions"] | {"item": ["1"] * 40}}))
    assert found[TOO_LITTLE + "several items with interactions, to choose between"].status == "FAIL"
    disliked = answers(**(ENOUGH | {"interactions": ENOUGH["interactions"] | {"weight": [-1.0] * 40}}))
    assert disliked[TOO_LITTLE + "several items with interactions, to choose between"].count == 0


def test_nodes_twice() -> None:
    found = answers(users={"user": ["u", "v", "u"]})["nodes described twice in one table"]
    assert (found.status, found.count, found.first) == ("WARN", 1, "User 'u' in table users")


def test_missing_values() -> None:
    found = answers(items={"item": ["1", "2"], "name": ["One", None], "text": [None, ""]})
    assert found["Item without name"] == Check("Item without name", "PASS", 1, 2, "Item '2'")
    assert found["Item without text"] == Check("Item without text", "WARN", 2, 2, "Item '1'")


def test_dangling_facts_and_facts_twice() -> None:
    facts: Columns = {
        "head_type": ["Item"] * 3,
        "head": ["1", "1", "2"],
        "relation": ["genre"] * 3,
        "tail_type": ["Entity"] * 3,
        "tail": ["x", "x", "nowhere"],
    }
    found = answers(facts=facts)
    twice, dangling = found["facts stated twice"], found["facts about nodes that no table describes"]
    assert (twice.status, twice.count, twice.first) == ("WARN", 1, "Item '1' genre Entity 'x' in table facts")
    assert (dangling.status, dangling.count, dangling.first) == ("FAIL", 1, "Entity 'nowhere' in table facts")


def test_dangling_and_repeated_interactions() -> None:
    found = answers(interactions=interactions(user=["u", "u", "w"], item=["1", "1", "1"], time=[9e8, 9e8, 9e8]))
    dangling = found["interactions of users or items that no table describes"]
    assert (dangling.status, dangling.count, dangling.first) == ("FAIL", 1, "User 'w' in table interactions")
    twice = found["interactions stated twice"]
    assert (twice.count, twice.first) == (1, "User 'u' Item '1' time 900000000.0 in table interactions")
    assert found["users without any interaction"].first == "User 'v'"
    assert found["users whose interactions all have the same time, so no order"].first == "User 'u'"
    cold = found["items without any interaction (new ones; they are recommended from facts and text)"]
    assert (cold.status, cold.count, cold.first) == ("PASS", 1, "Item '2'")


def test_odd_times() -> None:
    found = answers(interactions=interactions(time=[0.0, 9e8, 4e9]))
    assert found["times that are zero among unix seconds"].count == 1
    assert found["times in the future"].count == 1
    mixed = answers(interactions=interactions(time=[5.0, 9e8, 9.1e8]))
    assert mixed["rows that do not fit: column 'time' must have one unit of time."].count == 1
    sources = [Fake(CLEAN), Fake({"interactions": interactions(time=[1.0, 2.0, 3.0], user=["u"] * 3)})]
    two = {answer.what: answer for answer in check(Extraction(load_schema("triples"), sources)).checks}
    assert (two["positions among unix seconds"].status, two["positions among unix seconds"].count) == ("FAIL", 3)
    positions = answers(interactions=interactions(time=[0.0, 1.0, 2.0]))
    assert {what for what, answer in positions.items() if answer.status != "PASS"} <= {TOO_FEW}
    assert answers(interactions=interactions(time=[None, 9e8, 9e8]))["interactions without time"].count == 1


def test_hubs() -> None:
    count = HUB_DEGREE + 1
    found = answers(
        entities={"entity": ["hub", *map(str, range(count))], "name": ["n"] * (count + 1)},
        facts={
            "head_type": ["Entity"] * count,
            "head": ["hub"] * count,
            "relation": ["r"] * count,
            "tail_type": ["Entity"] * count,
            "tail": list(map(str, range(count))),
        },
    )[f"hubs, nodes with more than {HUB_DEGREE} facts"]
    assert (found.status, found.count, found.first) == ("WARN", 1, f"Entity 'hub' with {count} facts")


def test_missing_and_empty_tables() -> None:
    assert answers(facts=None)["tables of the schema that no source has"].first == "table facts"
    empty = answers(users={"user": []}, entities={"entity": [], "name": []})
    users, entities = (found for question, found in empty.items() if question.startswith("empty tables"))
    assert (users.status, users.first) == ("FAIL", "table users")
    assert (entities.status, entities.first) == ("WARN", "table entities")


def test_one_id_on_two_platforms_that_nobody_aligned() -> None:
    text = (resources.files("kgrec_schemas") / "triples.yaml").read_text(encoding="utf-8")
    text = text.replace("platforms:\n", "platforms:\n  other: {en: other, zh: 其他}\n").replace(
        "      - {table: users, platform: benchmark, id: user}",
        "      - {table: users, platform: benchmark, id: user}\n      - {table: others, platform: other, id: user}",
    )
    loader = Fake(CLEAN | {"others": {"user": ["v", "w"]}})
    report = check(Extraction(parse_schema(text, "two.yaml"), [loader]))
    found = next(answer for answer in report.checks if answer.what.startswith("ids that several platforms"))
    assert (found.status, found.count, found.first) == ("FAIL", 1, "User 'v' on benchmark other")


def test_rows_that_do_not_fit_are_reported_not_raised() -> None:
    found = answers(interactions=interactions(weight=["1", "many", "lots"]))
    answer = found["rows that do not fit: column 'weight' must be a number."]
    assert (answer.status, answer.count, answer.of) == ("FAIL", 2, 3)
    assert answer.first == "fake:interactions, row 2, interaction type INTERACTED: found 'many'"
