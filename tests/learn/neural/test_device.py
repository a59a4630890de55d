"""Training elsewhere than in float32 on the CPU: in bfloat16, and on a GPU, or as far as can be told without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from kgrec.config import TrainConfig
from kgrec.errors import ConfigError
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.fit import fit
from kgrec.learn.neural.trainer import Trainer
from kgrec.scoring.history_weights import HistoryWeights
from tests.support.datasets import InterruptedRunError, genre_world, killed_after, quick

WORLD = genre_world(np.random.default_rng(0), n_users=24, n_items=24)
TEXTS = HashingEncoder(16).encode(WORLD.texts)
HISTORY = HistoryWeights().matrix(WORLD.interactions, 24, 24)
LOSSES = ("exact_bce", "sampled_bce", "softmax", "gbce")
PARTS = ("loss_behaviour", "loss_kg", "loss_text")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


def trainer(config: TrainConfig, checkpoint: Path | None = None) -> Trainer:
    return Trainer(WORLD, TEXTS, np.linspace(-2, 0, 24), config, HISTORY, checkpoint)


@pytest.mark.parametrize("loss", LOSSES)
def test_lower_precision_learns_much_the_same(loss: str) -> None:
    exact, rough = (
        trainer(quick(loss=loss, num_layers=1, epochs=3, precision=precision)).fit()
        for precision in ("float32", "bfloat16")
    )
    assert rough.embeddings.source.dtype == rough.embeddings.nodes.dtype == np.float32
    assert not np.array_equal(rough.embeddings.source, exact.embeddings.source)
    for name in PARTS:
        assert rough.log[-1][name] == pytest.approx(exact.log[-1][name], rel=0.05)


def test_lower_precision_leaves_the_bias_as_it_is() -> None:
    model = trainer(quick(num_layers=1)).model
    with torch.no_grad():
        model.bias.sub_(12.0)
        encoded = model.encode()
        exact = model.scores(*encoded, HISTORY)
        with torch.autocast("cpu", torch.bfloat16):
            rough = model.scores(*encoded, HISTORY)
    assert not torch.equal(exact, rough)
    torch.testing.assert_close(exact, rough, atol=0.01, rtol=0)  # at 12 the steps of bfloat16 are .06


def test_texts_and_messages_go_where_the_parameters_go() -> None:
    model = trainer(quick(num_layers=3)).model.to("meta")
    tensors = list(model.texts.values())
    for layer in model.source.graph.layers:
        matrix = layer.adj_t
        tensors += [
            layer.sender,
            layer.relation,
            layer.weight,
            matrix,
            matrix._indptr,
            matrix._T_perm,
            matrix._T_indptr,
        ]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert model.target.graph is model.source.graph
    first, second, _ = model.source.graph.layers
    assert second is first  # not moved twice


@pytest.fixture
def replaced_parameters() -> Iterator[None]:
    """A fake tensor cannot take the place of a parameter's data."""
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    yield
    torch.__future__.set_overwrite_module_params_on_conversion(False)


@pytest.mark.usefixtures("replaced_parameters")
@pytest.mark.parametrize("loss", LOSSES)
def test_every_tensor_of_a_step_is_on_the_gpu(loss: str) -> None:
    """Tensors without data that know where they would be; any two of a step on different devices raise.

    Messages are left out: a sparse matrix asks the driver.
    """
    ready = trainer(quick(loss=loss, num_layers=0, num_negatives=8))
    with FakeTensorMode(allow_non_fake_inputs=True):
        ready.model.to("cuda")
        drawn = ready.losses.draw(np.arange(8), np.random.default_rng(0))
        losses = ready.losses.of_shard(*ready.model.encode(), drawn, 0)
    assert {name: value.device.type for name, value in losses.items()} == dict.fromkeys(losses, "cuda")


@needs_gpu
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("precision", "free_dropout", "rel"),
    [("float32", 0.0, 1e-3), ("bfloat16", 0.0, 0.05), ("float32", 0.1, 0.1), ("bfloat16", 0.1, 0.1)],
)
def test_a_gpu_learns_the_same(loss: str, precision: str, free_dropout: float, rel: float) -> None:
    """What is drawn is drawn by numpy, so both devices learn from the same; dropped embeddings are the exception."""
    on_cpu, on_gpu = (
        trainer(quick(loss=loss, num_layers=2, epochs=3, free_dropout=free_dropout, device=device, precision=at)).fit()
        for device, at in (("cpu", "float32"), ("cuda", precision))
    )
    assert on_gpu.embeddings.nodes.dtype == np.float32
    for name in PARTS:
        assert on_gpu.log[-1][name] == pytest.approx(on_cpu.log[-1][name], rel=rel)


@needs_gpu
@pytest.mark.parametrize(("first", "then"), [("cuda", "cuda"), ("cuda", "cpu"), ("cpu", "cuda")])
def test_a_run_goes_on_where_another_device_left_it(first: str, then: str, tmp_path: Path) -> None:
    settings = {"num_layers": 1, "epochs": 4, "free_dropout": 0.0}
    with pytest.raises(InterruptedRunError):
        trainer(quick(device=first, **settings), tmp_path).fit(on_epoch=killed_after(2))
    resumed = trainer(quick(device=then, **settings), tmp_path).fit()
    whole = trainer(quick(**settings)).fit()
    assert [entry["epoch"] for entry in resumed.log] == [1, 2, 3, 4]
    for name in PARTS:
        assert resumed.log[-1][name] == pytest.approx(whole.log[-1][name], rel=1e-3)
    np.testing.assert_allclose(resumed.embeddings.source, whole.embeddings.source, atol=0.01)


def test_a_missing_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="there is no GPU to train on") as error:
        fit(WORLD, quick(device="cuda", text_encoder="none such"))  # before a text is read
    assert "--set device=cpu" in str(error.value)
