"""Held-out facts of a tiny catalogue, without PyKEEN and, where it is installed, beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kgrec.data.dataset import Dataset, Interactions
from kgrec.errors import KgrecError, MissingExtraError
from kgrec_benchmarks.protocols.fact_benchmark import benchmark_facts
from kgrec_benchmarks.protocols.pykeen_process import measure_pykeen
from kgrec_benchmarks.runs.outcome import Outcome, RunCache
from kgrec_benchmarks.systems.complex_head import HeadSetting
from kgrec_benchmarks.systems.pykeen_models import PykeenSetting
from tests.support.datasets import dataset_of, quick

HEAD = HeadSetting(epochs=40, batch_size=16, n3=0.01, learning_rate=0.1, patience=40)


@pytest.fixture(name="world")
def series() -> Dataset:
    """Forty items in a circle, each the sequel of the one before, which says so too; users take six in a row."""
    n = 40
    user = np.repeat(np.arange(30), 6)
    item = (user * 7 + np.tile(np.arange(6), 30)) % n
    triples = [(i, 0, (i + 1) % n) for i in range(n)] + [((i + 1) % n, 1, i) for i in range(n)]
    relations = ("before", "after")
    return dataset_of(Interactions.of_pairs(user, item), 30, n, triples=triples, relations=relations, n_entities=1)


def test_what_follows_from_other_facts_is_found(world: Dataset) -> None:
    found = json.loads(json.dumps(benchmark_facts(world, quick(embedding_dim=32, epochs=2), heads=[HEAD], pykeen=())))
    assert found["rows"].keys() == {"kgrec", "kgrec, facts alone", "kgrec, joint loss"}
    assert found["rows"]["kgrec"].keys() == {"mrr", "hits@1", "hits@3", "hits@10"}
    assert found["rows"]["kgrec"]["mrr"] > 0.6
    assert found["rows"]["kgrec"]["mrr"] > found["rows"]["kgrec, joint loss"]["mrr"]
    assert found["data"] == {"nodes": 41, "train": 65, "valid": 7, "test": 8}
    assert found["settings"]["kgrec"]["head"]["embedding_dim"] == 32


@pytest.mark.skipif(find_spec("pykeen") is None, reason="the extra `bench` is not installed")
def test_pykeens_models_stand_beside_it(world: Dataset) -> None:
    grid = [PykeenSetting(epochs=2, check_every=1, num_negatives=2, learning_rate=rate) for rate in (0.01, 0.1)]
    head = HeadSetting(epochs=1)
    told: list[str] = []
    found = benchmark_facts(
        world,
        quick(epochs=1),
        heads=[head],
        pykeen=["TransE", "RotatE"],
        grid=grid,
        progress=lambda stage, *_: told.append(stage),
    )
    assert told.count("PyKEEN's RotatE") == 4  # two looks at each setting
    assert found["rows"].keys() >= {"TransE", "RotatE"}
    assert found["settings"]["RotatE"]["learning_rate"] in (0.01, 0.1)
    assert found["settings"]["RotatE"]["embedding_dim"] == 8
    assert found["timings_s"].keys() == found["rows"].keys() - {"kgrec, joint loss"}


def test_a_run_that_was_stopped_goes_on(world: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(model: str, *_: object, **__: object) -> Outcome:
        if model == "RotatE":
            raise KeyboardInterrupt
        return Outcome({model: {"mrr": 0.5}})

    monkeypatch.setattr("kgrec_benchmarks.protocols.fact_benchmark.measure_pykeen", measured)
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: object())
    given: dict[str, Any] = {"heads": [HeadSetting(epochs=1)], "pykeen": ["TransE", "RotatE"]}
    with pytest.raises(KeyboardInterrupt):
        benchmark_facts(world, quick(epochs=1), finished=RunCache(tmp_path, "run"), **given)
    again = RunCache(tmp_path, "run")
    found = benchmark_facts(world, quick(epochs=1), finished=again, **{**given, "pykeen": ["TransE", "DistMult"]})
    assert [key.split()[0] for key in again.resumed] == ["kgrec", "TransE"]
    assert found["rows"].keys() == {"kgrec", "kgrec, facts alone", "kgrec, joint loss", "TransE", "DistMult"}
    other = RunCache(tmp_path, "run")
    grid = [PykeenSetting(margin=1.0)]
    benchmark_facts(world, quick(epochs=1), finished=other, heads=[HeadSetting(epochs=2)], pykeen=["TransE"], grid=grid)
    assert other.resumed == []


def test_a_missing_pykeen_is_said_before_the_work(world: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="cannot be loaded"):
        benchmark_facts(world, quick())


def test_a_failing_process_is_said(world: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('Traceback\\nImportError: no room')"]
    started = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **given: started(failing, **given))
    facts = world.facts
    with pytest.raises(KgrecError) as error:
        measure_pykeen("TransE", facts, facts, facts, 41, grid=[PykeenSetting()])
    assert str(error.value) == (
        "KgrecError: PyKEEN's TransE could not be measured.\n"
        "  where     -m kgrec_benchmarks.protocols.pykeen_process\n"
        "  found     ImportError: no room\n"
        "  expected  exit code 0 and a result\n"
        "  next      see whether `python -c 'import pykeen.models'` works"
    )
