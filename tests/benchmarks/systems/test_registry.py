"""One contract for every baseline of the registry, on a world of two camps; the new ones against hand calculations."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from kgrec.data.dataset import Facts, Interactions
from kgrec.errors import MissingExtraError, TrainingDivergedError
from kgrec.evaluation.baseline_tuning import Budget
from kgrec.evaluation.baselines import StoppedEarly
from kgrec.metrics.ranking import Ranker, mean_metrics, rank_users
from kgrec_benchmarks.systems.registry import DEFAULT, OURS, SYSTEMS, named
from kgrec_benchmarks.systems.rp3beta import rp3beta
from kgrec_benchmarks.systems.slim import slim

N_USERS, N_ITEMS = 24, 12
LEARNED = sorted(set(SYSTEMS) - {"popularity"})
QUICK: dict[str, dict[str, Any]] = {
    "ials": {"factors": 2, "regularization": 1.0},
    "bpr": {"factors": 8, "iterations": 200},
    "lightgcn": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "kgat": {"embedding_dim": 8, "learning_rate": 0.02, "epochs": 40},
    "rp3beta": {"neighbours": 5},
    "itemknn": {"neighbours": 5},
    "ease": {"ridge": 5.0},
}


def camps() -> tuple[Interactions, Interactions]:
    """Even users take even items, odd users odd ones, all but one, which is the second part."""
    pairs = [(u, i) for u in range(N_USERS) for i in range(u % 2, N_ITEMS, 2)]
    held = {(u, 2 * (u // 2 % (N_ITEMS // 2)) + u % 2) for u in range(N_USERS)}
    return (
        Interactions.of_pairs(*np.array([pair for pair in pairs if pair not in held]).T),
        Interactions.of_pairs(*np.array(sorted(held)).T),
    )


def graph() -> dict[str, Any]:
    """An item's camp is its only fact; the items come first among the nodes."""
    items = np.arange(N_ITEMS)
    return {
        "facts": Facts.unique(items, 0 * items, N_ITEMS + items % 2, ("OF_CAMP",)),
        "n_nodes": N_ITEMS + 2,
        "seed": 0,
    }


def fitted(name: str, **changes: Any) -> Any:
    system = SYSTEMS[name]
    settings: dict[str, Any] = {key: value for key, value in graph().items() if key in system.reads}
    return system.fit(camps()[0], N_USERS, N_ITEMS, **{**settings, **QUICK.get(name, {}), **changes})


@pytest.mark.parametrize("name", LEARNED)
def test_the_camps_are_found(name: str) -> None:
    train, held = camps()
    seen, wanted = train.matrix(N_USERS, N_ITEMS), held.matrix(N_USERS, N_ITEMS)
    assert mean_metrics(fitted(name), seen, wanted, ks=(1,))["recall@1"] == 1.0


@pytest.mark.parametrize("name", LEARNED)
def test_another_history_gives_the_camp_of_that_history(name: str) -> None:
    train, _ = camps()
    swapped = train.matrix(N_USERS, N_ITEMS)[::-1].tocsr()
    users = np.arange(N_USERS)
    top = rank_users(fitted(name).with_history(swapped), swapped, users, 1)[:, 0]
    assert (top % 2 == (N_USERS - 1 - users) % 2).all()


@pytest.mark.parametrize("name", SYSTEMS)
def test_scores_are_finite_and_their_array_is_the_callers(name: str) -> None:
    ranker = fitted(name)
    users = np.array([0, 3])
    scores = ranker.scores(users)
    assert scores.shape == (2, N_ITEMS)
    assert np.isfinite(scores).all()
    kept = scores.copy()
    scores[:] = -np.inf
    assert np.array_equal(ranker.scores(users), kept)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_seed_gives_the_same_scores(name: str) -> None:
    users = np.arange(N_USERS)
    first = fitted(name).scores(users)
    assert np.array_equal(fitted(name).scores(users), first)
    if "seed" in SYSTEMS[name].reads:
        assert not np.array_equal(fitted(name, seed=1).scores(users), first)


@pytest.mark.parametrize("name", SYSTEMS)
def test_users_and_items_without_interactions_are_scored(name: str) -> None:
    system = SYSTEMS[name]
    lonely = Interactions.of_pairs([0, 0, 1, 1], [0, 1, 0, 2])
    further = {key: value for key, value in graph().items() if key in system.reads}
    changes = {**QUICK.get(name, {}), **({"epochs": 2} if system.stops_early else {})}
    ranker = system.fit(lonely, N_USERS, N_ITEMS, **further, **changes)
    assert np.isfinite(ranker.scores(np.arange(N_USERS))).all()
    assert np.isfinite(ranker.with_history(lonely.matrix(N_USERS, N_ITEMS)).scores(np.arange(N_USERS))).all()


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_setting_of_the_grid_is_one_that_is_understood(name: str) -> None:
    system = SYSTEMS[name]
    assert len(system.grid) <= Budget().settings
    more = {"epochs": 1} if system.stops_early else {"iterations": 2} if name == "bpr" else {}
    for setting in system.grid:
        assert np.isfinite(fitted(name, **{**setting, **more}).scores(np.array([0]))).all()


@pytest.mark.parametrize("name", [name for name, system in SYSTEMS.items() if system.stops_early])
def test_validation_stops_the_epochs_and_the_best_are_kept(name: str) -> None:
    asked: list[Ranker] = []

    def quality(ranker: Ranker) -> float:
        asked.append(ranker)
        return {1: 0.1, 2: 0.5}.get(len(asked), 0.2)

    found = fitted(name, epochs=None, quality=quality)
    assert isinstance(cast(object, found), StoppedEarly)
    assert (found.epochs, len(asked)) == (10, 6)
    assert fitted(name, epochs=None, quality=lambda _: 0.1, seconds=0.0).epochs == 1
    again = fitted(name, epochs=10)
    assert np.array_equal(again.scores(np.array([1])), found.scores(np.array([1])))


def test_a_loss_that_is_not_finite_is_said() -> None:
    with pytest.raises(TrainingDivergedError) as caught:
        fitted("lightgcn", learning_rate=1e30)
    assert "UserItemLightGCN, epoch 2" in str(caught.value)
    assert "lower its learning_rate (now 1e+30)" in str(caught.value)


def test_names_are_read() -> None:
    assert named(None) == DEFAULT == (OURS, "popularity", "itemknn", "ease", "rp3beta")
    assert named("all") == (OURS, *SYSTEMS)
    assert named(" ease, kgrec,ease") == ("ease", "kgrec")


@pytest.mark.parametrize("name", ["ials", "bpr"])
def test_a_package_that_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError) as caught:
        fitted(name)
    assert str(caught.value) == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        f"  where     model {name}\n"
        "  found     No module named 'implicit'\n"
        "  expected  implicit\n"
        "  next      pip install 'kgrec[bench]', or leave it out"
    )


def test_rp3beta_by_hand() -> None:
    # User 0 took items 0 and 1, user 1 items 1 and 2.
    x = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32))
    walk = np.array([[0, 1 / 2, 0], [1 / 4, 0, 1 / 4], [0, 1 / 2, 0]])
    assert rp3beta(x, alpha=1.0, beta=0.0, neighbours=3).toarray() == pytest.approx(walk)
    held_back = walk / np.array([1, 2, 1]) ** 0.5
    assert rp3beta(x, alpha=1.0, beta=0.5, neighbours=3).toarray() == pytest.approx(held_back)
    one = rp3beta(x, alpha=1.0, beta=0.5, neighbours=1).toarray()
    assert (one > 0).sum(axis=0).tolist() == [1, 1, 1]


@given(seed=st.integers(0, 1_000), l1=st.floats(0.1, 2.0), l2=st.floats(0.5, 5.0))
@settings(deadline=None, max_examples=20)
def test_slim_solves_its_problem(seed: int, l1: float, l2: float) -> None:
    x = (np.random.default_rng(seed).random((15, 5)) < 0.5).astype(np.float64)
    found = slim(sparse.csr_matrix(x), l1=l1, l2=l2, tolerance=1e-5, iterations=2_000).toarray()
    assert (found >= 0).all()
    assert (found.diagonal() == 0).all()
    for item in range(5):
        others = np.delete(np.arange(5), item)

        def loss(w: Any, others: Any = others, item: int = item) -> float:
            return float(((x[:, item] - x[:, others] @ w) ** 2).sum() / 2 + l2 / 2 * (w**2).sum() + l1 * w.sum())

        best = optimize.minimize(loss, np.full(4, 0.1), bounds=[(0, None)] * 4, method="L-BFGS-B", tol=1e-12)
        assert loss(found[others, item]) == pytest.approx(best.fun, abs=1e-3)


def test_kgat_attends_within_the_edges_of_a_node() -> None:
    from kgrec_benchmarks.systems.kgat import CollaborativeKnowledgeGraph

    torch.manual_seed(0)
    edges = np.array([[0, 0, 1], [0, 1, 2], [1, 0, 0], [2, 1, 0]])
    model = CollaborativeKnowledgeGraph(edges, 3, 2, embedding_dim=4, num_layers=1)
    model.begin_epoch()
    with torch.no_grad():
        e, r = model.nodes, model.relations
        raw = torch.stack([e[1] @ torch.tanh(e[0] + r[0]), e[2] @ torch.tanh(e[0] + r[1])])
        assert model.attention.tolist() == pytest.approx([*torch.softmax(raw, 0).tolist(), 1.0, 1.0])
        near = model.adj_t.matmul(e, input_value=model.attention)
        assert near[0].tolist() == pytest.approx((model.attention[0] * e[1] + model.attention[1] * e[2]).tolist())
        assert model.embed().shape == (3, 8)


def test_lightgcn_by_hand() -> None:
    from kgrec_benchmarks.systems.lightgcn import UserItemLightGCN

    # Nodes: users 0 and 1, items 2 and 3; user 0 took both, user 1 item 2.
    model = UserItemLightGCN(np.array([0, 0, 1]), np.array([2, 3, 2]), 4, embedding_dim=3, num_layers=1)
    with torch.no_grad():
        e = model.free()
        by_hand = (e[0] + e[2] / 2 + e[3] / 2**0.5) / 2
        assert model.embed()[0].tolist() == pytest.approx(by_hand.tolist())
