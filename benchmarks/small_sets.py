"""The small benchmark sets, one after the other: `python -m kgrec_benchmarks.small_sets`, which is `make bench`.

Where none of them lies on the machine, MovieLens 100k is fetched as RecBole ships it and cut here, so that there is
something to measure: the latest fifth of each user is the test. That cut is nobody's, so its result is kept apart.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kgrec.data.dataset import Interactions
from kgrec.data.records import Table
from kgrec.data.splits import time_split_per_user
from kgrec.errors import KgrecError

SETS = ("ml100k_text", "lastfm_lightkg", "dbbook2014")
FETCHED = "ml100k_fetched"
_ROOT = Path(__file__).resolve().parents[1]
Run = Callable[[Sequence[str]], int]
"""A command of kgrec and its exit code."""


def measure(data: Path, results: Path, build: Path, seeds: int, run: Run, say: Callable[[str], object]) -> int:
    """Measure the sets that are there, or what can be fetched where none is.

    Args:
        data: folder of the sets.
        results: where their results are written.
        build: where the fetched set and its result are written.
        say: told what is missing.

    Returns:
        The exit code of the first command that failed, else 0.

    Raises:
        SourceError: no set is there, and the one to fetch could not be fetched.
    """
    there = [name for name in SETS if (data / name).is_dir()]
    missing = [name for name in SETS if name not in there]
    if missing:
        say(f"not measured, because {'it is' if len(missing) == 1 else 'they are'} not in {data}: {', '.join(missing)}")
    jobs = [(data / name, results / f"{name}.json") for name in there]
    if not jobs:
        say("measured instead: MovieLens 100k, fetched and cut by time; its figures are not those of docs/results.md")
        write_movielens(build / FETCHED)
        jobs = [(build / FETCHED, build / f"{FETCHED}.json")]
    for folder, out in jobs:
        code = run(["benchmark", str(folder), "--seeds", str(seeds), "--out", str(out)])
        if code:
            return code
    return 0


def write_movielens(folder: Path, tables: Iterable[Table] | None = None) -> None:
    """MovieLens 100k as a benchmark folder, the latest fifth of each user's films as the test; what is there stays.

    Args:
        tables: those of the loader; None fetches them.

    Raises:
        SourceError: the data cannot be fetched.
    """
    if (folder / "interactions_test.parquet").exists():
        return
    if tables is None:
        from kgrec_loaders.movielens100k import MovieLens100kLoader

        tables = MovieLens100kLoader().tables()
    read = {table.name: pa.Table.from_batches(table.batches) for table in tables}
    folder.mkdir(parents=True, exist_ok=True)
    films = read["films"]
    pq.write_table(pa.table({"item": films["item_id"], "name": films["movie_title"]}), folder / "items.parquet")
    pq.write_table(read["freebase_facts"].select(["head", "relation", "tail"]), folder / "kg.parquet")
    ratings = read["ratings"]
    users, items = (ratings[name].combine_chunks().dictionary_encode().indices for name in ("user_id", "item_id"))
    time = np.asarray(ratings["timestamp"].to_numpy(), np.float64)
    rows = np.arange(len(ratings))
    split = time_split_per_user(Interactions.of_pairs(users.to_numpy(), items.to_numpy(), time, rows), 0.0, 0.2)
    ratings = ratings.select(["user_id", "item_id", "rating", "timestamp"])
    ratings = ratings.rename_columns(["user", "item", "rating", "timestamp"])
    for name, part in (("train", split.train), ("test", split.test)):
        chosen = ratings.take(pa.array(np.sort(part.weight.astype(np.int64))))
        pq.write_table(chosen, folder / f"interactions_{name}.parquet")


def main() -> int:
    """Measure with the arguments of the command line."""
    arguments = argparse.ArgumentParser(description="Measure the small benchmark sets.")
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the sets")
    arguments.add_argument("--results", type=Path, default=_ROOT / "benchmarks/results", help="folder of the results")
    arguments.add_argument("--build", type=Path, default=_ROOT / "build/bench", help="folder of what is fetched")
    arguments.add_argument("--seeds", type=int, default=3, help="runs of each")
    given = arguments.parse_args()
    from kgrec.cli.app import run

    try:
        return measure(
            given.data, given.results, given.build, given.seeds, run, lambda text: sys.stderr.write(f"{text}\n")
        )
    except KgrecError as error:
        sys.stderr.write(f"{error}\n")
        return 3


if __name__ == "__main__":
    sys.exit(main())
