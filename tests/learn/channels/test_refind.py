"""How often those who met an item took it, and the settings under which that finds most."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.learn.channels.refind import RefindSettings, choose_refind, refind_channel, refind_matrix
from kgrec.progress import silent
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.funnel import BUY, CART, VIEW, did, shop

TAKES = frozenset({"buy"})


def test_rates_are_of_those_who_met_it_and_shrink_towards_the_mean() -> None:
    done = did([(0, 0, VIEW), (0, 0, CART), (0, 0, BUY), (1, 0, VIEW), (2, 0, BUY), (0, 1, CART), (1, 2, VIEW)])
    matrix = refind_matrix(done, TAKES, 2.0, 3, 4)
    mean = 1 / 4  # of four users and items that met, one pair was taken; who only bought does not count
    assert matrix.mean == pytest.approx(mean)
    expected = [(1 + 2 * mean) / 4, 2 * mean / 3, 2 * mean / 3, mean]
    np.testing.assert_allclose(matrix.rates, expected, rtol=1e-6)


def test_who_met_it_only_after_taking_it_does_not_count() -> None:
    done = did([(0, 0, VIEW), (0, 0, BUY), (1, 0, BUY), (1, 0, VIEW), (2, 0, VIEW)], [1.0, 2.0, 1.0, 2.0, 1.0])
    assert refind_matrix(done, TAKES, 0.0, 3, 1).rates.tolist() == [0.5]


def test_the_best_settings_find_what_is_bought_most() -> None:
    world, held = shop()
    wanted = held.matrix(120, 40)
    settings, tried = choose_refind(world.interactions, wanted, TAKES, 40, silent)
    assert settings.takes == TAKES
    assert tried == 6  # one kind meets, and there are no times: shrinkages alone
    channel = refind_channel(settings, world.interactions, 120, 40)
    history = channel.history.matrix(world.interactions, 120, 40)
    scores = channel.matrix.scores(history)
    viewed = world.interactions.select(world.interactions.kind == VIEW).matrix(120, 40).toarray() > 0
    assert not scores[~viewed].any()
    even = np.arange(40) % 2 == 0
    assert scores[:, even][viewed[:, even]].mean() > 3 * scores[:, ~even][viewed[:, ~even]].mean()


def test_a_cart_weighs_more_where_carts_are_bought() -> None:
    rng = np.random.default_rng(1)
    rows, held = [], []
    for user in range(80):
        a, b, *others = rng.permutation(30)[:14].tolist()
        rows += [(user, item, VIEW) for item in (a, b, *others)] + [(user, a, CART), (user, b, CART), (user, b, BUY)]
        held.append((user, a, BUY))
    done, wanted = did(rows), did(held).matrix(80, 30)
    settings, _ = choose_refind(done, wanted, TAKES, 30, silent)
    history = settings.history.matrix(done, 80, 30)
    first = [int(user.argmax()) for user in refind_channel(settings, done, 80, 30).matrix.scores(history)]
    carted = [{item for u, item, kind in rows if u == user and kind == CART} for user in range(80)]
    assert np.mean([item in of for item, of in zip(first, carted, strict=True)]) > 0.9


def test_settings_say_which_kinds_take() -> None:
    settings = RefindSettings(HistoryWeights(kinds={"buy": 0.0, "rent": 0.0, "cart": 2.0}), 10.0)
    assert settings.takes == {"buy", "rent"}
    assert settings.as_dict()["shrinkage"] == 10.0
