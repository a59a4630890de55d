"""What every system that kgrec is compared with promises, as tests on a world of two camps."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.data.triples import Facts
from kgrec.evaluation.compared_system import Baseline, Fading, Setting, System
from kgrec.metrics.ranking import mean_metrics, rank_users
from kgrec.testing.ranker import RankerContract

N_USERS, N_ITEMS = 24, 12


def camps() -> tuple[Interactions, Interactions]:
    """Even users take even items, odd users odd ones; all go around theirs in the same order, from different places.

    The item that would come next is the second part.
    """
    held = np.array([2 * (u // 2 % (N_ITEMS // 2)) + u % 2 for u in range(N_USERS)])
    pairs = [(u, i, (i - held[u]) % N_ITEMS) for u in range(N_USERS) for i in range(u % 2, N_ITEMS, 2) if i != held[u]]
    return (
        Interactions.of_pairs(*zip(*pairs, strict=True)),
        Interactions.of_pairs(np.arange(N_USERS), held, np.full(N_USERS, N_ITEMS)),
    )


def swapped(interactions: Interactions) -> Interactions:
    """What every user did, done by the user at the same place from the end."""
    return replace(interactions, user=N_USERS - 1 - interactions.user)


def fitted(system: System, train: Interactions | None = None, **setting: Any) -> Baseline:
    """The system fitted on the camps, or on other interactions of as many users and items.

    What it reads of a graph are the items' camps, their only facts.
    """
    items = np.arange(N_ITEMS)
    facts = Facts.unique(items, 0 * items, N_ITEMS + items % 2, ("OF_CAMP",))
    given: dict[str, Any] = {"facts": facts, "n_nodes": N_ITEMS + 2, "seed": 0}
    read = {name: given[name] for name in system.reads}
    train = camps()[0] if train is None else train
    return system.fit(train, N_USERS, N_ITEMS, **(read | setting))


class SystemContract(RankerContract):
    """Tests of a system; a subclass whose name starts with ``Test`` says which and with what setting it is fitted.

    .. code-block:: python

        class TestMySystem(SystemContract):
            @pytest.fixture
            def system(self) -> System:
                return System(MySystem.fit, grid(strength=(0.1, 1.0)))
    """

    @pytest.fixture
    def system(self) -> System:
        """The system to test."""
        raise NotImplementedError

    @pytest.fixture
    def setting(self) -> Setting:
        """A setting that suits two dozen users."""
        return {}

    @pytest.fixture
    def personal(self) -> bool:
        """Whether scores depend on the user."""
        return True

    @pytest.fixture
    def ranker(self, system: System, setting: Setting) -> Baseline:
        """The system fitted on the camps."""
        return fitted(system, **setting)

    @pytest.fixture
    def shape(self) -> tuple[int, int]:
        """Users and items of the camps."""
        return N_USERS, N_ITEMS

    def test_the_camps_are_found(self, ranker: Baseline, personal: bool) -> None:
        train, held = camps()
        seen, wanted = train.matrix(N_USERS, N_ITEMS), held.matrix(N_USERS, N_ITEMS)
        recall = mean_metrics(ranker, seen, wanted, ks=(1,))["recall@1"]
        assert not personal or recall == 1.0

    def test_another_history_gives_the_camp_of_that_history(self, ranker: Baseline, personal: bool) -> None:
        history, users = swapped(camps()[0]), np.arange(N_USERS)
        top = rank_users(ranker.with_history(history), history.matrix(N_USERS, N_ITEMS), users, 1)[:, 0]
        assert not personal or (top % 2 == (N_USERS - 1 - users) % 2).all()

    def test_the_same_seed_gives_the_same_scores_and_another_one_others(
        self, ranker: Baseline, system: System, setting: Setting
    ) -> None:
        users = np.arange(N_USERS)
        first = ranker.scores(users)
        np.testing.assert_array_equal(fitted(system, **setting).scores(users), first)
        if "seed" in system.reads:
            assert not np.array_equal(fitted(system, **{**setting, "seed": 1}).scores(users), first)

    def test_users_and_items_without_interactions_are_scored(self, system: System, setting: Setting) -> None:
        lonely, users = Interactions.of_pairs([0, 0, 1, 1], [0, 1, 0, 2], [1, 2, 1, 2]), np.arange(N_USERS)
        ranker = fitted(system, lonely, **{**setting, **({"epochs": 2} if system.stops_early else {})})
        assert np.isfinite(ranker.scores(users)).all()
        assert np.isfinite(ranker.with_history(lonely).scores(users)).all()

    def test_users_who_are_what_they_did_are_scored_by_a_history_as_by_their_own(
        self, ranker: Baseline, system: System
    ) -> None:
        users = np.arange(N_USERS)
        if system.user_is_history:
            np.testing.assert_allclose(ranker.with_history(camps()[0]).scores(users), ranker.scores(users), atol=0.02)

    def test_recency_moves_nothing_but_histories(self, ranker: Baseline, system: System, setting: Setting) -> None:
        for recency in system.recencies[1:2]:
            users = np.arange(N_USERS)
            assert isinstance(ranker, Fading)
            faded = ranker.with_recency(recency).scores(users)
            np.testing.assert_array_equal(faded, fitted(system, **{**setting, "recency": recency}).scores(users))
            assert not np.array_equal(faded, ranker.with_recency(1.0).scores(users))
            untimed = replace(camps()[0], time=np.full(len(camps()[0]), np.nan))
            one, other = (which.with_history(untimed).scores(users) for which in (ranker.with_recency(recency), ranker))
            np.testing.assert_allclose(one, other, atol=1e-6)

    def test_every_setting_to_try_names_arguments_of_fit(self, system: System) -> None:
        assert system.grid
        named = {name for tried in system.grid for name in tried} | set(system.reads) | set(system.at_most)
        named |= {"recency"} if system.recencies else set()
        parameters = inspect.signature(system.fit).parameters
        if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
            assert named <= parameters.keys()
