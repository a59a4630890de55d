"""How long an epoch of the embeddings takes in one process and on workers that share it, and whether they are the same.

    python benchmarks/training_speed.py FOLDER [--shards 2] [--executor processes:2] [--epochs 4] [--batch-size 256]

FOLDER is a benchmark folder as `kgrec benchmark` takes it; its training part is learned, with texts hashed. A row each:
one process with one shard, one process that works the shards in turn, and as many workers as shards. One thread each.
Seconds are the median of the epochs after the first; what travels is what a worker sends in a step for each shard.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import fields
from pathlib import Path
from statistics import median
from typing import Any

if __name__ == "__main__":  # before numpy reads it
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np

from kgrec.config import TrainConfig
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.named_executors import open_executor
from kgrec.learn.neural.model import Embeddings
from kgrec.learn.neural.shared_training import handed_over
from kgrec.learn.neural.trainer import Trained
from kgrec.learn.neural.training_run import TrainingRun
from kgrec.parallel.executor import here
from kgrec.progress import Event, Progress
from kgrec.scoring.history_weights import HistoryWeights
from kgrec_benchmarks.folder_dataset import PublishedSet

_TEXT_DIM = 384


def compared(folder: Path, shards: int, executor: str, **settings: Any) -> dict[str, Any]:
    """Seconds of an epoch in each way, and what travels."""
    one, divided = (_run(folder, user_shards=n, **settings) for n in (1, shards))
    alone, in_turn = (handed_over(run, here, 1).result(Progress(_say)) for run in (one, divided))
    with open_executor(executor) as workers:
        shared = handed_over(divided, workers, workers.free()).result(Progress(_say))
    trainer = divided.trainer()
    sent = 3 + sum(part.numel() for part in (*trainer._encoded().leaves, *trainer.losses.parameters))
    return {
        "folder": folder.name,
        "items": len(trainer.model.bias),
        "weights_mb": round(sum(part.numel() for part in trainer.model.parameters()) * 4 / 1e6, 1),
        "sent_mb_per_shard_and_step": round(sent * 4 / 1e6, 1),
        "seconds": {"one shard": _seconds(alone), "in turn": _seconds(in_turn), executor: _seconds(shared)},
        "same_numbers": _same(in_turn, shared),
    }


def _run(folder: Path, **settings: Any) -> TrainingRun:
    known = PublishedSet.read(folder)
    dataset = known.dataset.with_interactions(known.parts["train"])
    texts = HashingEncoder(_TEXT_DIM).encode(dataset.texts) if any(dataset.texts) else None
    config = TrainConfig.of({"num_threads": 1, **settings})
    return TrainingRun(dataset, texts, config, HistoryWeights(), depth=1, epochs=config.epochs)


def _seconds(trained: Trained) -> float:
    return round(median(entry["seconds"] for entry in trained.log[1:]), 2)


def _same(one: Trained, other: Trained) -> bool:
    arrays = ((getattr(one.embeddings, of.name), getattr(other.embeddings, of.name)) for of in fields(Embeddings))
    return all(np.array_equal(*pair) for pair in arrays if pair[0] is not None)


def _say(event: Event) -> None:
    sys.stderr.write(f"{event.step} {event.done} {event.note}\n")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--executor", default="processes:2")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=256)
    given = parser.parse_args()
    settings = {"epochs": given.epochs, "batch_size": given.batch_size}
    result = compared(given.folder, given.shards, given.executor, **settings)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
