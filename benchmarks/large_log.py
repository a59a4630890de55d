"""Write a log of interactions in parts, learn item weights from it, and say what each stage takes.

    python benchmarks/large_log.py FOLDER [--interactions 10000000] [--users 500000] [--items 50000]
        [--executor processes:2] [--out FILE]

Stages: the parts are written (by topics, as benchmarks/large_catalogue.py does it), imported to columns, counted, put
into a matrix without each tested user's last item, solved as a ridge over each item's nearest, and lists of a sample of
users are ranked and compared with popularity. Each stage runs in a process of its own; its peak memory is that of it
and its workers together, looked at twice a second, a page that several have counted once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.learn.channels.ease import ridge_system
from kgrec.learn.channels.nearest_ridge import nearest_ridge
from kgrec.learn.columns.interaction_log import InteractionLog
from kgrec.learn.columns.log_import import import_log
from kgrec.learn.named_executors import open_executor
from kgrec.metrics.rankers import ItemMatrixRanker, MatrixRanker
from kgrec.metrics.ranking import rank_and_measure
from kgrec.parallel.executor import Executor
from kgrec.schema.load import load_schema
from kgrec.scoring.matrices import SparseMatrix

STAGES = "write", "import", "count", "matrix", "ridge", "rank"
_PART = 1_000_000
_PER_TOPIC, _LIKED, _STRAYED = 100, 4, 0.1
_START_S, _SPAN_S = 1_600_000_000, 3 * 365 * 86400
_TESTED = 5_000
_BETWEEN_LOOKS_S = 0.5
_NEAREST, _PENALTY, _EXPONENT = 100, 3.0, 0.5
"""As kgrec has them for catalogues of more than 50,000 items."""


def write(folder: Path, n: int, n_users: int, n_items: int) -> None:
    """Parts of a million rows: some users do a hundred times as much as others, and care for a few topics each."""
    rng = np.random.default_rng(0)
    n_topics = max(1, n_items // _PER_TOPIC)
    topic_share = rng.permutation(1.0 / np.arange(1, n_topics + 1) ** 0.6)
    topics = np.cumsum(topic_share / topic_share.sum())
    within = np.cumsum(1.0 / np.arange(1, _PER_TOPIC + 1) ** 0.8)
    active = np.cumsum(rng.permutation(1.0 / np.arange(1, n_users + 1) ** 0.5))
    liked = np.searchsorted(topics, rng.random((n_users, _LIKED))).astype(np.int32)
    for number, start in enumerate(range(0, n, _PART)):
        size = min(_PART, n - start)
        user = np.searchsorted(active, rng.random(size) * active[-1])
        topic = liked[user, rng.integers(0, _LIKED, size)]
        place = np.searchsorted(within, rng.random(size) * within[-1])
        item = np.minimum(topic.astype(np.int64) * _PER_TOPIC + place, n_items - 1)
        strayed = rng.random(size) < _STRAYED
        item[strayed] = rng.integers(0, n_items, int(strayed.sum()))
        times = _START_S + rng.integers(0, _SPAN_S, size)
        columns = {"user": _ids("u", user), "item": _ids("i", item), "time": pa.array(times)}
        columns["kind"] = pa.repeat("take", size)
        part = folder / f"part-{number:05}"
        part.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), part / "interactions.parquet")


def _ids(letter: str, numbers: Array) -> pa.Array:
    texts = np.char.add(letter, numbers.astype(str))
    return pa.array(texts.tolist())


def run(stage: str, folder: Path, given: argparse.Namespace, executor: Executor) -> dict[str, Any]:
    """One stage; what it found."""
    parts, columns = folder / "parts", folder / "columns"
    if stage == "write":
        write(parts, given.interactions, given.users, given.items)
        return {"bytes": sum(path.stat().st_size for path in parts.rglob("*.parquet"))}
    if stage == "import":
        sources = [f"tables:{part}" for part in sorted(parts.iterdir())]
        schema = load_schema("triples")
        done = import_log(schema, sources, columns, executor=executor)
        return {"rows": done.rows, "bytes": sum(path.stat().st_size for path in columns.rglob("*.*"))}
    log = InteractionLog.open(columns)
    if stage == "count":
        counts = log.counts(executor)
        return {"users": log.n_users, "items": log.n_items, "interactions": int(counts.by_item.sum())}
    if stage == "matrix":
        train, test = _without_last(log, log.matrix(executor))
        sparse.save_npz(folder / "train.npz", train, compressed=False)
        sparse.save_npz(folder / "test.npz", test, compressed=False)
        return {"pairs": int(train.nnz), "tested": int(test.nnz)}
    train = sparse.load_npz(folder / "train.npz")
    if stage == "ridge":
        system = ridge_system(train, _PENALTY, user_exponent=_EXPONENT, item_exponent=0.5)
        weights = nearest_ridge(*system, _NEAREST, executor=executor)
        sparse.save_npz(folder / "weights.npz", weights, compressed=False)
        return {"weights": int(weights.nnz)}
    test, weights = sparse.load_npz(folder / "test.npz"), sparse.load_npz(folder / "weights.npz")
    users = np.flatnonzero(np.diff(test.indptr))
    seen, wanted = train[users], test[users]
    ours = rank_and_measure(ItemMatrixRanker((SparseMatrix(weights),), seen.astype(np.float32)), seen, wanted, (10,))
    taken = sparse.csr_matrix(np.bincount(train.indices, minlength=log.n_items).astype(np.float32))
    ones = sparse.csr_matrix(np.ones((len(users), 1), np.float32))
    popular = rank_and_measure(MatrixRanker(ones, taken), seen, wanted, (10,))
    return {"users": len(users)} | {
        name: {metric: measured.means[metric] for metric in ("ndcg@10", "hit_rate@10")}
        for name, measured in (("nearest ridge", ours), ("popularity", popular))
    }


def _without_last(log: InteractionLog, matrix: sparse.csr_matrix) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """The matrix without the last item of some users who have two or more, and these items."""
    rng = np.random.default_rng(1)
    able = np.flatnonzero(np.diff(matrix.indptr) >= 2)
    tested = np.sort(rng.choice(able, min(_TESTED, len(able)), replace=False))
    last = np.empty(len(tested), np.int64)
    for block in log.blocks:
        inside = np.flatnonzero((tested >= block.first_user) & (tested < block.first_user + block.users))
        user, item = log.column(block, "user"), log.column(block, "item")  # sorted by time within a user
        last[inside] = item[np.searchsorted(user, tested[inside] - block.first_user, side="right") - 1]
    test = sparse.csr_matrix((np.ones(len(tested), np.float32), (tested, last)), shape=matrix.shape)
    for row, item_of_row in zip(tested, last, strict=True):
        start, end = matrix.indptr[row], matrix.indptr[row + 1]
        matrix.data[start + np.searchsorted(matrix.indices[start:end], item_of_row)] = 0.0
    matrix.eliminate_zeros()
    return matrix, test


def main() -> None:
    """See the module."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--interactions", type=int, default=10_000_000)
    arguments.add_argument("--users", type=int, default=500_000)
    arguments.add_argument("--items", type=int, default=50_000)
    arguments.add_argument("--executor", default="processes:2")
    arguments.add_argument("--stages", default=",".join(STAGES))
    arguments.add_argument("--out", type=Path)
    arguments.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.stage:
        with open_executor(given.executor) as executor:
            sys.stdout.write(json.dumps(run(given.stage, given.folder, given, executor)))
        return
    results = {}
    for stage in given.stages.split(","):
        results[stage] = measured(stage)
        sys.stdout.write(f"{stage} {json.dumps(results[stage])}\n")
        sys.stdout.flush()
    if given.out:
        given.out.write_text(json.dumps(vars(given) | {"folder": None, "out": None, "results": results}, indent=1))


def measured(stage: str) -> dict[str, Any]:
    """A stage in a process of its own: what it found, how long it took, of processors as well, and its peak memory."""
    started, most, used = time.perf_counter(), 0, dict[int, float]()
    process = subprocess.Popen([sys.executable, *sys.argv, "--stage", stage], stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        most = max(most, _looked_at(process.pid, used))
        time.sleep(_BETWEEN_LOOKS_S)
    said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        sys.exit(process.returncode)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    seconds = round(time.perf_counter() - started, 1)
    return found | {"seconds": seconds, "cpu_seconds": round(sum(used.values()), 1), "peak_mib": most // 2**20}


def _looked_at(pid: int, used: dict[int, float]) -> int:
    """Bytes of a process and all below it, a page that several have counted in parts (PSS).

    Args:
        used: seconds of processors that each has used, which is told here.
    """
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            total += process.memory_full_info().pss
            times = process.cpu_times()
            used[process.pid] = times.user + times.system
    except psutil.Error:
        return total
    return total


if __name__ == "__main__":
    main()
