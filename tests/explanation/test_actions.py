"""What is said of a past item, by the interaction itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.explanation.actions import Action, past_actions, verb_of
from kgrec.graph.polarity import with_polarity
from kgrec.recommendation.fold_in import PastInteraction, fold_in, past_interactions
from kgrec.schema.load import load_schema
from kgrec.schema.model import GraphSchema
from tests.support.bundles import bundle_of, random_model

TYPES, KINDS = ("VIEWED", "BOUGHT", "RATED", "RETURNED"), ("buy", "event", "rate", "thumbs_down", "view")
Event = tuple[str, str, int, float, float]
"""Type, kind, item, time, weight."""


def schema(**changed: Any) -> GraphSchema:
    given = load_schema("triples").model_dump(mode="json")
    plain = {"user": "User", "item": "Item"}
    verbs = {"VIEWED": "looked at", "BOUGHT": "bought", "RATED": "rated", "RETURNED": "returned"}
    given["interactions"] = {name: plain | {"words": {"en": verb, "zh": verb}} for name, verb in verbs.items()}
    for name, change in changed.items():
        given["interactions"][name] |= change
    return GraphSchema.model_validate(given)


def events(*given: Event, types: tuple[str, ...] = TYPES) -> Interactions:
    rows = Interactions.of_pairs(
        [0] * len(given),
        [item for _, _, item, _, _ in given],
        [time for *_, time, _ in given],
        [weight for *_, weight in given],
    )
    kind = np.array([KINDS.index(kind) for _, kind, *_ in given], np.int64)
    type_ = np.array([types.index(type) if type in types else 0 for type, *_ in given], np.int64)
    return replace(rows, kind=kind, kinds=KINDS, type=type_, types=types)


def actions(given: GraphSchema, *history: Event, everybody: tuple[Event, ...] = ()) -> dict[int, Action]:
    model = random_model(np.random.default_rng(0), 4)
    bundle = bundle_of(model, events(*everybody), 1, schema=given)
    return past_actions(with_polarity(events(*history), given), bundle)


def verbs(given: GraphSchema, *history: Event, everybody: tuple[Event, ...] = ()) -> dict[int, str]:
    return {item: action.verb["en"] for item, action in actions(given, *history, everybody=everybody).items()}


def test_the_type_of_the_interaction_itself_gives_the_verb() -> None:
    history: tuple[Event, ...] = (
        ("BOUGHT", "event", 0, 1, 1),
        ("VIEWED", "event", 1, 2, 1),
        ("BOUGHT", "buy", 2, 3, 1),
    )
    assert verbs(schema(), *history) == {0: "bought", 1: "looked at", 2: "bought"}


def test_of_several_interactions_the_rarest_sort_is_said() -> None:
    bought, viewed = ("BOUGHT", "buy", 0, 1.0, 1.0), ("VIEWED", "view", 0, 2.0, 1.0)
    assert verbs(schema(), bought, viewed, everybody=(viewed, viewed, bought)) == {0: "bought"}
    assert verbs(schema(), bought, viewed, everybody=(viewed, bought, bought)) == {0: "looked at"}


def test_of_one_sort_the_latest_is_said() -> None:
    stars = schema(RATED={"weights": {"stars": 5}})
    first, last = ("RATED", "rate", 0, 1.0, 2.0), ("RATED", "rate", 0, 2.0, 4.0)
    assert actions(stars, last, first)[0].stars == 4.0


def test_a_kind_has_words_of_its_own() -> None:
    given = schema(VIEWED={"kinds": {"view": {}, "rate": {"words": {"en": "judged", "zh": "评"}}}})
    assert verbs(given, ("VIEWED", "rate", 0, 1, 1), ("VIEWED", "view", 1, 1, 1)) == {0: "judged", 1: "looked at"}


@pytest.mark.parametrize(
    ("event", "verb"),
    [
        (("RETURNED", "event", 0, 1.0, 1.0), "returned"),
        (("VIEWED", "thumbs_down", 0, 1.0, 1.0), "turned down"),
        (("VIEWED", "rate", 0, 1.0, -1.0), "turned down"),
    ],
)
def test_what_speaks_against_is_never_said_with_words_for_the_opposite(event: Event, verb: str) -> None:
    action = actions(schema(), event)[0]
    assert (action.verb["en"], action.against) == (verb, True)


def test_a_schema_without_a_language_leaves_it_its_own_words() -> None:
    given = schema(BOUGHT={"words": {"en": "bought"}})
    assert actions(given, ("BOUGHT", "buy", 0, 1, 1))[0].verb == {"en": "bought", "zh": "选过"}


def test_one_star_is_said_as_it_was_given() -> None:
    stars = schema(RATED={"weights": {"stars": 5, "against_up_to": 2}})
    assert actions(stars, ("RATED", "rate", 0, 1, 1))[0] == Action({"en": "rated", "zh": "rated"}, 1.0, True)


@pytest.mark.parametrize(
    ("most", "given", "liked"), [(5, 3.5, True), (5, 3, False), (10, 6, True), (10, 5, False), (None, 5, False)]
)
def test_more_than_the_middle_of_the_stars_is_liking(most: int | None, given: float, liked: bool) -> None:
    stars = schema(RATED={"weights": {"stars": most}})
    assert actions(stars, ("RATED", "rate", 0, 1, given))[0].liked == liked
    refused = schema(RATED={"weights": {"stars": most, "against_up_to": 9}})
    assert not actions(refused, ("RATED", "rate", 0, 1, given))[0].liked


def test_interactions_of_bundles_that_kept_no_types() -> None:
    given = schema(BOUGHT={"kinds": ["buy"]}, RATED={"kinds": ["rate"]})
    model = random_model(np.random.default_rng(0), 4)
    old = events(("", "buy", 0, 1, 1), ("", "view", 1, 1, 1), types=("",))
    found = past_actions(old, bundle_of(model, old, 1, schema=given))
    assert {item: action.verb["en"] for item, action in found.items()} == {0: "bought", 1: "looked at"}


def test_without_a_schema_something_was_chosen() -> None:
    old = events(("", "buy", 0, 1, 1), types=("",))
    assert past_actions(old, bundle_of(random_model(np.random.default_rng(0), 4), old, 1))[0].verb["en"] == "chose"


def test_whoever_named_no_stars_gave_none() -> None:
    """An item that somebody names as chosen counts 1; it is no rating of one star."""
    stars = schema(RATED={"weights": {"stars": 5}})
    bundle = bundle_of(random_model(np.random.default_rng(0), 4), events(), 1, schema=stars)
    past = [PastInteraction("i0", "rate", type="RATED"), PastInteraction("i1", "rate", weight=5.0, type="RATED")]
    named = fold_in(past, bundle)
    told = past_actions(named, bundle)
    assert [(told[item].stars, told[item].liked) for item in (0, 1)] == [(None, False), (5.0, True)]
    assert named.weight.tolist() == [1.0, 5.0]
    assert [one.weight for one in past_interactions(named, bundle)] == [None, 5.0]
    joined = named.select(np.array([1, 0]))
    assert joined.weighed.tolist() == [True, False]
    assert named.digest != replace(named, weighed=np.ones(2, np.bool_)).digest


def test_how_often_the_sort_that_is_said_was_done() -> None:
    viewed, bought = ("VIEWED", "view", 0, 1.0, 1.0), ("BOUGHT", "buy", 1, 1.0, 1.0)
    again = ("VIEWED", "view", 0, 2.0, 1.0)
    told = actions(schema(), viewed, again, bought, ("VIEWED", "view", 1, 3.0, 1.0), everybody=(viewed, again, bought))
    assert {item: (action.verb["en"], action.times) for item, action in told.items()} == {
        0: ("looked at", 2),
        1: ("bought", 1),
    }


def test_a_kind_is_called_as_it_most_often_is() -> None:
    everybody = [("BOUGHT", "buy", 0, 1.0, 1.0)] * 2 + [("RATED", "buy", 1, 1.0, 1.0), ("VIEWED", "view", 1, 1.0, 1.0)]
    bundle = bundle_of(random_model(np.random.default_rng(0), 4), events(*everybody), 1, schema=schema())
    assert verb_of(["buy"], bundle)["en"] == "bought"
    assert verb_of(["view", "buy"], bundle)["en"] == "bought"
    assert verb_of(["rent"], bundle)["en"] == verb_of([], bundle)["en"] == "chose"


def test_of_the_list_of_a_platform_what_was_done_elsewhere_says_where() -> None:
    model = random_model(np.random.default_rng(0), 4)
    history = events(("BOUGHT", "buy", 0, 1, 1), ("BOUGHT", "buy", 1, 2, 1))
    history = replace(history, platform=np.array([0, 1]), platforms=("app", "web"))
    bundle = bundle_of(model, history, 1, schema=schema())
    for asked, expected in ((None, ["", ""]), ("app", ["", "web"]), ("web", ["app", ""])):
        found = past_actions(history, bundle, asked)
        assert [found[item].platform for item in (0, 1)] == expected
