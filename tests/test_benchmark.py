"""`kgrec benchmark` on folders in the published format: a tiny one made here, and the real ones where they lie."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kgrec.benchmark import benchmark, to_dataset
from kgrec.config import TrainConfig
from kgrec.errors import SourceError
from kgrec.serve.cli import run
from kgrec_loaders.benchmark_folder import BenchmarkFolder

SHARED = Path(__file__).parents[2] / "shared/data"
QUICK = TrainConfig(text_encoder="hashing", embedding_dim=8, epochs=3, num_layers=1, num_threads=1)
METRICS = {"recall@10", "recall@20", "ndcg@10", "ndcg@20", "mrr@10", "hit_rate@10", "precision@10"}


def write(folder: Path, name: str, columns: Mapping[str, Sequence[Any]]) -> None:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(dict(columns)), folder / f"{name}.parquet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty users in two camps over twenty items; an item's camp is its only fact."""
    rng = np.random.default_rng(0)
    parts: dict[str, list[tuple[int, int]]] = {"train": [], "valid": [], "test": []}
    for user in range(40):
        items = rng.permutation(10)[:6] * 2 + user % 2
        for place, item in enumerate(items):
            parts["test" if place == 5 else "valid" if place == 4 else "train"].append((user, int(item)))
    for name, pairs in parts.items():
        write(
            tmp_path / "camps", f"interactions_{name}", {"user": [u for u, _ in pairs], "item": [i for _, i in pairs]}
        )
    facts = [(item, 0, 20 + item % 2) for item in range(20)] + [(0, 0, 0)]
    write(tmp_path / "camps", "kg", dict(zip(("head", "relation", "tail"), zip(*facts, strict=True), strict=True)))
    write(tmp_path / "camps", "items", {"item": list(range(20)), "name": [f"item {n}" for n in range(20)]})
    return tmp_path / "camps"


def test_the_result_has_the_agreed_form(folder: Path) -> None:
    result = json.loads(json.dumps(benchmark(str(folder), QUICK)))
    assert {"set", "rows", "timings_s", "peak_memory_mb", "settings", "seed", "versions"} <= result.keys()
    assert result["set"] == "camps"
    assert set(result["rows"]) == {"kgrec", "ease", "itemknn", "popularity"}
    assert all(row.keys() >= METRICS for row in result["rows"].values())
    assert result["data"] == {"users": 40, "items": 20, "facts": 20, "train": 160, "valid": 40, "test": 40}
    assert result["rows"]["kgrec"]["recall@10"] > 0.9  # six other items of one's camp are left


def test_a_loop_is_no_fact_and_items_come_first(folder: Path) -> None:
    dataset, parts = to_dataset(BenchmarkFolder.read(folder))
    assert len(dataset.facts) == 20
    assert list(dataset.nodes)[:2] == ["Item:0", "Item:1"]
    assert list(dataset.nodes)[20:] == ["Entity:20", "Entity:21"]
    assert {name: len(part) for name, part in parts.items()} == {"train": 160, "valid": 40, "test": 40}
    assert dataset.names[3] == "item 3"


def test_the_command_writes_the_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep/camps.json"
    settings = [
        part for pair in QUICK.model_dump(exclude_defaults=True).items() for part in ("--set", "{}={}".format(*pair))
    ]
    assert run(["benchmark", str(folder), "--out", str(out), *settings, "--quiet"]) == 0
    assert json.loads(out.read_text())["rows"]["kgrec"].keys() >= METRICS


def test_overlap_of_train_and_test_stops_the_run(folder: Path) -> None:
    train = pq.read_table(folder / "interactions_train.parquet")
    test = pq.read_table(folder / "interactions_test.parquet")
    pq.write_table(pa.concat_tables([test, train.slice(0, 3)]), folder / "interactions_test.parquet")
    with pytest.raises(SourceError) as caught:
        benchmark(str(folder), QUICK)
    assert str(caught.value) == (
        "SourceError: the parts of the split share pairs.\n"
        f"  where     {folder}\n"
        "  found     3 pairs\n"
        "  expected  none\n"
        "  next      keep each in one part only"
    )


def test_click_labels_are_predicted(tmp_path: Path) -> None:
    """Users click what is of their camp and nothing else: whoever learns from clicks tells them apart."""
    rng = np.random.default_rng(0)
    user, item = (column.ravel() for column in np.meshgrid(np.arange(30), np.arange(24), indexing="ij"))
    label = (user % 2 == item % 2).astype(int)
    kept = rng.random(len(user)) < 0.6
    write(tmp_path / "clicks", "interactions_all", {"user": user[kept], "item": item[kept], "rating": label[kept]})
    result = benchmark(str(tmp_path / "clicks"), QUICK)
    assert result["rows"]["kgrec"].keys() == {"auc", "f1", "log_loss", "ece"}
    assert result["rows"]["kgrec"]["auc"] > 0.95
    assert result["rows"]["kgrec"]["f1"] > 0.85
    assert result["rows"]["popularity"]["auc"] < 0.6
    assert result["data"]["all"] == kept.sum()
    assert len(result["folds"]) == len(result["seeds"]) == 5


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "recall"), [("lastfm_lightkg", 0.290), ("ml100k_text", 0.0)])
def test_we_are_not_behind_the_best_baseline(name: str, recall: float) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip("the shared data sets are not beside this checkout")
    rows = benchmark(str(SHARED / name))["rows"]
    assert rows["kgrec"]["ndcg@10"] >= max(rows[other]["ndcg@10"] for other in ("ease", "itemknn", "popularity"))
    assert rows["kgrec"]["recall@10"] >= recall
