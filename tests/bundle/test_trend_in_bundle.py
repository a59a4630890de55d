"""A bundle keeps the counts of an open trend, and nothing of a closed one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.files import sha256
from kgrec.data.dataset import Array
from kgrec.errors import BundleError
from kgrec.scoring.trend import DAY_S
from tests.support.bundles import bundle_of, random_bundle, random_interactions, random_model
from tests.support.trends import START

MOMENTS = START + DAY_S * np.array([1.0, 5.5, 19.0, 300.0, np.nan])


def counts_of(folder: Path) -> set[str]:
    return {name for name in load_file(folder / "arrays.safetensors") if "trend" in name}


def test_an_open_trend_comes_back(tmp_path: Path) -> None:
    bundle = random_bundle(np.random.default_rng(0))
    bundle.save(tmp_path / "b")
    back = Bundle.load(tmp_path / "b").model
    assert bundle.model.trend is not None
    assert back.trend is not None
    assert back.trend.half_life == bundle.model.trend.half_life
    before, after = (one.scores(one.histories(bundle.interactions, 5, MOMENTS)) for one in (bundle.model, back))
    np.testing.assert_array_equal(before, after)


def test_a_bundle_without_a_trend_has_no_array_of_it_and_is_read_as_ever(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    model, interactions = random_model(rng, 8), random_interactions(rng, 5, 8, 25)
    bundle_of(model, interactions, 5).save(tmp_path / "b")
    assert counts_of(tmp_path / "b") == set()
    back = Bundle.load(tmp_path / "b").model
    assert back.trend is None
    assert not back.gates.by_history.trend.any()
    before, after = (one.scores(one.histories(interactions, 5, MOMENTS)) for one in (model, back))
    np.testing.assert_array_equal(before, after)


def test_what_was_reported_since_is_not_the_bundles() -> None:
    bundle = random_bundle(np.random.default_rng(0))
    live = replace(bundle, model=bundle.model.with_later(np.array([START]), np.array([1])))
    assert live._arrays().keys() == bundle._arrays().keys()
    for name, array in bundle._arrays().items():
        np.testing.assert_array_equal(array, live._arrays()[name])


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("trend.indices", lambda array: array + 100),
        ("trend.ends", lambda array: array[1:]),
        ("trend.half_life", lambda array: -array),
        ("gates.by_history.trend", lambda array: array[:1]),
    ],
)
def test_counts_that_do_not_fit_are_refused(tmp_path: Path, name: str, broken: object) -> None:
    random_bundle(np.random.default_rng(0)).save(tmp_path / "b")
    path, manifest = tmp_path / "b" / "arrays.safetensors", tmp_path / "b" / "manifest.json"
    arrays: dict[str, Array] = load_file(path)
    assert callable(broken)
    save_file(arrays | {name: np.ascontiguousarray(broken(arrays[name]))}, path)
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["files"]["arrays.safetensors"] = sha256(path)
    manifest.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(BundleError, match="do not fit together"):
        Bundle.load(tmp_path / "b")


def test_another_model_leaves_the_rest_as_it_is() -> None:
    bundle = random_bundle(np.random.default_rng(0))
    usual, other = bundle.usual, random_model(np.random.default_rng(1), 8)
    changed = bundle.with_model(other)
    assert changed.model is other
    assert bundle.model is not other
    assert vars(changed)["usual"] is usual
    assert changed.items is bundle.items
