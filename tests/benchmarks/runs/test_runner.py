"""The harness is honest: the test is read once a row, and nothing that is learned, chosen or told depends on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.data.splits import Split
from kgrec.errors import ConfigError
from kgrec.evaluation.compared_system import System
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.split import PublishedSplit, SplitCutAtLast
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import dataset_of
from tests.support.spied_learning import Spies, arrays_of, pairs_of, spied

N_USERS, N_ITEMS = 30, 24
START = 1_000_000_000.0


def published(test: Callable[[Interactions], Interactions] = lambda given: given) -> PublishedSet:
    """Users of three tastes who took six items one after the other: four to learn from, one to validate, one to find.

    Args:
        test: makes another test part of the one that is there.
    """
    rng = np.random.default_rng(0)
    rows = [
        (user, int(item), START + 1000 * user + 10 * place)
        for user in range(N_USERS)
        for place, item in enumerate(rng.permutation(8)[:6] * 3 + user % 3)
    ]
    everything = Interactions.of_pairs(*zip(*rows, strict=True))
    place = np.arange(len(rows)) % 6
    parts = {"train": everything.select(place < 4), "valid": everything.select(place == 4)}
    parts["test"] = test(everything.select(place == 5))
    whole = parts["train"].joined(parts["valid"]).joined(parts["test"])
    triples = [(item, 0, N_ITEMS + item % 3) for item in range(N_ITEMS)]
    dataset = dataset_of(whole, N_USERS, N_ITEMS, triples=triples, relations=("OF",), n_entities=3)
    return PublishedSet("tastes", dataset, parts)


def other_items(test: Interactions) -> Interactions:
    """For each user an item of another taste."""
    rng = np.random.default_rng(1)
    foreign = [[item for item in range(N_ITEMS) if item % 3 != user % 3] for user in test.user]
    return replace(test, item=np.array([rng.choice(items) for items in foreign]))


def others_first(test: Interactions) -> Interactions:
    """The same rows in another order."""
    return test.select(np.random.default_rng(2).permutation(len(test)))


VARIANTS: dict[str, Callable[[Interactions], Interactions]] = {
    "other items": other_items,
    "another order": others_first,
    "half of the users": lambda test: test.select(test.user % 2 == 0),
    "later": lambda test: replace(test, time=test.time + 5.0),
}


def run(dataset: PublishedSet, spies: Spies, protocol: PublishedSplit | None = None) -> Result:
    protocol = protocol or PublishedSplit(models=("kgrec", "rival"))
    return protocol.run(dataset, TrainConfig(), RunCache(), spies.progress)


@pytest.fixture
def spies(monkeypatch: pytest.MonkeyPatch) -> Spies:
    found = spied(monkeypatch)
    monkeypatch.setattr("kgrec_benchmarks.runs.runner.system_named", {"rival": found.baseline}.__getitem__)
    return found


def test_spies_see_which_pairs_reach_every_fit(spies: Spies) -> None:
    given = published()
    train, valid = pairs_of(given.parts["train"]), pairs_of(given.parts["valid"])
    known = sorted(train + valid)
    result = run(given, spies)
    assert spies.fits == [(train, valid)]
    assert spies.refits == [known]
    *tuning, (refitted, setting) = spies.baseline_fits
    assert tuning
    assert [pairs for pairs, _ in tuning] == [train] * len(tuning)
    assert (refitted, setting) == (known, result.settings["rival"])
    assert spies.baseline_histories == [known]  # of the row that is learned from train


def test_each_row_is_of_its_model_over_its_history_at_the_moment_of_the_test(spies: Spies) -> None:
    given = published()
    result = run(given, spies)
    train = pairs_of(given.parts["train"])
    known = pairs_of(given.parts["train"], given.parts["valid"])
    of_train, refitted = spies.models
    models, histories, contexts = zip(*spies.rankings, strict=True)
    assert [id(model) for model in models] == [id(refitted), id(of_train), id(of_train)]
    assert list(histories) == [known, known, train]
    for asked in contexts:
        np.testing.assert_array_equal(asked.at, given.parts["test"].first_times(N_USERS))
    assert set(result.rows) == {"kgrec", "rival"}
    assert result.rows_train_fit is not None
    assert result.rows_train_only is not None
    assert set(result.rows_train_fit) == {"kgrec_train_fit", "rival_train_fit"}
    assert set(result.rows_train_only) == {"kgrec_train_only", "rival_train_only"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_test_changes_no_model_no_setting_and_no_word(monkeypatch: pytest.MonkeyPatch, variant: str) -> None:
    seen = []
    for test in (lambda given: given, VARIANTS[variant]):
        with monkeypatch.context() as patched:
            spies = spied(patched)
            patched.setattr("kgrec_benchmarks.runs.runner.system_named", {"rival": spies.baseline}.__getitem__)
            result = run(published(test), spies)
            seen.append((spies, result))
    (first, one), (second, other) = seen
    for mine, theirs in zip(first.models, second.models, strict=True):
        for left, right in zip(arrays_of(mine), arrays_of(theirs), strict=True):
            np.testing.assert_array_equal(left, right)
    assert first.baseline_fits == second.baseline_fits
    assert (first.fits, first.refits) == (second.fits, second.refits)
    assert first.told == second.told
    assert one.settings == other.settings
    assert one.validation == other.validation
    assert [row["tried"] for row in (one.cost or {}).values()] == [row["tried"] for row in (other.cost or {}).values()]


def test_nothing_of_the_moment_of_the_test_or_later_is_known_where_it_is_cut(spies: Spies) -> None:
    given = published()
    run(given, spies, SplitCutAtLast(models=("kgrec", "rival")))
    train = given.parts["train"]
    place = np.arange(len(train)) % 4  # the last of four is looked for, the one before is validated on
    parts = [pairs_of(train.select(chosen)) for chosen in (place < 2, place == 2)]
    assert spies.fits == [(parts[0], parts[1])]
    assert spies.refits == [sorted(parts[0] + parts[1])]
    np.testing.assert_array_equal(spies.rankings[0][2].at, train.select(place == 3).first_times(N_USERS))


class SameForAll:
    """Every item is as good as every other."""

    def __init__(self, n_items: int) -> None:
        self.n_items = n_items

    def with_history(self, history: Interactions) -> SameForAll:
        return self

    def scores(self, users: IntArray) -> Array:
        return np.zeros((len(users), self.n_items))


def test_equal_scores_go_to_the_lower_item_row(spies: Spies, monkeypatch: pytest.MonkeyPatch) -> None:
    rival = System(lambda train, n_users, n_items: SameForAll(n_items), ({},))
    monkeypatch.setattr("kgrec_benchmarks.runs.runner.system_named", lambda _: rival)
    given = published()
    result = run(given, spies, PublishedSplit(models=("rival",)))
    split = Split(given.parts["train"], given.parts["valid"], given.parts["test"])
    taken = split.known.matrix(N_USERS, N_ITEMS).toarray() > 0
    found = 0
    for user, item in pairs_of(split.test):
        found += item in np.flatnonzero(~taken[user])[:10]
    assert 0 < found < N_USERS  # or nothing would be said by it
    assert result.rows["rival"]["recall@10"] == pytest.approx(found / N_USERS)


def test_systems_that_need_times_are_refused_without_them(spies: Spies, monkeypatch: pytest.MonkeyPatch) -> None:
    given = published()
    untimed = {name: replace(part, time=np.full(len(part), np.nan)) for name, part in given.parts.items()}
    ordered = replace(spies.baseline, needs_times=True)
    monkeypatch.setattr("kgrec_benchmarks.runs.runner.system_named", lambda _: ordered)
    result = run(replace(given, parts=untimed), spies, PublishedSplit(models=("rival",)))
    assert result.refused == {"rival": "it learns from the order of events, and not all times are known"}
    assert spies.baseline_fits == []


def test_a_set_without_a_published_split_cannot_be_cut(spies: Spies) -> None:
    given = published()
    with pytest.raises(ConfigError, match="no published split to cut") as caught:
        run(replace(given, parts={"all": given.dataset.interactions}), spies, SplitCutAtLast(models=("rival",)))
    assert caught.value.found == "all"
