"""`kgrec benchmark` on folders in the published format: a tiny one made here, and the real ones where they lie."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kgrec.cli.app import run
from kgrec.config import TrainConfig
from kgrec.errors import ConfigError, MissingExtraError, SourceError
from kgrec.learn.fit import fit
from kgrec.learn.fit_result import FitResult
from kgrec_benchmarks.benchmark import measure_folder
from kgrec_benchmarks.folder_dataset import to_dataset
from kgrec_benchmarks.systems.registry import system_named
from kgrec_loaders.benchmark_folder import BenchmarkFolder
from tests.support import SHARED
from tests.support.funnel import shop

QUICK = TrainConfig(text_encoder="hashing", embedding_dim=8, epochs=3, num_layers=1, num_threads=1, ensemble=1)
SMALL = ["--set", "epochs=1", "--set", "num_layers=0", "--set", "embedding_dim=4", "--set", "text_encoder=none"]
COLUMNS = (("user", "user"), ("item", "item"), ("behaviour", "kind"))
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
    result = json.loads(json.dumps(measure_folder(str(folder), QUICK).as_dict()))
    assert {
        "set",
        "rows",
        "timings_s",
        "peak_memory_mb",
        "settings",
        "seed",
        "versions",
        "commit",
        "date",
    } <= result.keys()
    assert result["set"] == "camps"
    assert set(result["rows"]) == {"kgrec", "ease", "itemknn", "popularity", "rp3beta"}
    assert all(row.keys() >= METRICS for row in result["rows"].values())
    assert result["data"] == {"users": 40, "items": 20, "facts": 20, "train": 160, "valid": 40, "test": 40}
    assert result["rows"]["kgrec"]["recall@10"] > 0.9  # six other items of one's camp are left


def test_several_seeds_give_means_spread_intervals_and_cost(folder: Path) -> None:
    result = json.loads(json.dumps(measure_folder(str(folder), QUICK, models="kgrec,ease", seeds=2).as_dict()))
    first, second = (one["rows"]["kgrec"]["ndcg@10"] for one in result["per_seed"])
    assert result["rows"]["kgrec"]["ndcg@10"] == pytest.approx((first + second) / 2)
    assert result["spread"]["kgrec"]["ndcg@10"] == pytest.approx(abs(first - second) / 2**0.5)
    assert [one["seed"] for one in result["per_seed"]] == result["seeds"] == [0, 1]
    # The authors' split is the same for both, so the closed form was solved once.
    assert result["measured_once"] == ["ease"]
    assert "ease" not in result["spread"]
    assert set(result["rows_train_only"]) == {"kgrec_train_only", "ease_train_only"}
    assert set(result["rows_train_fit"]) == {"kgrec_train_fit", "ease_train_fit"}
    low, high = result["intervals"]["kgrec"]["ndcg@10"]
    assert 0 < low <= result["rows"]["kgrec"]["ndcg@10"] <= high <= 1
    against = result["against_best"]["ndcg@10"]
    assert against["baseline"] == "ease"
    difference = result["rows"]["kgrec"]["ndcg@10"] - result["rows"]["ease"]["ndcg@10"]
    assert against["difference"] == pytest.approx(difference)
    assert against["interval"][0] - 1e-9 <= difference <= against["interval"][1] + 1e-9
    cost = result["cost"]
    assert 8 <= cost["ease"]["tried"] <= result["budget"]["settings"]
    assert cost["kgrec"]["tried"] > 40
    assert all(one["tuning_s"] > 0 and one["peak_memory_mb"] > one["memory_growth_mb"] >= 0 for one in cost.values())
    assert "groups" not in result


def test_without_a_validation_part_there_is_one_row_of_each(folder: Path) -> None:
    (folder / "interactions_valid.parquet").unlink()
    result = measure_folder(str(folder), QUICK, models=("popularity", "ease"))
    assert set(result.rows) == {"popularity", "ease"}
    assert "implicit" not in result.versions
    assert result.rows_train_fit == result.rows_train_only == {}
    assert result.validation == {}
    assert result.data["valid"] > 0


def test_users_are_grouped_by_the_time_before_the_test(folder: Path) -> None:
    start = {"train": 1e9, "valid": 1e9 + 10, "test": 1e9 + 10}
    for part, second in start.items():
        table = pq.read_table(folder / f"interactions_{part}.parquet")
        later = [7200.0 * (part == "test" and user < 10) for user in table["user"].to_pylist()]
        times = pa.array([second + more for more in later])
        pq.write_table(table.append_column("timestamp", times), folder / f"interactions_{part}.parquet")
    groups = measure_folder(str(folder), QUICK, models="ease").groups
    assert groups is not None
    assert {name: group["users"] for name, group in groups.items()} == {
        "same second": 30,
        "up to an hour": 0,
        "longer": 10,
    }
    assert groups["longer"]["rows"]["ease"]["recall@10"] > 0.9
    assert groups["up to an hour"]["rows"] == {}


@pytest.mark.parametrize(("models", "found"), [("ease,svd", "svd"), (",", "nothing")])
def test_systems_that_are_not_there_are_refused(folder: Path, models: str, found: str) -> None:
    with pytest.raises(ConfigError) as caught:
        measure_folder(str(folder), QUICK, models=models)
    assert f"  found     {found}\n" in str(caught.value)
    assert "all, or some of kgrec, popularity, itemknn, ease" in str(caught.value)
    with pytest.raises(ConfigError, match="that many runs"):
        measure_folder(str(folder), QUICK, seeds=0)


def test_a_missing_package_is_said_before_any_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: None)
    monkeypatch.setattr("kgrec_benchmarks.runs.runner.measure_ours", lambda *_: pytest.fail("it began to work"))
    with pytest.raises(MissingExtraError):
        measure_folder(str(folder), QUICK, models="kgrec,bpr")


@pytest.mark.slow
def test_ablations_stand_in_the_result_and_on_the_page(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "camps.json"
    assert run(["benchmark", str(folder), "--out", str(out), "--models", "ease", "--ablations", "all", *SMALL]) == 0
    result = json.loads(out.read_text())
    assert set(result["ablations"]) == {"channels", "without", "depth", "graph", "loss", "kg_weight"}
    assert [note.split(":")[0] for note in result["ablation_notes"]] == [
        "True facts against shuffled facts",
        "True facts against no facts",
    ]
    assert "## Ablation: graph" in (tmp_path / "camps.md").read_text()
    assert (tmp_path / "camps.ablations.svg").exists()
    assert "kgrec" not in result["rows"]


def test_click_labels_take_no_systems_and_seeds(tmp_path: Path) -> None:
    write(tmp_path / "clicks", "interactions_all", {"user": [0, 0], "item": [0, 1], "rating": [0, 1]})
    for options in ({"models": "ease"}, {"seeds": 2}, {"ablations": "graph"}):
        with pytest.raises(ConfigError) as caught:
            measure_folder(str(tmp_path / "clicks"), QUICK, **options)
        assert "the protocol clicks has systems and seeds of its own." in str(caught.value)


def test_a_loop_is_no_fact_and_items_come_first(folder: Path) -> None:
    dataset, parts = to_dataset(BenchmarkFolder.read(folder))
    assert len(dataset.facts) == 20
    assert list(dataset.nodes)[:2] == ["Item:0", "Item:1"]
    assert list(dataset.nodes)[20:] == ["Entity:20", "Entity:21"]
    assert {name: len(part) for name, part in parts.items()} == {"train": 160, "valid": 40, "test": 40}
    assert dataset.names[3] == "item 3"


def test_a_column_says_on_which_platform_something_was_taken(folder: Path) -> None:
    rows = pq.read_table(folder / "interactions_test.parquet")
    where = ["shop" if number % 2 else None for number in range(len(rows))]
    write(folder, "interactions_test", {**rows.to_pydict(), "platform": where})
    parts = to_dataset(BenchmarkFolder.read(folder))[1]
    assert {part.platforms for part in parts.values()} == {("", "shop")}
    assert parts["test"].platform.tolist() == [0, 1] * 20
    assert not parts["train"].platform.any()


def test_the_command_writes_the_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep/camps.json"
    settings = [
        part for pair in QUICK.model_dump(exclude_defaults=True).items() for part in ("--set", "{}={}".format(*pair))
    ]
    assert run(["benchmark", str(folder), "--out", str(out), *settings, "--quiet"]) == 0
    assert json.loads(out.read_text())["rows"]["kgrec"].keys() >= METRICS


def test_a_run_that_was_stopped_goes_on(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "camps.json"
    command = ["benchmark", str(folder), "--out", str(out), "--models", "popularity,ease,itemknn", "--quiet"]

    def stopped(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        systems = {name: system_named(name) for name in ("popularity", "ease", "itemknn")}
        systems["itemknn"] = replace(systems["itemknn"], fit=stopped)
        patched.setattr("kgrec_benchmarks.runs.runner.system_named", systems.__getitem__)
        assert run(command) == 130
    kept = tmp_path / "camps.json.partial"
    assert len(list(kept.glob("*.json"))) == 2
    assert not out.exists()
    assert run(command) == 0
    result = json.loads(out.read_text())
    assert [key.split()[0] for key in result["resumed"]] == ["popularity", "ease"]
    assert set(result["rows"]) == {"popularity", "ease", "itemknn"}
    assert not kept.exists()
    assert sorted(path.name for path in tmp_path.glob("camps.*")) == ["camps.json", "camps.md", "camps.time.svg"]


def test_a_protocol_that_was_stopped_goes_on(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "camps.json"
    command = ["benchmark", str(folder), "--out", str(out), "--protocol", "cold-items", *SMALL, "--quiet"]
    calls: list[int] = []

    def learned(*args: Any, **given: Any) -> FitResult:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fit(*args, **given)

    monkeypatch.setattr("kgrec_benchmarks.protocols.cold_start.fit", learned)
    assert run(command) == 130
    assert run(command) == 0
    assert json.loads(out.read_text())["resumed"] == ["items, fold 0", "items, fold 1"]


def test_a_catalogue_that_is_too_large_is_refused_with_its_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = {"slim": replace(system_named("slim"), most_items=5), "ease": system_named("ease")}
    monkeypatch.setattr("kgrec_benchmarks.runs.runner.system_named", systems.__getitem__)
    assert run(["benchmark", str(folder), "--models", "slim,ease", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "slim was not run: 20 items; beyond 5 it would run for hours" in said
    assert "ease_train_only" in said
    assert re.search(r"ease tried \d+ settings on validation in 0 s", said)
    assert "The budget of each system but kgrec, whose search ends by itself: 100 settings and 1,800 s" in said


@pytest.mark.parametrize("protocol", ["cold-items", "cold-users"])
def test_cold_start_is_measured_by_the_same_command(folder: Path, tmp_path: Path, protocol: str) -> None:
    out = tmp_path / "cold.json"
    assert run(["benchmark", str(folder), "--protocol", protocol, "--out", str(out), *SMALL, "--quiet"]) == 0
    result = json.loads(out.read_text())
    assert result["protocol"] == protocol
    assert "kgrec" in result["rows"]
    assert len(result["rows"]) >= 2
    assert "kgrec" in out.with_suffix(".md").read_text()


def test_a_protocol_that_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no such protocol"):
        measure_folder(str(folder), QUICK, protocol="cold")
    with pytest.raises(ConfigError, match="systems and seeds of its own"):
        measure_folder(str(folder), QUICK, protocol="facts", seeds=2)


def test_a_protocol_that_does_not_fit_the_ratings_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        measure_folder(str(folder), QUICK, protocol="clicks")
    assert str(caught.value) == (
        "ConfigError: the protocol clicks cannot measure this data set.\n"
        "  where     protocol\n"
        "  found     ratings that are no click labels\n"
        "  expected  split, or one of cold-items, cold-users, facts\n"
        "  next      leave the protocol out for the usual one"
    )
    write(tmp_path / "clicks", "interactions_all", {"user": [0, 0], "item": [0, 1], "rating": [0, 1]})
    with pytest.raises(ConfigError, match="the protocol split cannot measure this data set"):
        measure_folder(str(tmp_path / "clicks"), QUICK, protocol="split")


def test_overlap_of_train_and_test_stops_the_run(folder: Path) -> None:
    train = pq.read_table(folder / "interactions_train.parquet")
    test = pq.read_table(folder / "interactions_test.parquet")
    pq.write_table(pa.concat_tables([test, train.slice(0, 3)]), folder / "interactions_test.parquet")
    with pytest.raises(SourceError) as caught:
        measure_folder(str(folder), QUICK)
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
    write(
        tmp_path / "clicks",
        "interactions_all",
        {"user": user[kept].tolist(), "item": item[kept].tolist(), "rating": label[kept].tolist()},
    )
    result = measure_folder(str(tmp_path / "clicks"), QUICK).as_dict()
    assert result["protocol"] == "clicks"
    assert result["rows"]["kgrec"].keys() == {"auc", "f1", "log_loss", "ece"}
    assert result["rows"]["kgrec"]["auc"] > 0.95
    assert result["rows"]["kgrec"]["f1"] > 0.85
    assert result["rows"]["popularity"]["auc"] < 0.6
    assert result["data"]["all"] == kept.sum()
    assert len(result["folds"]) == len(result["seeds"]) == 5
    assert result["spread"].keys() == result["rows"].keys()


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "recall"), [("lastfm_lightkg", 0.290), ("ml100k_text", 0.0)])
def test_we_are_not_behind_the_best_baseline(name: str, recall: float) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip("the shared data sets are not beside this checkout")
    rows = measure_folder(str(SHARED / name)).rows
    assert rows["kgrec"]["ndcg@10"] >= max(rows[other]["ndcg@10"] for other in ("ease", "itemknn", "popularity"))
    assert rows["kgrec"]["recall@10"] >= recall


def test_what_was_met_before_is_a_group_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world, held = shop()
    of_valid = held.user % 2 == 0
    parts = {"train": world.interactions, "valid": held.select(of_valid), "test": held.select(~of_valid)}
    for name, part in parts.items():
        write(tmp_path / "shop", f"interactions_{name}", {n: getattr(part, of).tolist() for n, of in COLUMNS})
    write(tmp_path / "shop", "behaviours", {"behaviour": [0, 1, 2], "name": ["buy", "cart", "view"]})
    assert run(["benchmark", str(tmp_path / "shop"), "--models", "kgrec,popularity", *SMALL, "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "Test items that their users had met before" in said
    assert "kgrec_never_met" in said
    result = measure_folder(str(tmp_path / "shop"), QUICK, models="kgrec,popularity").as_dict()
    again, new = result["rows_met_before"], result["rows_never_met"]
    assert {*again, *new} >= {"kgrec_never_met", "popularity_met_before", "popularity_never_met"}
    assert again["kgrec_met_before"]["users"] + new["kgrec_never_met"]["users"] == len(parts["test"])
    assert again["kgrec_met_before"]["ndcg@10"] > again["popularity_met_before"]["ndcg@10"]
