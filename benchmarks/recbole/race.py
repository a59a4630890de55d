"""RecBole's BPR, LightGCN, KGAT and KGIN on the files of a benchmark folder, timed beside kgrec's training.

    python benchmarks/recbole/race.py FOLDER --python RECBOLE_ENVIRONMENT/bin/python [--out FILE.json]

RecBole lives in an environment of its own (see models.py). Both learn from train, stop by validation ndcg@10,
and are measured by kgrec's ranking: all items with interactions that a user has not taken in train or validation. The
table has recall@10, ndcg@10 and mrr@10 on the test, and the median seconds of an epoch at the same embedding width,
kgrec's with one hop and with none; one process after the other, on the same cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.splits import Split, pairs_without
from kgrec.learn.neural.trainer import Trainer
from kgrec.learn.neural.training_subgraph import TrainingSubgraph
from kgrec.metrics.ranking import per_user
from kgrec.scoring.history_weights import HistoryWeights
from kgrec_benchmarks.folder_dataset import split_of, to_dataset
from kgrec_loaders.benchmark_folder import BenchmarkFolder

_NAME = "race"
_KGREC_EPOCHS = 6


def write_files(dataset: Dataset, split: Split, folder: Path) -> None:
    """Atomic files as RecBole reads them; an item is the entity that it is in the graph."""
    folder.mkdir(parents=True)
    for part in ("train", "valid", "test"):
        pairs: Interactions = getattr(split, part)
        rows = np.unique(np.stack([pairs.user, pairs.item]), axis=1).T
        _write(folder / f"{_NAME}.{part}.inter", ("user_id", "item_id"), [(f"u{u}", f"i{i}") for u, i in rows])
    facts = dataset.facts
    triples = np.unique(np.stack([facts.head, facts.relation, facts.tail]), axis=1).T
    columns = ("head_id", "relation_id", "tail_id")
    _write(folder / f"{_NAME}.kg", columns, [(f"n{h}", f"r{r}", f"n{t}") for h, r, t in triples])
    in_graph = np.unique(np.r_[facts.head, facts.tail])
    items = in_graph[in_graph < len(dataset.items)]
    _write(folder / f"{_NAME}.link", ("item_id", "entity_id"), [(f"i{i}", f"n{i}") for i in items])


def _write(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    header = "\t".join(f"{column}:token" for column in columns)
    path.write_text("\n".join([header, *("\t".join(row) for row in rows)]) + "\n")


def measured(lists: dict[str, list[str]], split: Split, n_users: int, n_items: int) -> dict[str, float]:
    """Metrics of lists of item names, over all users who have something to find."""
    seen = split.known.matrix(n_users, n_items)
    wanted = split.test.matrix(n_users, n_items)
    wanted = pairs_without(wanted, seen)
    users = np.flatnonzero(np.diff(wanted.indptr))
    top = np.full((len(users), 20), -1, np.int64)
    for row, user in enumerate(users):
        named = lists.get(f"u{user}", [])
        top[row, : len(named)] = [int(name[1:]) for name in named]
    return {name: float(value.mean()) for name, value in per_user(top, wanted[users], (10, 20)).items()}


def kgrec_epochs(dataset: Dataset, split: Split, width: int) -> dict[str, float]:
    """Median seconds of an epoch as kgrec trains it, by hops; the first one warms up."""
    subgraph = TrainingSubgraph.of(dataset.with_interactions(split.train))
    part = subgraph.dataset
    n_items = len(part.items)
    prior = np.log((np.bincount(part.interactions.item, minlength=n_items) + 0.5) / len(part.interactions))
    histories = HistoryWeights().matrix(part.interactions, len(part.users), n_items)
    medians = {}
    for hops in (1, 0):
        config = TrainConfig(num_layers=hops, embedding_dim=width)
        trainer = Trainer(part, None, prior, config, histories, None, subgraph.degree)
        log = trainer.fit(epochs=_KGREC_EPOCHS).log
        medians[f"{hops} hops"] = statistics.median(entry["seconds"] for entry in log[1:])
    return medians


def main() -> None:
    """See the module."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--python", required=True, help="of the environment that has RecBole")
    arguments.add_argument("--models", default="BPR,LightGCN,KGAT,KGIN")
    arguments.add_argument("--rates", default="0.001,0.005", help="learning rates, the best on validation is kept")
    arguments.add_argument("--epochs", type=int, default=200)
    arguments.add_argument("--patience", type=int, default=10)
    arguments.add_argument("--width", type=int, default=64)
    arguments.add_argument("--out", type=Path)
    options = arguments.parse_args()
    if shutil.which(options.python) is None:
        arguments.error(f"--python: there is no program at {options.python}; see models.py for how to make one")
    dataset, parts = to_dataset(BenchmarkFolder.read(options.folder))
    split = split_of(parts, seed=0)
    result: dict[str, Any] = {"set": options.folder.name, "width": options.width, "rows": {}, "settings": {}}
    with tempfile.TemporaryDirectory() as scratch:
        write_files(dataset, split, Path(scratch) / _NAME)
        names = ("models", "rates", "epochs", "patience", "width")
        passed_on = [f"--{name}={getattr(options, name)}" for name in names]
        script = Path(__file__).resolve().with_name("models.py")
        subprocess.run([options.python, str(script), scratch, _NAME, *passed_on], check=True, cwd=scratch)
        runs = json.loads((Path(scratch) / "found.json").read_text())
    result["epoch_seconds"] = {model: statistics.median(run["epoch_seconds"]) for model, run in runs.items()}
    result["epoch_seconds"] |= {f"kgrec, {hops}": s for hops, s in kgrec_epochs(dataset, split, options.width).items()}
    for model, run in runs.items():
        result["rows"][model] = measured(run.pop("lists"), split, len(dataset.users), len(dataset.items))
        run["epochs"] = len(run.pop("epoch_seconds"))
        result["settings"][model] = run
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
