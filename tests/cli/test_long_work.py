"""Commands that take long: what they ask for, what they refuse before any work, and how the command line is read."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kgrec.config import TrainConfig
from kgrec.graph import open_store
from kgrec.progress import Progress
from kgrec_benchmarks.runs.result import Result
from tests.support.bundles import film_bundle
from tests.support.shop import Said, Shell

NOTE = "cold_item_cost has no effect: every item of the catalogue has interactions"
NONE = "not all times are known"
ROWS = {"kgrec": {"recall@10": 0.5, "ndcg@10": 0.25}, "ease": {"recall@10": 0.4, "ndcg@10": 0.3}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What long work was asked for; it answers at once."""
    calls: list[Any] = []

    def answer(name: str, result: Any) -> Any:
        def work(*arguments: Any, progress: Progress, **named: Any) -> Any:
            progress.named("Work")("tables", 2, 2, "good", unit="rows")
            calls.append((name, *arguments, named))
            return result

        return work

    measured = {"rows": ROWS, "settings": {}, "timings_s": {"kgrec": 1.5}}
    shown = {
        "item": "alien",
        "name": "Alien",
        "rank": 1,
        "new": True,
        "score": 0.5,
        "constant": 0.125,
        "reasons": [{"kind": "past_item", "evidence": "knowledge", "value": 0.375}],
        "sentence": {"en": "S.", "zh": "句"},
    }
    told = {
        "metrics": ROWS,
        "metrics_whole_catalogue": ROWS,
        "counts": {"Film": 2},
        "timings_s": {"import": 1.5},
        "alignment": {"aligned": 7},
        "user": {"id": "ann", "history": ["Heat", "Ronin"]},
        "explanations": [shown],
    }
    benchmarked = Result(ROWS, {}, {"users": 3}, seed=0, set="tiny", versions={"kgrec": "1"})
    bundle = film_bundle()
    settings = {**bundle.manifest.settings, "chosen": {"cold_items": NOTE, "next_items": NONE}}
    trained = replace(bundle, manifest=replace(bundle.manifest, settings=settings))
    modules: dict[str, Any] = {
        "kgrec.pipeline": SimpleNamespace(train=answer("train", trained)),
        "kgrec.evaluation.store_evaluation": SimpleNamespace(evaluate_store=answer("evaluate_store", measured)),
        "kgrec_benchmarks.benchmark": SimpleNamespace(measure_folder=answer("measure_folder", benchmarked)),
        "kgrec.cli.film_demo": SimpleNamespace(film_demo=answer("demo", told)),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return calls


def test_train(shell: Shell, asked: list[Any]) -> None:
    Path("a.bundle.checkpoint").mkdir()
    said = shell("train", "--out", "a.bundle/", "--set", "epochs=3", "--set", "num_layers=0", "--seed", "5", "--json")
    config = TrainConfig(epochs=3, num_layers=0, seed=5)
    named = {"checkpoint": "a.bundle.checkpoint", "tune": None, "measure": False, "executor": None}
    assert asked == [("train", "kglite:kgrec.kgl", "a.bundle/", config, named)]
    assert said.code == 0
    assert (said.json["bundle"], said.json["users"], said.json["metrics"]) == ("a.bundle/", 3, {"ndcg@10": 0.5})
    assert said.json["cold_items"] == NOTE
    assert said.json["next_item_factors"] == f"none: {NONE}"
    assert not Path("a.bundle.checkpoint").exists()
    Path("mine").mkdir()
    assert shell("train", "--checkpoint", "mine", "--tune", "2.5", "--measure", "--quiet").err == ""
    assert asked[-1][-1] == {"checkpoint": "mine", "tune": 2.5, "measure": True, "executor": None}
    assert Path("mine").exists()


def test_evaluate(shell: Shell, asked: list[Any]) -> None:
    said = shell("evaluate", "--split", "k-fold", "--folds", "3", "--test", "0.1", "--store", "kglite:a.kgl")
    given = {"split": "k-fold", "test": 0.1, "folds": 3, "executor": None}
    assert asked == [("evaluate_store", "kglite:a.kgl", TrainConfig(), given)]
    assert said.out.startswith(
        "┏━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━┓\n"
        "┃       ┃ recall@10 ┃ ndcg@10 ┃\n"
        "┡━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━┩\n"
        "│ kgrec │    0.5000 │  0.2500 │\n"
        "│ ease  │    0.4000 │  0.3000 │\n"
        "└───────┴───────────┴─────────┘\n"
    )
    assert said.err.startswith("Work: 2 rows in 0.0 s")
    assert shell("evaluate", "-v").err.startswith("  tables, 2 rows, good, 0.0 s\nWork: 2 rows in ")
    assert shell("evaluate", "--json", "--quiet").json["rows"] == ROWS


def test_benchmark(shell: Shell, asked: list[Any]) -> None:
    said = shell("benchmark", "data/tiny", "--out", "results/tiny.json", "--json", "--set", "kg_weight=0.5")
    named = {"models": None, "seeds": 1, "ablations": None, "protocol": None, "keep": "results/tiny.json.partial"}
    assert asked == [("measure_folder", "data/tiny", TrainConfig(kg_weight=0.5), named)]
    assert said.json["set"] == "tiny"
    assert Said(0, Path("results/tiny.json").read_text(), "").json == said.json
    assert Path("results/tiny.md").read_text().startswith("# tiny\n")
    said = shell("benchmark", "data/tiny", "--models", "ease,bpr", "--seeds", "3", "--ablations", "graph", "--quiet")
    assert asked[-1][-1] == {"models": "ease,bpr", "seeds": 3, "ablations": "graph", "protocol": None, "keep": None}
    assert shell("benchmark", "data/tiny", "--seeds", "0").code == 2


def test_demo(shell: Shell, asked: list[Any]) -> None:
    said = shell("demo", "--out", "there", "--user", "ann")
    assert asked == [("demo", "there", None, {"config": None, "user": "ann"})]
    assert "\nFor user ann, who knows Heat, Ronin:\n  1. Alien [new]  0.5000\n" in said.out
    assert "\n     = knowledge +0.38  scaling +0.12\n     S.\n" in said.out
    assert said.out.endswith("\nThe page: there/report.html\n")
    assert shell("demo", "--json", "--seed", "1").json["metrics"] == ROWS
    assert asked[-1] == ("demo", "demo", None, {"config": TrainConfig(seed=1), "user": None})


def test_settings_are_checked_before_any_work(shell: Shell, asked: list[Any]) -> None:
    said = shell("train", "--set", "epoch=3", "--set", "dropout=2", "--set", "epochs=x")
    assert (said.code, said.out, asked) == (2, "", [])
    assert said.err == (
        "ConfigError: 3 setting(s) cannot be used.\n"
        "  where     training settings\n"
        "  found     epochs: Input should be a valid integer, unable to parse string as an integer, found 'x'; "
        "dropout: Input should be less than 1, found '2'; epoch: Extra inputs are not permitted, found '3'\n"
        "  expected  names and ranges as `kgrec train --help` lists them\n"
        "  next      correct them and run again\n"
    )
    assert shell("evaluate", "--set", "epochs", "--set", "=").err == (
        "ConfigError: a setting has no value.\n"
        "  where     --set\n"
        "  found     'epochs'\n"
        "  expected  NAME=VALUE, such as epochs=20\n"
        "  next      write a name, an equals sign and a value without spaces around it\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("recomend",), "ConfigError: No such command 'recomend'. Did you mean 'recommend'?\n  where     kgrec\n"),
        (("check", "--schema", "a"), "ConfigError: Missing option '--source'.\n  where     kgrec check\n"),
        (("train", "--epochs", "3"), "ConfigError: No such option: --epochs\n  where     kgrec train\n"),
        (
            ("evaluate", "--split", "x"),
            "ConfigError: Invalid value for '--split': 'x' is not one of 'time', 'random', 'leave-one-out', 'k-fold'.\n"
            "  where     kgrec evaluate\n",
        ),
    ],
)
def test_usage(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    said = shell(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(message)
    assert shell(*arguments, "--json").json["error"] == "ConfigError"


def test_a_graph_opened_in_this_process_is_released(shell: Shell) -> None:
    shell.learned()
    assert shell("recommend", "--user", "nobody").code == 5
    open_store("kglite:kgrec.kgl").close()
