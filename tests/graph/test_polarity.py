"""Interactions with what they say, and what holds in the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.dataset import AGAINST, FOR, HIDES, Interactions
from kgrec.graph.polarity import with_polarity
from kgrec.schema.load import load_schema
from kgrec.schema.model import GraphSchema

Event = tuple[str, int, str, float, float]
"""User, item, kind, time, weight."""


def given(*events: Event, kinds: object = ()) -> list[tuple[int, int, str, int]]:
    """What is left of some events, in their order: user, item, kind and what it says."""
    schema = load_schema("triples").model_dump(mode="json")
    schema["interactions"]["INTERACTED"]["kinds"] = kinds
    names = tuple(sorted({kind for _, _, kind, _, _ in events}))
    users = sorted({user for user, *_ in events})
    rows = Interactions.of_pairs(
        [users.index(user) for user, *_ in events],
        [item for _, item, *_ in events],
        [time for *_, time, _ in events],
        [weight for *_, weight in events],
    )
    rows = replace(
        rows,
        kind=np.array([names.index(kind) for _, _, kind, _, _ in events]),
        kinds=names,
        types=("INTERACTED",),
    )
    left = with_polarity(rows, GraphSchema.model_validate(schema))
    return list(
        zip(left.user.tolist(), left.item.tolist(), [names[k] for k in left.kind], left.says.tolist(), strict=True)
    )


def test_what_says_nothing_is_left_out() -> None:
    assert given(("a", 1, "play", 1, 1), ("a", 2, "skip", 2, 1), ("a", 3, "play", 3, 0)) == [(0, 1, "play", FOR)]


def test_a_return_takes_the_purchase_back_and_a_later_purchase_counts_again() -> None:
    buy, back, again = ("a", 1, "buy", 1, 1), ("a", 1, "return", 2, 1), ("a", 1, "buy", 3, 1)
    assert given(buy, back) == [(0, 1, "return", AGAINST)]
    assert given(buy, back, again) == [(0, 1, "buy", FOR)]
    assert given(back, again, buy) == [(0, 1, "buy", FOR)]


def test_what_is_taken_back_is_of_the_same_user_and_item() -> None:
    events = [("a", 1, "buy", 1, 1), ("b", 1, "return", 2, 1), ("a", 2, "return", 2, 1)]
    assert given(*events) == [(0, 1, "buy", FOR), (1, 1, "return", AGAINST), (0, 2, "return", AGAINST)]


@pytest.mark.parametrize("times", [(np.nan, 2.0), (1.0, np.nan), (np.nan, np.nan), (2.0, 2.0)])
def test_where_the_order_is_unknown_the_return_counts(times: tuple[float, float]) -> None:
    assert given(("a", 1, "buy", times[0], 1), ("a", 1, "return", times[1], 1)) == [(0, 1, "return", AGAINST)]


def test_the_last_rating_counts() -> None:
    assert given(("a", 1, "rate", 1, 5), ("a", 1, "rate", 2, -1)) == [(0, 1, "rate", AGAINST)]
    assert given(("a", 1, "rate", 1, -1), ("a", 1, "rate", 2, 5)) == [(0, 1, "rate", FOR)]


def test_a_filter_hides_and_takes_back_without_speaking_against() -> None:
    kinds = {"buy": {}, "done": {"speaks": "filter"}}
    assert given(("a", 1, "buy", 1, 1), ("a", 1, "done", 2, 1), kinds=kinds) == [(0, 1, "done", HIDES)]


def test_a_weight_that_is_not_known_leaves_it_to_the_kind() -> None:
    nan = float("nan")
    assert given(("a", 1, "buy", 1, nan), ("a", 2, "return", 1, nan)) == [(0, 1, "buy", FOR), (0, 2, "return", AGAINST)]


def test_nothing_changes_where_everything_speaks_for_its_item() -> None:
    rows = Interactions.of_pairs([0, 0, 1], [1, 1, 2], [3.0, 2.0, 1.0])
    assert rows.settled() is rows
    assert rows.saying(FOR) is rows
    assert len(rows.saying(AGAINST)) == 0
