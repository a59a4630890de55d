"""Held-out facts of a tiny catalogue, without PyKEEN and, where it is installed, beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.errors import KgrecError, MissingExtraError
from kgrec.progress import Progress, silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.facts import HeldOutFacts
from kgrec_benchmarks.protocols.pykeen_process import measure_pykeen
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.run_cache import RunCache
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


def measured(
    protocol: HeldOutFacts, dataset: Dataset, config: TrainConfig, kept: RunCache, progress: Progress = silent
) -> Result:
    return protocol.run(PublishedSet("series", dataset, {"all": dataset.interactions}), config, kept, progress)


def test_what_follows_from_other_facts_is_found(world: Dataset) -> None:
    result = measured(HeldOutFacts([HEAD], pykeen=()), world, quick(embedding_dim=32, epochs=2), RunCache())
    found = json.loads(json.dumps(result.as_dict()))
    assert found["rows"].keys() == {"kgrec", "kgrec, facts alone", "kgrec, joint loss"}
    assert found["rows"]["kgrec"].keys() == {"mrr", "hits@1", "hits@3", "hits@10"}
    assert found["rows"]["kgrec"]["mrr"] > 0.6
    assert found["rows"]["kgrec"]["mrr"] > found["rows"]["kgrec, joint loss"]["mrr"]
    assert found["data"] == {
        "users": 30,
        "items": 40,
        "facts": 80,
        "interactions": 180,
        "facts to learn": 65,
        "to validate": 7,
        "to test": 8,
    }
    assert found["settings"]["kgrec"]["head"]["embedding_dim"] == 32


@pytest.mark.slow
@pytest.mark.skipif(find_spec("pykeen") is None, reason="the extra `bench` is not installed")
def test_a_model_of_pykeen_stands_beside_it(world: Dataset) -> None:
    grid = [PykeenSetting(epochs=2, check_every=1, num_negatives=2, learning_rate=rate) for rate in (0.01, 0.1)]
    head = HeadSetting(epochs=1)
    told: list[str] = []
    protocol = HeldOutFacts([head], ["RotatE"], grid)
    progress = Progress(lambda event: told.append(event.stage))
    found = measured(protocol, world, quick(epochs=1), RunCache(), progress)
    assert told.count("PyKEEN RotatE") == 4  # two looks at each setting
    assert "RotatE" in found.rows
    assert found.settings["RotatE"]["learning_rate"] in (0.01, 0.1)
    assert found.settings["RotatE"]["embedding_dim"] == 8
    assert found.timings_s.keys() == found.rows.keys() - {"kgrec, joint loss"}


def test_a_run_that_was_stopped_goes_on(world: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped_at_rotate(model: str, *_: object, **__: object) -> Outcome:
        if model == "RotatE":
            raise KeyboardInterrupt
        return Outcome({model: {"mrr": 0.5}})

    # What its process says is read by the slow tests: loading PyKEEN takes longer than all tests here.
    monkeypatch.setattr("kgrec_benchmarks.protocols.facts.measure_pykeen", stopped_at_rotate)
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: object())
    config = quick(epochs=1)
    heads = [HeadSetting(epochs=1)]
    with pytest.raises(KeyboardInterrupt):
        measured(HeldOutFacts(heads, ["TransE", "RotatE"]), world, config, RunCache(tmp_path, "run"))
    again = RunCache(tmp_path, "run")
    found = measured(HeldOutFacts(heads, ["TransE", "DistMult"]), world, config, again)
    assert again.resumed == ["kgrec", "TransE"]
    assert found.rows.keys() == {"kgrec", "kgrec, facts alone", "kgrec, joint loss", "TransE", "DistMult"}
    other = RunCache(tmp_path, "run")
    changed = HeldOutFacts([HeadSetting(epochs=2)], ["TransE"], [PykeenSetting(margin=1.0)])
    measured(changed, world, config, other)
    assert other.resumed == []


def test_a_missing_pykeen_is_said_before_the_work(world: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgrec.errors.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="cannot be loaded"):
        measured(HeldOutFacts(), world, quick(), RunCache())


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
