"""A bundle without a user: nobody else's answers change, and nothing of theirs is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.without_users import without_users
from kgrec.data.persons import Persons
from kgrec.recommendation import Recommender
from tests.support.bundles import random_bundle


def test_everybody_else_is_as_before(tmp_path: Path) -> None:
    bundle = random_bundle(np.random.default_rng(3), n_users=6, n=60)
    without_users(bundle, ["u1", "u4", "u1", "nobody"]).save(tmp_path / "a")
    left = Bundle.load(tmp_path / "a")
    assert list(left.users) == ["u0", "u2", "u3", "u5"]
    assert left.manifest.forgotten == 2
    before, after = Recommender(bundle), Recommender(left)
    for user in left.users:
        assert after.history(user) == before.history(user)
        assert after.recommend(user, k=8) == before.recommend(user, k=8)
    lost = np.isin(bundle.interactions.user, [1, 4]).sum()
    assert len(left.interactions) == len(bundle.interactions) - lost
    assert without_users(left, ["u0"]).manifest.forgotten == 3


def test_a_person_of_several_accounts_is_gone_with_all() -> None:
    persons = Persons([("u1", "x1"), ("u2", "x2")])
    bundle = replace(random_bundle(np.random.default_rng(3)), persons=persons)
    left = without_users(bundle, ["x1"])
    assert list(left.users) == ["u0", "u2", "u3", "u4"]
    assert left.persons == Persons([("u2", "x2")])
    assert left.manifest.forgotten == 1


def test_who_is_not_in_it_changes_nothing() -> None:
    bundle = random_bundle(np.random.default_rng(3))
    assert without_users(bundle, ["nobody"]) is bundle
    assert bundle.manifest.forgotten == 0
