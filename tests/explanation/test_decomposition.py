"""Reasons add up to the score, and the number of each is what goes with its facts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.triples import Facts
from kgrec.explanation import decomposition
from kgrec.explanation.reasons import (
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItemReason,
    PopularityReason,
    Reason,
    TrendReason,
)
from kgrec.recommendation import Explanation, Recommender
from kgrec.scoring.path_terms import without_facts, without_text
from kgrec.scoring.trend import DAY_S, Trend
from tests.support.bundles import bundle_of, film_bundle, film_schema, random_interactions
from tests.support.path_worlds import N_ITEMS, path_world, with_texts
from tests.support.trends import START, random_events, with_random_trend, with_trend

MANY = settings(max_examples=12, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
ITEMS = st.integers(0, N_ITEMS - 1)
HISTORIES = st.lists(st.sampled_from([f"i{n}" for n in range(N_ITEMS)]), min_size=1, max_size=5, unique=True)


def world(seed: int) -> tuple[Facts, Bundle]:
    rng = np.random.default_rng(seed)
    facts, model = path_world(rng)
    model = with_random_trend(rng, model)
    return facts, bundle_of(model, random_interactions(rng, 2, N_ITEMS, 6), 2)


def removed(bundle: Bundle, facts: Facts, history: list[str], item: str) -> float:
    """What the score loses where the graph does not have these facts and nothing is learned again."""
    rest = replace(bundle, model=without_facts(bundle.model, facts))
    before, after = (Recommender(of).score(items=[item], history=history)[0] for of in (bundle, rest))
    return before - after


def between(facts: Facts, node: int, other: int) -> Facts:
    ends = (facts.head == node) & (facts.tail == other) | (facts.head == other) & (facts.tail == node)
    return facts.select(np.flatnonzero(ends))


@MANY
@given(SEEDS, HISTORIES, ITEMS)
def test_reasons_and_the_constant_add_up_to_the_score(seed: int, history: list[str], n: int) -> None:
    _, bundle = world(seed)
    it = Recommender(bundle).explain(history=history, item=f"i{n}")
    assert it.constant + sum(reason.value for reason in it.reasons) == pytest.approx(it.score, abs=1e-5)
    assert all(a.value >= b.value for a, b in pairwise(it.reasons))
    positive = sum(reason.share for reason in it.reasons if reason.value > 0)
    assert positive == pytest.approx(1.0 if any(reason.value > 0 for reason in it.reasons) else 0.0)
    of_paths = sum(it.channels[name] for name in ("paths", "recent_paths"))
    assert it.path_share == pytest.approx(of_paths * positive / max(positive_score(it), 1e-12))
    for reason in it.reasons:
        if isinstance(reason, EntityReason):
            assert sum(part.value for part in reason.relations) == pytest.approx(reason.value)
            assert sum(past.value for past in reason.past) == pytest.approx(reason.value)
        if isinstance(reason, EdgeReason | PastItemReason):
            assert reason.past.value == reason.value


def positive_score(it: Explanation) -> float:
    return sum(reason.value for reason in it.reasons if reason.value > 0)


@MANY
@given(SEEDS, HISTORIES, ITEMS)
def test_the_number_of_an_entity_goes_with_its_facts(seed: int, history: list[str], n: int) -> None:
    """With those of the item all of it, with those of a past item the number of the past item."""
    facts, bundle = world(seed)
    for reason in Recommender(bundle).explain(history=history, item=f"i{n}").reasons:
        if isinstance(reason, EntityReason) and reason.entity.type == "Genre":
            entity = bundle.nodes.row(f"Genre:{reason.entity.uid}")
            assert entity is not None
            lost = removed(bundle, between(facts, n, entity), history, f"i{n}")
            assert lost == pytest.approx(reason.value, abs=1e-5)
            for past in reason.past:
                of_past = between(facts, int(past.item[1:]), entity)
                assert removed(bundle, of_past, history, f"i{n}") == pytest.approx(past.value, abs=1e-5)


@MANY
@given(SEEDS, HISTORIES, ITEMS)
def test_the_number_of_an_edge_goes_with_it_and_so_does_what_meets_in_the_past_item(
    seed: int, history: list[str], n: int
) -> None:
    facts, bundle = world(seed)
    reasons = Recommender(bundle).explain(history=history, item=f"i{n}").reasons
    for past in {reason.past.item for reason in reasons if isinstance(reason, EdgeReason)}:
        through = sum(reason.value for reason in reasons if is_of(reason, past))
        lost = removed(bundle, between(facts, n, int(past[1:])), history, f"i{n}")
        assert lost == pytest.approx(through, abs=1e-5)


def is_of(reason: Reason, past: str) -> bool:
    """An edge to the past item, or other past items that are related to it as the item is."""
    if isinstance(reason, EdgeReason):
        return reason.past.item == past
    return isinstance(reason, EntityReason) and reason.entity.uid == past


@MANY
@given(SEEDS, HISTORIES, ITEMS)
def test_without_an_entity_ranks_are_those_of_the_graph_without_it(seed: int, history: list[str], n: int) -> None:
    facts, bundle = world(seed)
    ids = list(bundle.items)
    it = Recommender(bundle).explain(history=history, item=f"i{n}")
    named = [reason for reason in it.reasons if isinstance(reason, EntityReason)]
    assert [reason.counterfactual is not None for reason in named] == [place < 3 for place in range(len(named))]
    for reason in named[:3]:
        if reason.entity.type == "Genre" and (effect := reason.counterfactual) is not None:
            entity = bundle.nodes.row(f"Genre:{reason.entity.uid}")
            its = facts.select(np.flatnonzero((facts.head == entity) | (facts.tail == entity)))
            rest = Recommender(replace(bundle, model=without_facts(bundle.model, its)))
            after = rest.score(items=ids, history=history)
            rivals = [row for row in range(N_ITEMS) if ids[row] not in history or row == n]
            ahead = [row for row in rivals if after[row] > after[n] + 1e-9]
            level = [row for row in rivals if abs(after[row] - after[n]) <= 1e-9]
            assert (effect.uid, effect.score) == (reason.entity.uid, near(after[n]))
            assert len(ahead) < effect.rank_after <= len(ahead) + len(level)
            assert (effect.candidates, effect.moves) == (len(rivals), effect.rank_before != effect.rank_after)


@MANY
@given(SEEDS, HISTORIES, ITEMS)
def test_the_number_of_a_text_goes_with_the_text_of_the_past_item_and_all_of_them_with_that_of_the_item(
    seed: int, history: list[str], n: int
) -> None:
    """Scored again by the bundle's own arithmetic, with the vector of a text at 0; what a text is like is a path."""
    rng = np.random.default_rng(seed)
    model = with_texts(path_world(rng)[1], rng)
    bundle = bundle_of(model, random_interactions(rng, 2, N_ITEMS, 6), 2)

    def lost(item: int) -> float:
        rest = replace(bundle, model=without_text(model, item))
        before, after = (Recommender(of).score(items=[f"i{n}"], history=history)[0] for of in (bundle, rest))
        return before - after

    it = Recommender(bundle).explain(history=history, item=f"i{n}")
    of_texts = [r for r in it.reasons if isinstance(r, PastItemReason) and r.evidence == "semantic_paths"]
    for reason in of_texts:
        assert lost(int(reason.past.item[1:])) == pytest.approx(reason.value, abs=1e-5)
    assert lost(n) == pytest.approx(sum(reason.value for reason in of_texts), abs=1e-5)
    assert it.constant + sum(reason.value for reason in it.reasons) == pytest.approx(it.score, abs=1e-5)
    over_facts = sum(it.channels[name] for name in ("paths", "recent_paths")) / max(positive_score(it), 1e-12)
    over_texts = sum(reason.share for reason in of_texts if reason.value > 0)
    assert it.path_share == pytest.approx(over_facts + over_texts)


def near(value: float) -> Any:
    """Whatever differs from a value by rounding only."""
    return pytest.approx(value)


def films() -> Recommender:
    return Recommender(film_bundle(film_schema(), "g1"))


def test_an_entity_that_two_films_share() -> None:
    (lucas,) = (r for r in films().explain("ann", "empire").reasons if isinstance(r, EntityReason))
    assert lucas.value == pytest.approx(0.5 * 2 / np.sqrt(2))  # gate x term over the root of the history's sum
    assert (lucas.entity.type, lucas.entity.uid, lucas.entity.name) == ("Person", "lucas", "George Lucas")
    (directed,) = lucas.relations
    assert (directed.type, directed.relation, directed.words["en"]) == ("DIRECTED_BY", "DIRECTED_BY", "directed by")
    assert (directed.from_item, directed.value) == (True, lucas.value)
    assert [(past.name, past.verb["en"], past.value) for past in lucas.past] == [("Star Wars", "watched", lucas.value)]
    assert lucas.common == pytest.approx(2 / len(films().bundle.items))  # Star Wars and its sequel
    assert lucas.paths == ()  # there is no store that could confirm it


def test_an_edge_says_which_way_it_leads() -> None:
    (edge,) = (r for r in films().explain("ann", "aliens").reasons if isinstance(r, EdgeReason))
    assert (edge.past.item, edge.relation.type, edge.relation.from_item) == ("alien", "SEQUEL_OF", True)
    assert edge.value == pytest.approx(0.5 * 3 / np.sqrt(2))
    (back,) = (r for r in films().explain(item="alien", history=["aliens"]).reasons if isinstance(r, EdgeReason))
    assert (back.past.item, back.relation.from_item, back.value) == ("aliens", False, near(0.5 * 3))


def test_entities_that_people_cannot_read_and_those_beyond_the_first_are_added_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = film_bundle(film_schema(), "g1")
    nameless = replace(bundle, names=(*bundle.names[:7], "lucas", "horror"))
    it = Recommender(nameless).explain("ann", "empire")
    (others,) = (reason for reason in it.reasons if isinstance(reason, OtherFactsReason))
    assert (others.value, others.entities) == (near(0.5 * 2 / np.sqrt(2)), 1)
    assert not any(isinstance(reason, EntityReason) for reason in it.reasons)
    assert it.path_share == pytest.approx(others.share)
    monkeypatch.setattr(decomposition, "ENTITIES_NAMED", 0)
    assert [r.entities for r in films().explain("ann", "empire").reasons if isinstance(r, OtherFactsReason)] == [1]


def test_what_others_took_back_is_one_reason_with_what_they_say() -> None:
    """A correction beside the paths counts with the channel of the same evidence."""
    _, bundle = world(3)
    it = Recommender(bundle).explain(history=["i0", "i1"], item="i4")
    together = {
        r.past.item: r.value for r in it.reasons if isinstance(r, PastItemReason) and r.evidence == "taken_together"
    }
    for past, value in together.items():
        parts = [c.value for c in it.contributions if c.item == past and c.channel in ("behaviour", "paths_correction")]
        assert len(parts) == 2
        assert value == pytest.approx(sum(parts))
    assert {r.evidence for r in it.reasons if isinstance(r, PastItemReason)} == {"taken_together", "taken_next"}


def test_popularity_is_a_reason_that_says_whether_it_is_expected() -> None:
    for item, expected, prior in (("empire", False, 0.5), ("newcomer", True, -1.0)):
        (popular,) = (r for r in films().explain("ann", item).reasons if isinstance(r, PopularityReason))
        assert popular.expected == expected
        assert popular.value == pytest.approx(0.1 * prior)


@pytest.mark.parametrize("at", [None, START + 5 * DAY_S])
def test_the_trend_is_a_reason_of_its_own_that_says_what_it_adds_then(at: float | None) -> None:
    _, bundle = world(3)
    trend = Trend.of(random_events(np.random.default_rng(1), N_ITEMS, 40), N_ITEMS, 7 * DAY_S)
    opened = replace(bundle, model=with_trend(bundle.model, trend, 0.7))
    closed = replace(bundle, model=with_trend(replace(bundle.model, trend=None), trend, 0.0))
    values = []
    for item in bundle.items:
        given = {"item": item, "history": ["i0"], "context": Context(at)}
        it, before = (Recommender(of).explain(**given) for of in (opened, closed))  # type: ignore[arg-type]
        said = [reason for reason in it.reasons if isinstance(reason, TrendReason)]
        assert sum(reason.value for reason in said) == pytest.approx(it.score - before.score, abs=1e-9)
        assert not any(isinstance(reason, TrendReason) for reason in before.reasons)
        assert it.base - it.constant == pytest.approx(before.base - before.constant + it.score - before.score)
        assert it.constant == pytest.approx(before.constant)
        values += [reason.value for reason in said]
        for reason in said:
            assert reason.half_life_days == 7.0
            assert reason.share == pytest.approx(reason.value / max(positive_score(it), 1e-12))
    assert len(values) == np.count_nonzero(~bundle.model.is_cold)
    assert min(values) < 0 < max(values)
