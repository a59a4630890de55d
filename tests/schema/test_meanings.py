"""What kinds and weights say of an item, by the schema and by name."""

from __future__ import annotations

from typing import Any

import pytest

from kgrec.errors import SchemaError
from kgrec.schema.load import load_schema, parse_schema
from kgrec.schema.meanings import has_word, meaning, type_of_kind
from kgrec.schema.model import GraphSchema
from tests.support.games import SCHEMA_TEXT


def schema(**interaction: Any) -> GraphSchema:
    """The triples schema with other settings of its interaction type."""
    given = load_schema("triples").model_dump(mode="json")
    given["interactions"]["INTERACTED"] |= interaction
    return GraphSchema.model_validate(given)


def says(kind: str, weight: float = 1.0, **interaction: Any) -> str:
    return meaning(schema(**interaction), "INTERACTED", kind).of(weight)


AGAINST = """
dislike Disliked dis_like thumbs_down thumbsDown downvoted vote-down unlike hide hidden blocked muted banned
rated_and_hated orderCancelled canceled cancellation refunded return RETURNED not_interested remove_from_cart 点踩 退货
"""
FOR = "like buy play view rate mutual banner blockbuster hideout chat share rehab watch returner"


@pytest.mark.parametrize("kind", AGAINST.split())
def test_names_of_kinds_that_speak_against(kind: str) -> None:
    assert says(kind) == says(kind, -1.0) == says(kind, 0.0) == "against"


@pytest.mark.parametrize("kind", ["skip", "skipped", "Skips", "ignored", "dismissed", "跳过"])
def test_names_of_kinds_that_say_nothing(kind: str) -> None:
    assert says(kind) == says(kind, -1.0) == "nothing"


@pytest.mark.parametrize("kind", FOR.split())
def test_names_of_kinds_that_speak_for(kind: str) -> None:
    assert says(kind) == "for"


@pytest.mark.parametrize("kind", ["rate", "rated", "Rating", "stars", "review", "score", "vote", "graded", "评分"])
def test_names_of_judgements(kind: str) -> None:
    assert has_word(kind, "rates")
    assert not has_word("start", "rates")


def test_a_weight_below_0_speaks_against_and_one_of_0_says_nothing() -> None:
    assert [says("rate", weight) for weight in (-1.0, -1e-9, 0.0, 1e-9, 5.0)] == [
        "against",
        "against",
        "nothing",
        "for",
        "for",
    ]


def test_stars_as_the_schema_cuts_them() -> None:
    cut = {"against_up_to": 2, "for_from": 4}
    assert [says("rate", stars, weights=cut) for stars in (0, 1, 2, 3, 4, 5)] == [
        "against",
        "against",
        "against",
        "nothing",
        "for",
        "for",
    ]
    assert [says("rate", stars, weights={"against_up_to": 2}) for stars in (2, 2.5)] == ["against", "for"]
    assert [says("rate", stars, weights={"for_from": 3}) for stars in (-1, 2, 3)] == ["against", "nothing", "for"]
    assert [says("rate", stars, weights={"against_up_to": -1}) for stars in (-1, -0.5, 0, 0.5)] == [
        "against",
        "nothing",
        "nothing",
        "for",
    ]


def test_the_schema_has_the_last_word() -> None:
    kinds = {"return": {"speaks": "filter"}, "skip": {"speaks": "against"}, "hide": {"speaks": "for"}, "play": {}}
    assert [says(kind, kinds=kinds) for kind in kinds] == ["filter", "against", "for", "for"]
    assert says("hide", -1.0, kinds=kinds) == "against"
    assert says("play", kinds={"play": {}}, speaks="nothing") == "nothing"
    of_kind = {"rate": {"weights": {"against_up_to": 2}}, "play": {}}
    assert [says(kind, 2.0, kinds=of_kind) for kind in of_kind] == ["against", "for"]


def test_a_type_whose_name_says_so_speaks_against() -> None:
    given = load_schema("triples").model_dump(mode="json")
    given["interactions"]["RETURNED"] = given["interactions"]["INTERACTED"] | {"sources": []}
    assert meaning(GraphSchema.model_validate(given), "RETURNED", "order").of(1.0) == "against"


def test_a_kind_has_words_of_its_own() -> None:
    kinds = {"rate": {"words": {"en": "rated", "zh": "评价过"}}, "buy": {}}
    words = [meaning(schema(kinds=kinds), "INTERACTED", kind).words.en for kind in kinds]
    assert words == ["rated", "chose"]


def test_the_type_of_a_kind_is_found_by_the_kinds_and_by_the_sources() -> None:
    given = load_schema("triples").model_dump(mode="json")
    table = {"table": "t", "platform": "benchmark", "user": "u", "item": "i"}
    plain = {"user": "User", "item": "Item", "words": {"en": "did", "zh": "做过"}}
    given["interactions"] = {
        "VIEWED": plain | {"sources": [table | {"kind": "view"}]},
        "BOUGHT": plain | {"sources": [table | {"kind": "buy"}]},
        "RATED": plain | {"kinds": ["rate"]},
    }
    read = GraphSchema.model_validate(given)
    assert [type_of_kind(read, kind) for kind in ("view", "buy", "rate", "else")] == [
        "VIEWED",
        "BOUGHT",
        "RATED",
        "VIEWED",
    ]


def test_kinds_as_a_mapping_are_read_from_yaml_and_faults_in_them_are_told() -> None:
    given = SCHEMA_TEXT.replace("kinds: [play, buy]", "kinds: {play: {repeats: sum}, buy: {speaks: for}}")
    assert list(parse_schema(given, "games.yaml").interactions["PLAYED"].kinds) == ["play", "buy"]
    wrong = "kinds: {play: {weights: {against_up_to: 4, for_from: 2}}, buy: {speaks: gainst}}"
    with pytest.raises(SchemaError) as error:
        parse_schema(SCHEMA_TEXT.replace("kinds: [play, buy]", wrong), "games.yaml")
    assert "found 2, expected more than `against_up_to`, 4" in str(error.value)
    assert "expected one of for, against, filter, nothing, did you mean 'against'" in str(error.value)
