"""`kgrec benchmark FOLDER`: a published data set on its own split; settings by validation, the test read once."""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.config import TrainConfig
from kgrec.dataset import Array, Dataset, Facts, IntArray, Interactions
from kgrec.errors import SourceError
from kgrec.pipeline import compare_on, versions
from kgrec.progress import Progress, silent
from kgrec.report.clicks import Pairs
from kgrec.splits import Split, hold_out, random_split
from kgrec.vocabulary import Vocabulary
from kgrec_loaders.benchmark_folder import ITEM, BenchmarkFolder


def benchmark(folder: str, config: TrainConfig | None = None, *, progress: Progress = silent) -> dict[str, Any]:
    """Measure kgrec, EASE, item-kNN and popularity on a benchmark folder.

    Every item is a candidate unless the user has taken it. A folder without a validation set has a tenth of train held
    out for it (the latest of each user where times are known); one without a split is cut at random into 6:2:2.

    Returns:
        ``set, rows, timings_s, peak_memory_mb, settings, seed, versions``, and ``data``: how large it is.

    Raises:
        SourceError: the folder has no such tables, or the parts of its split share pairs.
    """
    started = time.perf_counter()
    config = config or TrainConfig()
    progress("reading", 0, None, folder)
    tables = BenchmarkFolder.read(folder)
    if overlap := tables.overlap():
        raise SourceError(
            "the parts of the split share pairs.",
            where=folder,
            found=f"{overlap} pairs",
            expected="none",
            next="keep each in one part only",
        )
    dataset, parts = to_dataset(tables)
    read = time.perf_counter() - started
    measure = _clicks if tables.labels else _lists
    measured = measure(dataset, tables, parts, config, progress)
    timings = {"reading": read, **measured.pop("timings_s"), "whole": time.perf_counter() - started}
    return {
        "set": tables.path.name,
        **measured,
        "timings_s": timings,
        "peak_memory_mb": _peak_memory_mb(),
        "seed": config.seed,
        "versions": versions(),
    }


def _lists(
    dataset: Dataset,
    _: BenchmarkFolder,
    parts: dict[str, Interactions],
    config: TrainConfig,
    progress: Progress,
) -> dict[str, Any]:
    """Rank the catalogue for every user of the test set."""
    split = _split(parts, config.seed)
    compared = compare_on(dataset, split, config, progress)
    return {
        "rows": compared.whole or compared.rows,
        "validation": compared.learned.metrics,
        "timings_s": compared.timings,
        "settings": compared.settings,
        "data": _sizes(dataset, train=len(split.train), valid=len(split.valid), test=len(split.test)),
    }


def _clicks(
    dataset: Dataset,
    tables: BenchmarkFolder,
    parts: dict[str, Interactions],
    config: TrainConfig,
    progress: Progress,
) -> dict[str, Any]:
    """Tell clicked pairs from others, after learning from the clicks of seeded 6:2:2 cuts."""
    from kgrec.click_benchmark import benchmark_clicks

    labels = [np.asarray(table["label"].to_numpy(), np.int64) for table in tables.splits().values()]
    pairs = {
        name: Pairs(part.user, part.item, label) for (name, part), label in zip(parts.items(), labels, strict=True)
    }
    measured = benchmark_clicks(dataset, pairs, config, progress=progress)
    return {**measured, "data": _sizes(dataset, **{name: len(part) for name, part in pairs.items()})}


def _sizes(dataset: Dataset, **parts: int) -> dict[str, int]:
    return {"users": len(dataset.users), "items": len(dataset.items), "facts": len(dataset.facts), **parts}


def to_dataset(tables: BenchmarkFolder) -> tuple[Dataset, dict[str, Interactions]]:
    """The folder as arrays: the graph with all interactions, and the interactions of each part of its split."""
    splits = tables.splits()
    users, items = Vocabulary(tables.users["user"].to_pylist()), Vocabulary(tables.items["item"].to_pylist())
    kinds = tuple(sorted({str(kind) for part in splits.values() for kind in pc.unique(part["kind"]).to_pylist()}))
    facts = tables.facts
    ends = [
        pc.binary_join_element_wise(facts[f"{end}_type"].cast(pa.string()), facts[end].cast(pa.string()), ":")
        for end in ("head", "tail")
    ]
    item_nodes = [f"{ITEM}:{uid}" for uid in items]
    known = set(item_nodes)
    entities = tables.entities.to_pydict()
    named = dict(zip(entities["entity"], entities["name"], strict=True))
    others = sorted({node for end in ends for node in pc.unique(end).to_pylist()} - known)
    nodes = Vocabulary([*item_nodes, *others])
    relations = tuple(sorted(map(str, pc.unique(facts["relation"]).to_pylist())))
    head, tail = (_rows(nodes, end) for end in ends)
    relation = _rows(Vocabulary(relations), facts["relation"])
    real = head != tail
    names = [name or uid for name, uid in zip(tables.items["name"].to_pylist(), items, strict=True)]
    texts = [text or "" for text in tables.items["text"].to_pylist()]
    other_ids = [node.partition(":")[2] for node in others]
    parts = {name: _interactions(part, users, items, kinds) for name, part in splits.items()}
    whole = None
    for part in parts.values():
        whole = part if whole is None else whole.joined(part)
    assert whole is not None  # BenchmarkFolder.read refuses a folder without interactions
    dataset = Dataset(
        users=users,
        items=items,
        nodes=nodes,
        interactions=whole,
        facts=Facts.unique(head[real], relation[real], tail[real], relations),
        names=(*names, *(named.get(uid) or uid for uid in other_ids)),
        texts=(*texts, *([""] * len(others))),
    )
    return dataset, parts


def _rows(vocabulary: Vocabulary, column: pa.ChunkedArray) -> IntArray:
    """Rows of a column of ids, by way of its few distinct values."""
    encoded = pc.dictionary_encode(column.cast(pa.string())).combine_chunks()
    rows: Array = vocabulary.rows(encoded.dictionary.to_pylist())[encoded.indices.to_numpy()]
    return rows


def _interactions(table: pa.Table, users: Vocabulary, items: Vocabulary, kinds: tuple[str, ...]) -> Interactions:
    n = table.num_rows
    time = np.asarray(table["time"].cast(pa.float64()).fill_null(float("nan")).to_numpy(), np.float64)
    weight = np.asarray(table["weight"].cast(pa.float32()).fill_null(1.0).to_numpy(), np.float32)
    return Interactions(
        user=_rows(users, table["user"]),
        item=_rows(items, table["item"]),
        time=time,
        weight=weight,
        kind=_rows(Vocabulary(kinds), table["kind"]),
        platform=np.zeros(n, np.int64),
        kinds=kinds,
    )


def _split(parts: dict[str, Interactions], seed: int) -> Split:
    if "train" not in parts or "test" not in parts:
        return random_split(parts["all"], valid=0.2, test=0.2, seed=seed)
    if "valid" in parts:
        return Split(parts["train"], parts["valid"], parts["test"])
    train, valid = hold_out(parts["train"], seed=seed)
    return Split(train, valid, parts["test"])


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
