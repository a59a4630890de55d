"""What if: a changed history is answered as if it had been given, an entity that is left out is nowhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.triples import Facts
from kgrec.errors import UnknownIdError, UnknownItemError
from kgrec.recommendation import Filters, PastInteraction, Recommender
from kgrec.scoring.path_terms import without_facts
from tests.support.bundles import film_bundle, film_store, random_bundle


def test_without_a_past_item_is_the_list_of_who_never_took_it() -> None:
    recommender = Recommender(film_bundle())
    found = recommender.what_if("ann", without=["alien"], k=6, explain=True)
    assert found.before == recommender.recommend("ann", k=6, explain=True)
    alone = recommender.recommend(history=[PastInteraction("star-wars", time=1.0)], k=6)
    assert [(one.item, one.score) for one in found.after] == [(one.item, one.score) for one in alone]
    assert "alien" in {one.item for one in found.after}
    by_item = {change.item: change for change in found.changes}
    assert (by_item["alien"].rank_before, by_item["alien"].rank_after) == (
        None,
        [one.item for one in alone].index("alien") + 1,
    )
    assert by_item["empire"].rank_after == 1
    assert [change.item for change in found.changes][: len(found.after)] == [one.item for one in found.after]


@pytest.mark.parametrize("seed", range(8))
def test_more_is_the_list_of_who_did_more(seed: int) -> None:
    bundle = random_bundle(np.random.default_rng(seed))
    recommender = Recommender(bundle)
    history = recommender.history("u0")
    latest = max((one.time or 0.0 for one in history), default=0.0)
    more = [PastInteraction("i3"), PastInteraction("i5", kind="view", platform="web", weight=2.0)]
    found = recommender.what_if("u0", add=more, k=8)
    times = [latest + 1, latest + 2] if history else [None, None]
    same = recommender.recommend(
        history=[*history, *(replace(one, time=time) for one, time in zip(more, times, strict=True))], k=8
    )
    assert [one.item for one in found.after] == [one.item for one in same]
    assert [one.score for one in found.after] == pytest.approx([one.score for one in same])


def test_without_an_entity_is_the_graph_without_its_facts() -> None:
    with film_store() as store:
        bundle = film_bundle(store.schema, store.graph_id)
        found = Recommender(bundle, store).what_if("ann", without_entities=["Person:lucas"], k=5, explain=True)
    facts = Facts(np.array([0, 1]), np.array([0, 0]), np.array([7, 7]), bundle.relations)
    without = replace(bundle, model=without_facts(bundle.model, facts))
    same = Recommender(without).recommend("ann", k=5)
    assert [(one.item, one.score) for one in found.after] == [(one.item, one.score) for one in same]
    before, after = (next(one for one in best if one.item == "empire") for best in (found.before, found.after))
    assert before.explanation is not None
    assert after.explanation is not None
    lost = [reason.value for reason in before.explanation.reasons if getattr(reason, "entity", None)]
    assert before.score - after.score == pytest.approx(sum(lost))
    assert not [reason for reason in after.explanation.reasons if getattr(reason, "entity", None)]


def test_filters_hold_for_both_lists() -> None:
    found = Recommender(film_bundle()).what_if("ann", without=["alien"], filters=Filters(deny=["empire"]), k=7)
    assert not {"empire"} & {one.item for one in [*found.before, *found.after]}


def test_what_cannot_be_left_out() -> None:
    recommender = Recommender(film_bundle())
    for item in ("blade", "nothing"):
        with pytest.raises(UnknownItemError):
            recommender.what_if("ann", without=[item])
    with pytest.raises(UnknownIdError, match="no such node"):
        recommender.what_if("ann", without_entities=["Person:nobody"])
