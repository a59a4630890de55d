"""Held-out facts: how well what is left out of the graph is found among all that could be, beside PyKEEN's models.

The ranking itself is in :mod:`kgrec_benchmarks.protocols.link_prediction`, which PyKEEN's process reads as well and
which therefore loads neither Arrow nor a store.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from kgrec.bundle.package_versions import package_versions
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.triples import Facts
from kgrec.errors import require_extra
from kgrec.learn.fit import fit
from kgrec.learn.neural.triple_decoders import DecodedFacts
from kgrec.progress import Progress
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of
from kgrec_benchmarks.protocols.link_prediction import TripleScorer, hold_out_facts, link_prediction
from kgrec_benchmarks.protocols.pykeen_process import measure_pykeen
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.systems.complex_head import HeadSetting, fit_kg_head
from kgrec_benchmarks.systems.pykeen_models import MODELS, PykeenSetting

_MOST_VALID = 2_000
HEAD_GRID = (HeadSetting(n3=0.1, batch_size=128), HeadSetting(n3=0.05, batch_size=128), HeadSetting())
PYKEEN_GRID = (
    PykeenSetting(learning_rate=0.01, margin=9.0),
    PykeenSetting(learning_rate=0.01, margin=3.0),
    PykeenSetting(learning_rate=0.005, margin=9.0),
)


@dataclass(frozen=True)
class HeldOutFacts:
    """Filtered MRR and Hits@k of a tenth of the facts that was held out, learned from the rest and from all clicks.

    A further tenth, 2,000 facts at most, is held out for validation, which stops every training and chooses the setting
    of our head and of each PyKEEN model among as many. All have embeddings of ``config.embedding_dim`` real numbers per
    node. "kgrec" is the head over the recommender's embeddings, "kgrec, facts alone" the head without them, "kgrec,
    joint loss" those embeddings with the decoder they were trained with.

    Attributes:
        heads: settings of our head that are tried.
        pykeen: models to compare with.
        grid: what is tried for each of them.
    """

    heads: Sequence[HeadSetting] = HEAD_GRID
    pykeen: Sequence[str] = MODELS
    grid: Sequence[PykeenSetting] = PYKEEN_GRID

    def packages(self) -> set[str]:
        """PyKEEN, where it is installed."""
        return {"pykeen"} if find_spec("pykeen") is not None else set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """Rows as :func:`link_prediction` gives them, MRR of validation, settings, and seconds of one fit.

        Raises:
            KgrecError: too little to learn from, or no facts that could be held out.
            MissingExtraError: PyKEEN is asked for and not installed.
        """
        if self.pykeen:
            require_extra("bench", "pykeen", where="the comparison of facts")
        data = dataset.with_clicks_only()
        cut = _FactSplit.of(data, config.seed)
        heads = [replace(setting, embedding_dim=config.embedding_dim) for setting in self.heads]
        grid = [replace(setting, embedding_dim=config.embedding_dim) for setting in self.grid]
        ours, *others = progress.parts(*[1] * (1 + len(self.pykeen)))
        make_ours = partial(_measure_ours, data, config, heads, cut, ours.named("kgrec"))
        runs = [kept.get("kgrec", make_ours, (config, heads))]
        for model, share in zip(self.pykeen, others, strict=True):
            make = partial(
                measure_pykeen,
                model,
                cut.train,
                cut.valid,
                cut.test,
                cut.n_nodes,
                grid=grid,
                seed=config.seed,
                progress=share.named(f"PyKEEN {model}"),
            )
            runs.append(kept.get(model, make, (config, grid, package_versions(self.packages()))))
        return Result(
            {name: row for run in runs for name, row in run.rows.items()},
            settings={name: setting for run in runs for name, setting in run.settings.items()},
            data=sizes_of(
                data,
                interactions=len(data.interactions),
                **{"facts to learn": len(cut.train), "to validate": len(cut.valid), "to test": len(cut.test)},
            ),
            seed=config.seed,
            validation={name: mrr for run in runs for name, mrr in run.validation.items()},
            timings_s={name: seconds for run in runs for name, seconds in run.cost.items()},
        )


@dataclass(frozen=True)
class _FactSplit:
    """Facts to learn from, to choose by, and to find."""

    train: Facts
    valid: Facts
    test: Facts
    n_nodes: int

    @classmethod
    def of(cls, dataset: Dataset, seed: int) -> _FactSplit:
        rest, test = hold_out_facts(dataset.facts, seed=seed)
        train, valid = hold_out_facts(rest, min(0.1, _MOST_VALID / max(len(rest), 1)), seed=seed + 1)
        return cls(train, valid, test, len(dataset.nodes))


def _measure_ours(
    dataset: Dataset, config: TrainConfig, heads: Sequence[HeadSetting], cut: _FactSplit, progress: Progress
) -> Outcome:
    """The head with and without the recommender's embeddings, and these with the decoder they were trained with."""
    rest = cut.train.joined(cut.valid)

    def validate(scorer: TripleScorer) -> float:
        return link_prediction(scorer, cut.valid, rest, cut.n_nodes)["mrr"]

    learning, *shares = progress.parts(2, 1, 1)
    embeddings = fit(replace(dataset, facts=cut.train), config, refit_on_all=False, progress=learning).embeddings
    scorers: dict[str, TripleScorer] = {
        "kgrec, joint loss": DecodedFacts(embeddings.nodes, embeddings.relations, config.kg_decoder)
    }
    timings: dict[str, float] = {}
    settings: dict[str, Any] = {"kgrec": config.model_dump()}
    inputs = {"kgrec": embeddings.nodes, "kgrec, facts alone": None}
    for (name, given), share in zip(inputs.items(), shares, strict=True):
        highest = -np.inf
        for number, head in enumerate(heads):
            started = time.perf_counter()
            scorer = fit_kg_head(cut.train, cut.n_nodes, head, given=given, seed=config.seed, validate=validate)
            seconds, quality = time.perf_counter() - started, validate(scorer)
            share(f"heads of {name}", number + 1, len(heads), f"mrr {quality:.4f}", unit="settings")
            if quality > highest:
                highest, scorers[name], timings[name] = quality, scorer, seconds
                settings[name] = {**settings.get(name, {}), "head": asdict(head)}
    return Outcome(
        {name: link_prediction(scorer, cut.test, dataset.facts, cut.n_nodes) for name, scorer in scorers.items()},
        settings=settings,
        cost=timings,
        validation={name: validate(scorer) for name, scorer in scorers.items()},
    )
