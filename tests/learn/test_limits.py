"""The table of sizes: a reason for each, no line that nothing reads, and a place in every bundle."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from kgrec.config import TrainConfig
from kgrec.learn.bundle_assembly import to_bundle
from kgrec.learn.fit import fit
from kgrec.learn.limits import LIMITS
from tests.support.datasets import genre_world, quick

CODE = Path(__file__).parents[2]


def test_every_limit_has_a_reason() -> None:
    assert list(LIMITS.reasons()) == list(LIMITS.as_dict())
    assert min(map(len, LIMITS.reasons().values())) > 20


def test_every_limit_is_read_somewhere() -> None:
    code = "".join(path.read_text() for room in ("kgrec", "benchmarks") for path in (CODE / room).rglob("*.py"))
    assert set(re.findall(r"LIMITS\.(\w+)", code)) >= set(LIMITS.as_dict()) - {"exact_items"}
    assert TrainConfig().exact_items == LIMITS.exact_items


def test_a_bundle_says_by_which_limits_it_was_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path))
    world, config = genre_world(np.random.default_rng(0), n_users=20, n_items=16), quick(epochs=1, text_encoder="none")
    bundle = to_bundle(world, fit(world, config, refit_on_all=False), config)
    assert bundle.manifest.settings["limits"] == LIMITS.as_dict()
