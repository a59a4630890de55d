"""Facts: how well what is left out of the graph is found among all that could be, beside PyKEEN's models."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from kgrec.config import TrainConfig
from kgrec.dataset import Dataset
from kgrec.learn.decoder import DecodedFacts
from kgrec.learn.fit import fit
from kgrec.learn.kg_head import HeadSetting, fit_kg_head
from kgrec.learn.pykeen_models import MODELS, PykeenSetting
from kgrec.progress import Progress, silent
from kgrec.pykeen_benchmark import compare_pykeen, refuse_missing
from kgrec.report.link_prediction import TripleScorer, hold_out_facts, link_prediction

_MOST_VALID = 2_000
PYKEEN_GRID = (
    PykeenSetting(learning_rate=0.01, margin=9.0),
    PykeenSetting(learning_rate=0.01, margin=3.0),
    PykeenSetting(learning_rate=0.005, margin=9.0),
)


def benchmark_facts(
    dataset: Dataset,
    config: TrainConfig | None = None,
    *,
    head: HeadSetting | None = None,
    pykeen: Sequence[str] = MODELS,
    grid: Sequence[PykeenSetting] = PYKEEN_GRID,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Hold out a tenth of the facts, learn from the rest, and rank what was held out.

    A further tenth, 2,000 facts at most, is held out for validation, which stops every training and chooses each PyKEEN
    model's setting.
    All have embeddings of ``config.embedding_dim`` real numbers per node.

    Args:
        dataset: graph and behaviour; behaviour is learned from as a whole.
        head: settings of our head; its width is that of ``config``.
        pykeen: models to compare with; none where PyKEEN is not installed.
        grid: what is tried for each of them; the width is that of ``config``.

    Returns:
        ``rows``: system -> ``mrr, hits@1, hits@3, hits@10``, see :mod:`kgrec.report.link_prediction`. "kgrec" is the
        head over the recommender's embeddings, "kgrec, facts alone" the head without them, "kgrec, joint loss" those
        embeddings with the decoder they were trained with. ``validation``: their mrr there; ``settings``; ``timings_s``
        of one fit; ``data``; ``seed``.

    Raises:
        KgrecError: too little behaviour to learn from, or no facts that could be held out.
        MissingExtraError: PyKEEN is asked for and not installed.
    """
    refuse_missing(pykeen)
    config = config or TrainConfig()
    n_nodes, seed, width = len(dataset.nodes), config.seed, config.embedding_dim
    rest, test = hold_out_facts(dataset.facts, seed=seed)
    train, valid = hold_out_facts(rest, min(0.1, _MOST_VALID / max(len(rest), 1)), seed=seed + 1)
    timings: dict[str, float] = {}
    found: dict[str, TripleScorer] = {}

    def validate(scorer: TripleScorer) -> float:
        return link_prediction(scorer, valid, rest, n_nodes)["mrr"]

    progress("facts", 0, None, "learning to recommend")
    embeddings = fit(replace(dataset, facts=train), config, refit_on_all=False, progress=progress).embeddings
    found["kgrec, joint loss"] = DecodedFacts(embeddings.nodes, embeddings.relations, config.kg_decoder)
    ours = replace(head or HeadSetting(), embedding_dim=width)
    for name, given in (("kgrec", embeddings.nodes), ("kgrec, facts alone", None)):
        progress("facts", 0, None, name)
        started = time.perf_counter()
        found[name] = fit_kg_head(train, n_nodes, ours, given=given, seed=seed, validate=validate)
        timings[name] = time.perf_counter() - started
    result: dict[str, Any] = {
        "rows": {name: link_prediction(scorer, test, dataset.facts, n_nodes) for name, scorer in found.items()},
        "validation": {name: validate(scorer) for name, scorer in found.items()},
        "settings": {"kgrec": {**config.model_dump(), "head": asdict(ours)}},
        "timings_s": timings,
    }
    if pykeen:
        wide = [replace(tried, embedding_dim=width) for tried in grid]
        theirs = compare_pykeen(train, valid, test, n_nodes, models=pykeen, grid=wide, seed=seed, progress=progress)
        for part, rows in theirs.items():
            result[part] |= rows
    sizes = {"nodes": n_nodes, "train": len(train), "valid": len(valid), "test": len(test)}
    return {**result, "data": sizes, "seed": seed}
