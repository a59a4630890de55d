"""Settings: every problem at once, in exact words."""

from __future__ import annotations

import pytest

from kgrec.config import TrainConfig
from kgrec.errors import ConfigError


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig.of({"learning_rat": 0.1, "dropout": 1.5, "epochs": "many", "num_layers": 9, "loss": "mse"})
    assert str(caught.value) == (
        "ConfigError: 5 setting(s) cannot be used.\n"
        "  where     training settings\n"
        "  found     num_layers: Input should be less than or equal to 4, found 9; "
        "epochs: Input should be a valid integer, unable to parse string as an integer, found 'many'; "
        "dropout: Input should be less than 1, found 1.5; "
        "loss: Input should be 'exact_bce', 'sampled_bce', 'softmax' or 'gbce', found 'mse'; "
        "learning_rat: Extra inputs are not permitted, found 0.1\n"
        "  expected  names and ranges as `kgrec train --help` lists them\n"
        "  next      correct them and run again"
    )


@pytest.mark.parametrize(
    "setting",
    [
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"seed": -1},
        {"seed": 2**32},
        {"batch_size": 0},
        {"kg_weight": -0.1},
        {"kg_decoder": "rotate", "embedding_dim": 7},
    ],
)
def test_impossible_values_are_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"1 setting\(s\) cannot be used"):
        TrainConfig.of(setting)


def test_rotate_says_why_an_odd_width_cannot_be() -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig.of({"kg_decoder": "rotate", "embedding_dim": 7})
    assert caught.value.found == (
        "kg_decoder: Value error, rotate needs an even embedding_dim, for real and imaginary halves, found 'rotate'"
    )


def test_good_settings_are_taken_and_frozen() -> None:
    config = TrainConfig.of({"num_layers": "auto", "kg_decoder": "rotate", "learning_rate": 0.01})
    assert (config.num_layers, config.kg_decoder, config.learning_rate) == ("auto", "rotate", 0.01)
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 1  # type: ignore[misc]


def test_every_setting_has_a_sentence() -> None:
    assert all(field.description and field.description.endswith(".") for field in TrainConfig.model_fields.values())
