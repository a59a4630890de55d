"""What `kgrec check` tells of behaviour before anything is imported."""

from __future__ import annotations

from typing import Any

import numpy as np

from kgrec.data.records import Interaction
from kgrec.extract.behaviour_checks import BehaviourChecks, Finding, unreadable_types
from kgrec.schema.load import load_schema, parse_schema
from kgrec.schema.model import GraphSchema
from tests.support.columns import interaction_columns
from tests.support.games import SCHEMA_TEXT


def findings(*rows: tuple[str, float], repeated: int = 0, **interaction: Any) -> list[Finding]:
    """What is told of interactions of some kinds and weights, and of the first one repeated."""
    given = load_schema("triples").model_dump(mode="json")
    given["interactions"]["INTERACTED"] |= interaction
    checks = BehaviourChecks(GraphSchema.model_validate(given))
    records = [Interaction("INTERACTED", "u", f"i{n}", kind, weight=weight) for n, (kind, weight) in enumerate(rows)]
    block = interaction_columns(records)
    checks.note(block, lambda row: f"Item {records[row].item}")
    for _ in range(repeated):
        checks.note_repeats(block, np.array([0]), lambda row: f"Item {records[row].item}")
    return list(checks.findings())


def test_nothing_odd_is_one_answer() -> None:
    assert findings(("play", 1), ("buy", 2)) == [("interactions that do not speak for their item", False, 0, 2, None)]


def test_weights_of_0_and_below_are_told_with_what_becomes_of_them() -> None:
    against, nothing = findings(("rate", 1), ("rate", -1), ("rate", 0), ("rate", -2))
    assert against == (
        "interactions of kind 'rate' (INTERACTED) with a weight below 0 are taken as speaking against their item: "
        "no reason, not recommended again, what spoke for it before is taken back",
        True,
        2,
        4,
        "Item i1 weight -1",
    )
    assert nothing[0].endswith("with a weight of 0 or below are taken as saying nothing, and left out")
    assert nothing[1:] == (True, 1, 4, "Item i2 weight 0")


def test_thresholds_of_the_schema_are_no_warning() -> None:
    cut = {"against_up_to": 2, "for_from": 4}
    found = findings(("rate", 2), ("rate", 3), ("rate", 5), weights=cut)
    assert [(what.split("with ")[1].split(" are")[0], odd) for what, odd, *_ in found] == [
        ("a weight up to 2", False),
        ("a weight between 2 and 4", False),
    ]


def test_kinds_are_told_with_why_they_are_taken_so() -> None:
    by_name, by_schema = findings(("return", 1), ("skip", 1), kinds={"return": {}, "skip": {"speaks": "filter"}})
    assert (by_name[0].endswith("(by the name of the kind)"), by_name[1]) == (True, True)
    assert (by_schema[0].endswith("(as the schema says)"), by_schema[1]) == (True, False)


def test_repeats_are_told_with_what_becomes_of_them() -> None:
    told = findings(("play", 3), repeated=2)[-1]
    expected = "repeated interactions of kind 'play' (INTERACTED) without a time: their weights add up"
    assert told == (expected, True, 2, 1, "Item i0 weight 3")
    assert not findings(("play", 3), repeated=1, repeats="max")[-1][1]
    assert findings(("rate", 3), repeated=1)[-1][0].endswith("the last row counts, the others do not")


def test_types_that_no_reason_is_shown_over() -> None:
    schema = parse_schema(SCHEMA_TEXT, "games.yaml")
    found = list(unreadable_types(schema, {"Player": 2, "Game": 3, "Studio": 4, "Thing": 5}))
    assert [(what.split()[0], *rest) for what, *rest in found] == [("Thing", True, 5, 5, None)]
    assert list(unreadable_types(schema, {"Thing": 0})) == []
