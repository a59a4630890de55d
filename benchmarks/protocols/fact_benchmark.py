"""Facts: how well what is left out of the graph is found among all that could be, beside PyKEEN's models."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Facts
from kgrec.learn.fit import fit
from kgrec.learn.neural.triple_decoders import DecodedFacts
from kgrec.progress import Progress, silent
from kgrec_benchmarks.protocols.link_prediction import TripleScorer, hold_out_facts, link_prediction
from kgrec_benchmarks.protocols.pykeen_process import measure_pykeen, refuse_missing
from kgrec_benchmarks.runs.outcome import Outcome, RunCache
from kgrec_benchmarks.systems.complex_head import HeadSetting, fit_kg_head
from kgrec_benchmarks.systems.pykeen_models import MODELS, PykeenSetting

_MOST_VALID = 2_000
HEAD_GRID = (HeadSetting(n3=0.1, batch_size=128), HeadSetting(n3=0.05, batch_size=128), HeadSetting())
PYKEEN_GRID = (
    PykeenSetting(learning_rate=0.01, margin=9.0),
    PykeenSetting(learning_rate=0.01, margin=3.0),
    PykeenSetting(learning_rate=0.005, margin=9.0),
)


def benchmark_facts(
    dataset: Dataset,
    config: TrainConfig | None = None,
    *,
    heads: Sequence[HeadSetting] = HEAD_GRID,
    pykeen: Sequence[str] = MODELS,
    grid: Sequence[PykeenSetting] = PYKEEN_GRID,
    finished: RunCache | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Hold out a tenth of the facts, learn from the rest, and rank what was held out.

    A further tenth, 2,000 facts at most, is held out for validation, which stops every training and chooses the setting
    of our head and of each PyKEEN model among as many.
    All have embeddings of ``config.embedding_dim`` real numbers per node.

    Args:
        dataset: graph and behaviour; behaviour is learned from as a whole.
        heads: settings of our head that are tried; its width is that of ``config``.
        pykeen: models to compare with; none where PyKEEN is not installed.
        grid: what is tried for each of them; the width is that of ``config``.
        finished: keeps what every system left behind; a run that was stopped goes on there.

    Returns:
        ``rows``: system -> ``mrr, hits@1, hits@3, hits@10``, see
        :mod:`kgrec_benchmarks.protocols.link_prediction`. "kgrec" is the
        head over the recommender's embeddings, "kgrec, facts alone" the head without them, "kgrec, joint loss" those
        embeddings with the decoder they were trained with. ``validation``: their mrr there; ``settings``; ``timings_s``
        of one fit; ``data``; ``seed``.

    Raises:
        KgrecError: too little behaviour to learn from, or no facts that could be held out.
        MissingExtraError: PyKEEN is asked for and not installed.
    """
    refuse_missing(pykeen)
    config, finished = config or TrainConfig(), finished or RunCache(None, "")
    rest, test = hold_out_facts(dataset.facts, seed=config.seed)
    train, valid = hold_out_facts(rest, min(0.1, _MOST_VALID / max(len(rest), 1)), seed=config.seed + 1)
    cut = _Cut(train, valid, test, len(dataset.nodes))
    ours = [replace(tried, embedding_dim=config.embedding_dim) for tried in heads]
    progress("facts", 0, None, "learning to recommend")
    runs = [
        finished.get(f"kgrec {[asdict(tried) for tried in ours]}", partial(_ours, dataset, config, ours, cut, progress))
    ]
    wide = [replace(tried, embedding_dim=config.embedding_dim) for tried in grid]
    for name in pykeen:
        progress("facts", 0, None, f"PyKEEN's {name}")
        key = f"{name} {[asdict(setting) for setting in wide]}"
        given: dict[str, Any] = {"grid": wide, "seed": config.seed, "progress": progress}
        runs.append(finished.get(key, partial(measure_pykeen, name, train, valid, test, cut.n_nodes, **given)))
    result: dict[str, Any] = {"rows": {}, "validation": {}, "settings": {}, "timings_s": {}}
    for run in runs:
        for part, found in zip(result, (run.rows, run.validation, run.settings, run.cost), strict=True):
            result[part] |= found
    sizes = {"nodes": cut.n_nodes, "train": len(train), "valid": len(valid), "test": len(test)}
    return {**result, "data": sizes, "seed": config.seed}


@dataclass(frozen=True)
class _Cut:
    """Facts to learn from, to choose by, and to find."""

    train: Facts
    valid: Facts
    test: Facts
    n_nodes: int


def _ours(
    dataset: Dataset, config: TrainConfig, heads: Sequence[HeadSetting], cut: _Cut, progress: Progress
) -> Outcome:
    """The head with and without the recommender's embeddings, and these with the decoder they were trained with."""
    rest = cut.train.joined(cut.valid)

    def validate(scorer: TripleScorer) -> float:
        return link_prediction(scorer, cut.valid, rest, cut.n_nodes)["mrr"]

    embeddings = fit(replace(dataset, facts=cut.train), config, refit_on_all=False, progress=progress).embeddings
    found: dict[str, TripleScorer] = {
        "kgrec, joint loss": DecodedFacts(embeddings.nodes, embeddings.relations, config.kg_decoder)
    }
    timings: dict[str, float] = {}
    settings: dict[str, Any] = {"kgrec": config.model_dump()}
    for name, given in (("kgrec", embeddings.nodes), ("kgrec, facts alone", None)):
        highest = -np.inf
        for number, head in enumerate(heads):
            started = time.perf_counter()
            scorer = fit_kg_head(cut.train, cut.n_nodes, head, given=given, seed=config.seed, validate=validate)
            seconds, quality = time.perf_counter() - started, validate(scorer)
            progress(name, number + 1, len(heads), f"mrr {quality:.4f}")
            if quality > highest:
                highest, found[name], timings[name] = quality, scorer, seconds
                settings[name] = {**settings.get(name, {}), "head": asdict(head)}
    return Outcome(
        {name: link_prediction(scorer, cut.test, dataset.facts, cut.n_nodes) for name, scorer in found.items()},
        settings=settings,
        cost=timings,
        validation={name: validate(scorer) for name, scorer in found.items()},
    )
