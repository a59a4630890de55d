"""Random worlds whose scores flow through paths, too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from kgrec.data.triples import Facts
from kgrec.learn.channels.path_features import PathFeatures
from kgrec.learn.channels.semantic_paths import semantic_paths
from kgrec.scoring.gates import ColdItemGates, Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.paths import random_facts

N_ITEMS, N_ENTITIES = 7, 4


def with_texts(model: AdditiveModel, rng: np.random.Generator) -> AdditiveModel:
    """The model with a channel of paths over texts as well; one item in four has no text."""
    texts = rng.normal(size=(N_ITEMS, 3)).astype(np.float32) * (rng.random((N_ITEMS, 1)) < 0.75)
    weights, known = HistoryWeights(0.8, 0.0, {"view": 0.5}), ~model.is_cold
    history = sparse.csr_matrix(rng.random((4, N_ITEMS)) * (rng.random((4, N_ITEMS)) < 0.5))
    channels = (*model.channels, semantic_paths(texts, weights, history, known))
    cold = model.gates.cold
    cold = replace(cold, channels=np.r_[cold.channels, 0.8], min_spread=np.r_[cold.min_spread, 0.1])
    gates = replace(Gates.common(np.r_[model.gates.by_history.channels[0, 0], 0.6], 0.3), cold=cold)
    return replace(model, channels=channels, gates=gates)


def path_world(rng: np.random.Generator) -> tuple[Facts, AdditiveModel]:
    """Facts in all directions; a model with both channels of paths, a correction beside each, and another channel."""
    facts = random_facts(rng, N_ITEMS, N_ENTITIES, 40)
    features = PathFeatures.of(facts, N_ITEMS, N_ITEMS + N_ENTITIES).matrix

    def paths() -> Channel:
        weights = rng.random(len(features.way)) * (rng.random(len(features.way)) < 0.8)
        history = HistoryWeights(float(rng.choice([0.7, 1.0])), 0.0, {"view": 0.3})
        return Channel("paths", features.weighed(weights), history, unit=0.5 + float(rng.random()))

    dense = rng.normal(size=(N_ITEMS, N_ITEMS)).astype(np.float32)
    other = SparseMatrix(sparse.csr_matrix(dense))
    long, recent = paths(), replace(paths(), name="recent_paths")
    channels = (
        Channel("behaviour", other),
        long,
        Channel("paths_correction", other, HistoryWeights(0.9), long.unit, "paths"),
        recent,
        Channel("recent_paths_correction_1", other, recent.history, recent.unit, "recent_paths"),
    )
    known, cold = (np.array([0.7, *[g[0]] * 2, *[g[1]] * 2]) for g in rng.random((2, 2)) + 0.1)
    gates = Gates.common(known, 0.3)
    is_cold = rng.random(N_ITEMS) < 0.3
    gates = replace(gates, cold=ColdItemGates(cold, np.full(5, 0.1), 0.2, -0.4, 0.1, (1.0, 4.0)))
    return facts, AdditiveModel(channels, gates, rng.normal(size=N_ITEMS).astype(np.float32), is_cold)
