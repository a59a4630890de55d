"""How long parts of the work take with one worker and with more, one of them killed, and whether they are the same.

    python benchmarks/workers_speed.py FOLDER [--executors processes:2,ray] [--parts ridge,lists] [--nearest 100]
        [--text-encoder minilm] [--texts 4096] [--epochs 1] [--shards 2] [--hops 1]
        [--out FILE.json]

FOLDER is a benchmark folder as `kgrec benchmark` takes it; its training part is worked on. A part is done in this
process with one thread, then by each executor, and again while the worker that has the second block is killed by
SIGKILL. In the seconds is that new workers load their modules, up to 3 s. `same` says whether it was the same to the
last bit both times.
"""

from __future__ import annotations

import argparse
import atexit
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # before numpy reads it
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from kgrec.bundle.bundle import Bundle, Manifest
from kgrec.bundle.model_arrays import model_arrays
from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.data.splits import hold_out
from kgrec.learn.channels.ease import ease, ridge_system
from kgrec.learn.channels.nearest_ridge import nearest_ridge
from kgrec.learn.channels.neighbours import item_knn
from kgrec.learn.columns.interaction_log import COLUMNS
from kgrec.learn.columns.log_import import import_log
from kgrec.learn.encoders.cache import encode_cached
from kgrec.learn.encoders.named_encoders import open_encoders
from kgrec.learn.fit import fit
from kgrec.learn.fusion.candidate_scores import CandidateScores
from kgrec.learn.named_executors import open_executor
from kgrec.learn.trainings import Trainings, embeddings_of
from kgrec.metrics.rankers import ItemMatrixRanker
from kgrec.metrics.ranking import rank_users
from kgrec.parallel.cached_attribute import cached_property
from kgrec.parallel.executor import Executor, here
from kgrec.progress import silent
from kgrec.recommendation.batch import recommend_all
from kgrec.schema.load import load_schema
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.testing.executed_calls import LosesAWorker
from kgrec_benchmarks.folder_dataset import PublishedSet

_PENALTY, _EXPONENT, _NEIGHBOURS, _K = 3.0, 0.5, 100, 20
_PARTS = 16
"""Of the log that is imported."""


@dataclass
class Work:
    """The parts, on one data set.

    Attributes:
        dataset: with the training part.
        nearest: items of each ridge.
        settings: of trainings.
        hops: of the GNN where the embeddings alone are trained; the whole training has none.
        encoder: of texts, of which ``texts`` are encoded.
    """

    dataset: Dataset
    nearest: int
    settings: TrainConfig
    encoder: str
    texts: int
    hops: int

    @cached_property
    def seen(self) -> sparse.csr_matrix:
        """Users x items."""
        return self.dataset.interactions.matrix(len(self.dataset.users), len(self.dataset.items))

    @cached_property
    def weights(self) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Of the ridge over 20 nearest and of co-counts, for what ranks with them."""
        return self._ridge(here, 20), item_knn(self.seen, neighbours=20, user_exponent=_EXPONENT)

    @cached_property
    def model(self) -> AdditiveModel:
        """Both of them, and a prior."""
        channels = tuple(Channel(name, SparseMatrix(of)) for name, of in zip("ab", self.weights, strict=True))
        taken = np.bincount(self.seen.indices, minlength=self.seen.shape[1])
        prior = ((taken - taken.mean()) / taken.std()).astype(np.float32)
        return AdditiveModel(channels, Gates.common(np.ones(2), 0.1), prior, taken == 0)

    @cached_property
    def parts_of_log(self) -> list[str]:
        """The interactions as sources, each a table of the schema ``triples``."""
        known, did = self.dataset, self.dataset.interactions
        folder = Path(tempfile.mkdtemp(prefix="kgrec-log-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        users, items = (np.array(list(ids), object) for ids in (known.users, known.items))
        for number, rows in enumerate(np.array_split(np.arange(len(did)), _PARTS)):
            columns = {"user": users[did.user[rows]], "item": items[did.item[rows]], "kind": ["take"] * len(rows)}
            part = folder / str(number)
            part.mkdir()
            pq.write_table(pa.table(columns), part / "interactions.parquet")
        return [f"tables:{folder / str(number)}" for number in range(_PARTS)]

    def _ridge(self, executor: Executor, nearest: int) -> sparse.csr_matrix:
        system = ridge_system(self.seen, _PENALTY, user_exponent=_EXPONENT)
        return nearest_ridge(*system, nearest, executor=executor)

    def imported(self, executor: Executor) -> Mapping[str, Array]:
        """The interactions as columns on disk."""
        with tempfile.TemporaryDirectory() as folder:
            log = import_log(load_schema("triples"), self.parts_of_log, Path(folder) / "log", executor=executor).log
            return {
                f"{number} {name}": np.array(log.column(block, name))
                for number, block in enumerate(log.blocks)
                for name in COLUMNS
            }

    def co_counts(self, executor: Executor) -> Mapping[str, Array]:
        """Neighbours by the users that items share."""
        return _of(item_knn(self.seen, neighbours=_NEIGHBOURS, user_exponent=_EXPONENT, executor=executor))

    def ridge(self, executor: Executor) -> Mapping[str, Array]:
        """Weights of the ridge over the nearest items."""
        return _of(self._ridge(executor, self.nearest))

    def ridge_of_all(self, executor: Executor) -> Mapping[str, Array]:
        """Weights of the ridge over all items, the largest kept."""
        return _of(ease(self.seen, _PENALTY, user_exponent=_EXPONENT, top=_NEIGHBOURS, executor=executor))

    def candidates(self, executor: Executor) -> Mapping[str, Array]:
        """What gates are searched on."""
        users = len(self.dataset.users)
        train, held = hold_out(self.dataset.interactions)
        found = CandidateScores.of(self.model, train, held, users, np.random.default_rng(0), executor=executor)
        return {str(number): part for number, part in enumerate((*found.parts, found.padding, found.hits.toarray()))}

    def ranking(self, executor: Executor) -> Mapping[str, Array]:
        """The lists of all users, as an evaluation ranks them."""
        ranker = ItemMatrixRanker(tuple(map(SparseMatrix, self.weights)), self.seen.astype(np.float32))
        return {"lists": rank_users(ranker, self.seen, np.arange(self.seen.shape[0]), _K, executor=executor)}

    def published(self, executor: Executor) -> Mapping[str, Array]:
        """The lists of all users, as they are published."""
        known, nothing = self.dataset, np.zeros((0, 2), np.float32)
        manifest = Manifest(None, None, {}, 0, {}, None, {}, [], "")
        of = known.users, known.items, known.nodes, known.names, known.facts.relations, known.interactions
        bundle = Bundle(manifest, self.model, *of, nothing, nothing)
        users, among = np.arange(len(known.users)), np.ones(len(known.items), np.bool_)
        lists = recommend_all(bundle, known.interactions, users, _K, among, executor=executor)
        return {"items": lists.items, "scores": lists.scores}

    def vectors(self, executor: Executor) -> Mapping[str, Array]:
        """Vectors of texts."""
        (encoder,) = open_encoders(self.encoder)
        return {"vectors": encode_cached(encoder, self.dataset.texts[: self.texts], executor=executor)}

    def embeddings(self, executor: Executor) -> Mapping[str, Array]:
        """The embeddings, trained for as many epochs as the settings say."""
        trainings = Trainings(self.dataset, None, self.settings, None, executor)
        members = embeddings_of(trainings.members(self.hops, HistoryWeights(), self.settings.epochs), silent)
        return {
            f"{n} {name}": getattr(one, name) for n, one in enumerate(members) for name in ("source", "target", "nodes")
        }

    def training(self, executor: Executor) -> Mapping[str, Array]:
        """All that is learned: ridges, embeddings, gates."""
        learned = fit(self.dataset, self.settings, executor=executor)
        return model_arrays(learned.model) | {"nodes of embeddings": learned.embeddings.nodes}


PARTS = (
    *("imported", "co_counts", "ridge", "ridge_of_all", "candidates", "ranking", "published", "vectors"),
    *("embeddings", "training"),
)


def _of(matrix: sparse.csr_matrix) -> Mapping[str, Array]:
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}


def timed(part: Callable[[Executor], Mapping[str, Array]], executor: Executor) -> tuple[float, str]:
    """Seconds, and a hash of every bit that came out."""
    started, digest = time.perf_counter(), hashlib.sha256()
    found = part(executor)
    seconds = round(time.perf_counter() - started, 1)
    for name in sorted(found):
        digest.update(f"{name} {found[name].shape} {found[name].dtype}".encode())
        digest.update(np.ascontiguousarray(found[name]).tobytes())
    return seconds, digest.hexdigest()


def compared(part: Callable[[Executor], Mapping[str, Array]], executors: list[str]) -> dict[str, Any]:
    """Seconds of a part in each way."""
    alone, expected = timed(part, here)
    found: dict[str, Any] = {"here": alone}
    for name in executors:
        with open_executor(name) as workers, tempfile.TemporaryDirectory() as folder:
            whole, one = timed(part, workers)
            lossy = LosesAWorker(workers, Path(folder) / "killed")
            with_loss, other = timed(part, lossy)
            killed = lossy.mark.exists()
        found[name] = {"seconds": whole, "one killed": with_loss if killed else None, "same": one == other == expected}
    return found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--executors", default="processes:2,ray")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--nearest", type=int, default=100)
    parser.add_argument("--text-encoder", default="hash")
    parser.add_argument("--texts", type=int, default=4096)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--shards", type=int, default=1, help="of the training of the embeddings")
    parser.add_argument("--hops", type=int, default=1, help="of the GNN where the embeddings alone are trained")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    os.environ["KGREC_CACHE"] = str(Path(__file__))  # no folder: texts are encoded each time
    known = PublishedSet.read(given.folder)
    settings = {
        "epochs": given.epochs,
        "user_shards": given.shards,
        "ensemble": 1,
        "num_layers": 0,
        "num_threads": 1,
        "text_encoder": "none",
    }
    work = Work(
        known.dataset.with_interactions(known.parts["train"]),
        given.nearest,
        TrainConfig.of(settings),
        given.text_encoder,
        given.texts,
        given.hops,
    )
    _ = work.model, work.parts_of_log  # what parts begin with is there before they are timed
    results = {}
    for name in given.parts.split(","):
        results[name] = compared(getattr(work, name), given.executors.split(","))
        sys.stdout.write(f"{name} {json.dumps(results[name])}\n")
        sys.stdout.flush()
    if given.out:
        given.out.write_text(json.dumps({"set": known.name, "nearest": given.nearest, "parts": results}, indent=1))


if __name__ == "__main__":
    main()
