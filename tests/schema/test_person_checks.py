"""What a schema may say of who is one person: each broken rule names its line."""

from __future__ import annotations

import pytest

from kgrec.schema.load import parse_schema
from tests.support.schemas import GOOD, problems_of

LINKED = GOOD.replace(
    "    words: {en: player, zh: 玩家}\n",
    "    words: {en: player, zh: 玩家}\n"
    "    properties: {email: {type: id}, age: {type: number}}\n"
    "    persons: {keys: [email], least_confidence: 0.9}\n",
).replace(
    "edges:\n",
    "edges:\n"
    "  SAME:\n"
    "    role: same_person\n"
    "    source: [Player]\n"
    "    target: [Player]\n"
    "    words: {en: is}\n"
    "    properties: {confidence: {type: number}, since: {type: time}}\n",
)


def test_it_is_right() -> None:
    schema = parse_schema(LINKED, "my.yaml")
    rules = schema.nodes["Player"].persons
    assert rules is not None
    assert (rules.keys, rules.least_confidence, rules.most_accounts) == (("email",), 0.9, 20)
    assert schema.edges["SAME"].role == "same_person"
    assert schema.edges["SEQUEL_OF"].role is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "keys: [email]",
            "keys: [emial]",
            "line 9, nodes.Player.persons.keys.0: found 'emial', which is not a declared property, "
            "did you mean 'email'?",
        ),
        (
            "keys: [email]",
            "keys: [age]",
            "line 9, nodes.Player.persons.keys.0: a number is no key, expected type id or category or text",
        ),
        (
            "id: player_id}",
            "id: player_id, list_columns: {email: ';'}}",
            "line 9, nodes.Player.persons.keys.0: found a list, expected a key that is one value",
        ),
        (
            "least_confidence: 0.9",
            "least_confidence: 90",
            "line 9, nodes.Player.persons.least_confidence: found 90, expected Input should be less than or equal to 1",
        ),
        (
            "    role: item\n",
            "    role: item\n    persons: {keys: [name]}\n",
            "line 14, nodes.Game.persons: only users are persons, expected the node type with `role: user`",
        ),
        (
            "    persons: {keys: [email], least_confidence: 0.9}\n",
            "    align: {keys: [email]}\n",
            "line 9, nodes.Player.align: users are not merged, which could not be taken back, expected `persons`: "
            "when accounts are one person",
        ),
        (
            "    target: [Player]\n",
            "    target: [Player, Game]\n",
            "line 24, edges.SAME.target: a link of accounts has users there, expected [Player]",
        ),
        (
            "    role: same_person\n    source: [Player]\n",
            "    role: household\n    source: [Game]\n",
            "line 23, edges.SAME.source: a link of accounts has users there, expected [Player]",
        ),
        (
            "confidence: {type: number}",
            "confidence: {type: text}",
            "line 26, edges.SAME.properties.confidence: found type text, expected number: kgrec reads it of links",
        ),
        (
            "role: same_person",
            "role: same",
            "line 22, edges.SAME.role: found 'same', expected one of same_person, household",
        ),
    ],
)
def test_a_broken_rule_names_its_line(old: str, new: str, problem: str) -> None:
    assert LINKED.count(old) >= 1
    assert problems_of(LINKED.replace(old, new, 1)) == [problem]


def test_a_household_may_be_a_node_of_its_own() -> None:
    home = LINKED.replace("role: same_person", "role: household").replace("target: [Player]", "target: [Game]")
    assert parse_schema(home, "my.yaml").edges["SAME"].role == "household"


def test_who_is_one_person_does_not_change_the_shape_of_a_graph() -> None:
    other = LINKED.replace("least_confidence: 0.9", "least_confidence: 0.5").replace("keys: [email], ", "")
    assert parse_schema(other, "my.yaml").fingerprint() == parse_schema(LINKED, "my.yaml").fingerprint()
