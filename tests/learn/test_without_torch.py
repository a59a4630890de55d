"""Channels and fusion, with their tests, where no deep-learning framework can be imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support import ROOT

BLOCK = """
import sys

FRAMEWORKS = {"torch", "torch_geometric", "transformers"}


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FRAMEWORKS:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


sys.meta_path.insert(0, Absent())
"""
FITTING = """
import numpy as np

from kgrec.data.splits import hold_out
from kgrec.learn.channels.behaviour import BehaviourChannels
from kgrec.learn.fusion.gate_search import GateFitter
from kgrec.progress import silent
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel
from tests.support.datasets import genre_world

world = genre_world(np.random.default_rng(0), n_users=40, n_items=32, taken=6, n_new=4, texts=False, timed=True)
train, held_out = hold_out(world.interactions)
behaviour = BehaviourChannels(world.with_interactions(train), None, silent)
settings, trials = behaviour.choose(held_out.matrix(40, 32), with_long_term=True)
channels = tuple(behaviour.channels(settings))
gates = Gates.common(np.ones(len(channels)), 1.0)
model = AdditiveModel(channels, gates, behaviour.prior(settings), behaviour.cold)
metrics = GateFitter(model, train, held_out, 40, 0, silent).fit()[1]
assert trials > 10
assert metrics["fused"] >= max(metrics[channel.name] for channel in channels if not channel.beside)
print(*(channel.name for channel in channels if not channel.beside))
"""
COLLECTING = """
import pytest

folders = ["tests/learn/channels", "tests/learn/fusion"]
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "--assert=plain", *folders]))
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", BLOCK + code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_framework_that_is_blocked_is_missed() -> None:
    with pytest.raises(AssertionError, match="No module named 'torch'"):
        run("import kgrec.learn.neural.model")


def test_channels_and_gates_are_fitted() -> None:
    assert run(FITTING).split() == ["behaviour", "short_term", "next_item", "recent_paths", "paths", "long_term"]


def test_the_tests_of_channels_and_fusion_are_collected() -> None:
    found = run(COLLECTING)
    for file in ("test_behaviour.py", "test_gate_search.py", "test_plugin_channels.py"):
        assert file in found
