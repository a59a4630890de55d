"""Completing the graph: facts of items that are hidden and found again, and what paths gain by them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import partial

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.splits import Split
from kgrec.data.triples import Facts
from kgrec.learn.channels.path_features import PathFeatures
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import mean_metrics
from kgrec.progress import Progress
from kgrec_benchmarks.folder_dataset import PublishedSet, sizes_of, split_of
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
from kgrec_benchmarks.systems.complex_head import HeadSetting
from kgrec_benchmarks.systems.probable_facts import hide_facts, is_among, probable_facts


@dataclass(frozen=True)
class GraphCompletion:
    """What an encoder and its head find of facts that are hidden, and the paths that come with it.

    Rows are shares of the items' facts that are hidden; at 0 nothing is known of what is found. Columns: probable
    facts, their precision and the share of the hidden ones among them; Brier score and calibration error on a further
    tenth; validation ndcg@10 of paths alone, and the share of pairs of items with a path, by the facts that are left,
    with the probable ones and by all.

    Attributes:
        shares: of the facts of items, hidden at random.
        bound: probability from which on a fact is probable.
        head, epochs: how the head is trained, and how long the encoder is.
    """

    shares: tuple[float, ...] = (0.0, 0.1, 0.5, 0.9)
    bound: float = 0.5
    head: HeadSetting = field(default_factory=lambda: HeadSetting(n3=0.1, epochs=10))
    epochs: int = 10

    def packages(self) -> set[str]:
        """None beyond kgrec's own."""
        return set()

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """A row for each share.

        Raises:
            KgrecError: too little to learn from.
        """
        split = split_of(dataset.parts, config.seed)
        data = dataset.dataset
        rows: dict[str, dict[str, float]] = {}
        for share, part in zip(self.shares, progress.parts(*[1] * len(self.shares)), strict=True):
            name = f"{share:.0%} hidden"
            make = partial(self._measure, name, share, data, split, config, part.named(name))
            rows |= kept.get(name, make, (config, self)).rows
        return Result(rows, settings=asdict(self), data=sizes_of(data, train=len(split.train)), seed=config.seed)

    def _measure(
        self, name: str, share: float, data: Dataset, split: Split, config: TrainConfig, progress: Progress
    ) -> Outcome:
        n_items, n_nodes = len(data.items), len(data.nodes)
        left, hidden = hide_facts(data.facts, n_items, share, np.random.default_rng(config.seed + 1))
        stated = replace(data, facts=left).with_interactions(split.train)
        found = probable_facts(stated, config, self.head, self.bound, self.epochs, progress)
        probable = found.facts.select(found.probability >= self.bound)
        right = is_among(probable, hidden, n_nodes)
        row = {"hidden": float(len(hidden)), "probable": float(len(probable))}
        if len(hidden):
            row |= {"precision": float(right.mean()) if len(right) else 0.0, "recall": float(right.sum() / len(hidden))}
        row |= {f"{metric}, calibration": value for metric, value in found.calibration.items()}
        for facts, of in ((left, "left"), (left.joined(probable), "with probable"), (data.facts, "all")):
            row |= {f"{metric}, {of}": value for metric, value in _paths(facts, data, split).items()}
        return Outcome({name: row})


def _paths(facts: Facts, data: Dataset, split: Split) -> dict[str, float]:
    """Validation ndcg@10 of paths alone, and the share of pairs of items that have a path."""
    n_users, n_items = len(data.users), len(data.items)
    seen, wanted = (part.matrix(n_users, n_items) for part in (split.train, split.valid))
    known = np.flatnonzero(np.diff(seen.tocsc().indptr))
    taken = (seen > 0).astype(np.float32)
    features = PathFeatures.of(facts, n_items, len(data.nodes))
    matrix = features.weighed(taken[:, known].tocsr(), known, seed=0)
    pairs = (matrix.source @ matrix.target.T).tocsr()
    pairs.setdiag(0.0)
    pairs.eliminate_zeros()
    measured = mean_metrics(ItemMatrixRanker((matrix,), taken), seen, wanted, ks=(10,))
    return {"ndcg@10 of paths": measured["ndcg@10"], "pairs with a path": pairs.nnz / max(n_items**2, 1)}
