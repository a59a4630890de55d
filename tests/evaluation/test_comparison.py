"""Measuring on a store's own behaviour is honest: nothing that is learned, chosen or told depends on the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kgrec.config import TrainConfig
from kgrec.data.dataset import Interactions
from kgrec.data.splits import Split
from kgrec.evaluation.store_evaluation import SplitEvaluation, evaluate_split
from tests.support.datasets import dataset_of
from tests.support.spied_learning import Spies, arrays_of, pairs_of, spied

N_USERS, N_ITEMS = 20, 16
Change = Callable[[Interactions], Interactions]


def split(test: Change = lambda given: given) -> Split:
    """Two tastes; of each user's six items one is validated on and one is tested on."""
    rng = np.random.default_rng(0)
    rows = [
        (user, int(item), 1e9 + 100 * user + place)
        for user in range(N_USERS)
        for place, item in enumerate(rng.permutation(8)[:6] * 2 + user % 2)
    ]
    everything = Interactions.of_pairs(*zip(*rows, strict=True))
    place = np.arange(len(rows)) % 6
    train, valid, rest = (everything.select(chosen) for chosen in (place < 4, place == 4, place == 5))
    return Split(train, valid, test(rest))


def evaluated(monkeypatch: pytest.MonkeyPatch, parts: Split) -> tuple[Spies, SplitEvaluation]:
    with monkeypatch.context() as patched:
        spies = spied(patched)
        patched.setattr("kgrec.evaluation.comparison.BASELINES", {"rival": spies.baseline})
        dataset = dataset_of(parts.known.joined(parts.test), N_USERS, N_ITEMS)
        return spies, evaluate_split(dataset, parts, TrainConfig(), spies.progress)


def test_spies_see_which_pairs_reach_every_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = split()
    train, valid = pairs_of(parts.train), pairs_of(parts.valid)
    known = sorted(train + valid)
    spies, found = evaluated(monkeypatch, parts)
    assert spies.fits == [(train, valid)]
    assert spies.refits == [known]
    *tuning, (refitted, setting) = spies.baseline_fits
    assert [pairs for pairs, _ in tuning] == [train] * len(tuning)
    assert (refitted, setting) == (known, found.settings["rival"])
    ((model, history, asked),) = spies.rankings
    assert (id(model), history) == (id(spies.models[-1]), known)
    np.testing.assert_array_equal(asked.at, parts.test.first_times(N_USERS))


@pytest.mark.parametrize(
    "change",
    [
        lambda test: replace(test, item=(test.item + 1) % N_ITEMS),  # of the other taste
        lambda test: test.select(test.user % 2 == 0),
        lambda test: test.select(np.arange(len(test))[::-1]),
    ],
)
def test_another_test_changes_no_model_no_setting_and_no_word(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    (first, one), (second, other) = (evaluated(monkeypatch, split(test)) for test in (lambda given: given, change))
    for mine, theirs in zip(first.models, second.models, strict=True):
        for left, right in zip(arrays_of(mine), arrays_of(theirs), strict=True):
            np.testing.assert_array_equal(left, right)
    assert first.baseline_fits == second.baseline_fits
    assert (first.fits, first.refits, first.told) == (second.fits, second.refits, second.told)
    assert one.settings == other.settings
