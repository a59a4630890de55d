"""Learning where some kinds take an item and others only meet it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.explanation.reasons import RefindReason
from kgrec.explanation.wording.sentence import sentence
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit, parts_of, refit
from kgrec.learn.fit_result import FitResult
from kgrec.learn.refinding import never_met_before, taken_apart
from kgrec.learn.refresh import refresh, settings_of
from kgrec.progress import silent
from kgrec.recommendation import Filters, PastInteraction, Recommender
from kgrec.recommendation.fold_in import fold_in
from kgrec.scoring.model import AdditiveModel
from tests.support.datasets import quick
from tests.support.funnel import BUY, VIEW, did, shop

pytestmark = pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")
QUICK = quick(epochs=1, text_encoder="none", num_layers=0, next_item_dim=0)


def with_both(world: Dataset, held: Interactions) -> Dataset:
    return world.with_interactions(world.interactions.joined(held))


@pytest.fixture(scope="module")
def learned() -> tuple[Dataset, Interactions, FitResult]:
    world, held = shop()
    return world, held, fit(world, QUICK, valid=held)


def test_what_was_met_is_found_again(learned: tuple[Dataset, Interactions, FitResult]) -> None:
    _, _, result = learned
    assert result.chosen.refind is not None
    assert result.chosen.refind.takes == {"buy"}
    with_it, without = (result.metrics[f"all, {how} items met before"] for how in ("with", "without"))
    assert with_it > without
    assert [channel.name for channel in result.model.channels][-1] == "refind"
    assert result.train_only is not None
    assert result.train_only.channels[-1].name == "refind"


def test_contributions_add_up_and_the_item_itself_is_one(learned: tuple[Dataset, Interactions, FitResult]) -> None:
    world, _, result = learned
    of_user = world.interactions.select(world.interactions.user == 1)
    viewed = of_user.item[of_user.kind == VIEW]
    parts = result.model.contributions(of_user, np.arange(40))
    scored = result.model.scored(of_user)
    np.testing.assert_allclose(parts.scores, scored.scores, atol=1e-9)
    own = parts.values[-1]
    assert own.any()
    past, item = np.nonzero(own)
    assert (parts.history[past] == item).all()
    assert set(item.tolist()) == set(viewed.tolist())
    without = of_user.select(of_user.item != viewed[0])
    assert not result.model.contributions(without, viewed[:1]).values[-1].any()


def test_a_bundle_keeps_it(learned: tuple[Dataset, Interactions, FitResult], tmp_path: Path) -> None:
    world, held, result = learned
    bundle = to_bundle(with_both(world, held), result, QUICK, schema=None, graph_id=None)
    bundle.save(tmp_path / "b")
    again = Bundle.load(tmp_path / "b").model
    assert again.channels[-1].history == result.model.channels[-1].history
    both = with_both(world, held).interactions
    ours, theirs = (model.scores(model.histories(both, 120)) for model in (result.model, again))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_lists_have_what_was_viewed_and_not_what_was_bought(
    learned: tuple[Dataset, Interactions, FitResult],
) -> None:
    world, held, result = learned
    recommender = Recommender(to_bundle(with_both(world, held), result, QUICK, schema=None, graph_id=None))
    history = [
        PastInteraction("i2", kind="view"),
        PastInteraction("i4", kind="view"),
        PastInteraction("i4", kind="buy"),
    ]
    shelves = {
        met: {one.item for one in recommender.recommend(history=history, k=40, filters=Filters(met=met))}
        for met in ("include", "only", "exclude")
    }
    assert shelves["only"] == {"i2"}
    assert shelves["include"] == {f"i{n}" for n in range(40)} - {"i4"}
    assert shelves["exclude"] == shelves["include"] - {"i2"}
    all_met = recommender.recommend(history=history, k=40, filters=Filters(met="only", include_seen=True))
    assert {one.item for one in all_met} == {"i2", "i4"}


def test_of_one_kind_nothing_changes() -> None:
    """Whatever kind it is called, and beside a kind of which nothing is met: the same numbers, and no channel."""
    world, held = shop()
    one = replace(world.interactions, kind=np.zeros(len(world.interactions), np.int64))
    one = one.select(np.unique(one.user * 40 + one.item, return_index=True)[1])
    held = held.select(~np.isin(held.user * 40 + held.item, one.user * 40 + one.item))
    plain = replace(one, kinds=("interaction",)), replace(held, kinds=("interaction",))
    results = [fit(world.with_interactions(train), QUICK, valid=wanted) for train, wanted in ((one, held), plain)]
    for result in results:
        assert result.chosen.refind is None
        assert result.model.refind is None
        assert "refind" not in result.chosen.as_dict()
        assert result.model.taken(one) is one
    same_model(results[0].model, results[1].model)


def same_model(a: AdditiveModel, b: AdditiveModel) -> None:
    for name, array in a.gates.arrays().items():
        np.testing.assert_array_equal(array, b.gates.arrays()[name])
    for one, other in zip(a.channels, b.channels, strict=True):
        for name, array in one.matrix.arrays().items():
            np.testing.assert_array_equal(array, other.matrix.arrays()[name])


def test_where_all_was_met_channels_are_chosen_on_what_is_made_to_seem_unmet() -> None:
    train = did([(0, 0, VIEW), (0, 1, VIEW), (1, 1, VIEW)])
    held = did([(0, 0, BUY), (1, 2, BUY)])
    assert taken_apart(train, held)
    left = never_met_before(train, held)
    assert sorted(zip(left.user.tolist(), left.item.tolist(), strict=True)) == [(0, 1), (1, 1)]
    unmet = did([(0, 2, BUY)])
    assert never_met_before(train, unmet) is train


def test_a_kind_to_predict_may_be_named() -> None:
    world, held = shop()
    whole = with_both(world, held)
    config = TrainConfig.of({**QUICK.model_dump(), "predict": "buy"})
    result = fit(whole, config, refit_on_all=False)
    assert result.model.refind is not None
    again = refit(whole, result, config)
    assert again.model.refind is not None
    assert fit(whole, QUICK, refit_on_all=False).model.refind is None


def test_what_was_viewed_after_the_last_purchase_is_learned_in_the_end() -> None:
    world, held = shop()
    later = did([(user, (user + 11) % 40, VIEW) for user in range(10)])
    done = with_both(world, held).interactions.joined(later)
    whole = world.with_interactions(replace(done, time=np.arange(len(done), dtype=np.float64)))
    config = TrainConfig.of({**QUICK.model_dump(), "predict": "buy"})
    train, valid = parts_of(whole, None, config)
    assert len(train) + len(valid) < len(whole.interactions)
    result = fit(whole, config)
    same_model(result.model, refit(whole, result, config).model)


def test_a_bundle_is_brought_up_to_date_with_it(learned: tuple[Dataset, Interactions, FitResult]) -> None:
    world, held, result = learned
    both = with_both(world, held)
    bundle = to_bundle(both, result, QUICK, schema=None, graph_id=None)
    _, chosen = settings_of(bundle)
    assert chosen.refind == result.chosen.refind
    item = int(held.item[1])
    later = both.with_interactions(both.interactions.select(both.interactions.item != item))
    (rates, fewer) = (
        model.channels[-1].matrix.arrays()["rates"]
        for model in (refresh(both, bundle, silent).model, refresh(later, bundle, silent).model)
    )
    np.testing.assert_array_equal(rates, result.model.channels[-1].matrix.arrays()["rates"])
    assert fewer[item] < rates[item]  # nobody met it any more: the mean


def test_the_reason_is_the_item_itself_with_its_exact_part(learned: tuple[Dataset, Interactions, FitResult]) -> None:
    world, held, result = learned
    bundle = to_bundle(with_both(world, held), result, QUICK, schema=None, graph_id=None)
    recommender = Recommender(bundle)
    history = [
        PastInteraction("i2", kind="view"),
        PastInteraction("i2", kind="view"),
        PastInteraction("i4", kind="buy"),
    ]
    told = recommender.explain(history=history, item="i2")
    (reason,) = [one for one in told.reasons if isinstance(one, RefindReason)]
    parts = bundle.model.contributions(fold_in(history, bundle), np.array([2]))
    assert reason.value == pytest.approx(parts.values[-1].sum())
    assert reason.past.item == "i2"
    assert reason.times == 2
    assert reason.rate == pytest.approx(bundle.model.channels[-1].matrix.arrays()["rates"][2])
    assert told.constant + sum(one.value for one in told.reasons) == pytest.approx(told.score)
    assert told.counterfactual is not None
    assert told.counterfactual.uid == "i2"
    assert sentence(told, "en", "short") == "You chose it twice"
    rate = f"{round(100 * reason.rate)}%"
    assert f"the chance that somebody who came across it chose it is put at {rate} (" in sentence(told, "en")
    assert f"可能性估计为{rate}" in sentence(told, "zh")
    other = recommender.explain(history=history, item="i6")
    assert not [one for one in other.reasons if one.kind == "refind"]
