"""The whole flow on a small shop: import, train, answer without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kgrec import pipeline
from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.errors import GraphError, KgrecError
from kgrec.graph import open_store
from kgrec.graph.store import GraphStore
from kgrec.learn.fit_result import FitResult
from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers
from kgrec.schema.load import load_schema
from tests.support import SHOP
from tests.support.bundles import film_bundle, film_store

pytestmark = pytest.mark.usefixtures("one_gate_search")

QUICK = TrainConfig(text_encoder="hashing", embedding_dim=8, epochs=4, num_layers=1, num_threads=1, ensemble=1)


@pytest.fixture(scope="module")
def store() -> GraphStore:
    store = open_store("kglite::memory:")
    pipeline.ingest(load_schema("triples"), [f"tables:{SHOP}"], store)
    return store


@pytest.fixture(scope="module")
def bundle(store: GraphStore) -> Bundle:
    return pipeline.train(store, config=QUICK)


def test_the_report_of_an_import_counts_what_the_files_hold(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'shop.kgl'}"
    report = pipeline.ingest("triples", [f"tables:{SHOP}"], url)
    expected = {"User": 40, "Item": 25, "Entity": 22}
    assert dict(report.counts.nodes) == expected
    assert dict(report.counts.edges) == {"FACT": 75}
    assert dict(report.counts.interactions) == {"INTERACTED": 220}
    assert report.as_dict()["problems"] == []
    again = pipeline.ingest("triples", [f"tables:{SHOP}"], url)
    assert again.counts == report.counts
    assert again.ingest.created == 0
    assert pipeline.inspect(url)["nodes"] == expected


def test_a_bundle_tells_how_it_was_made(bundle: Bundle, store: GraphStore) -> None:
    manifest = bundle.manifest
    assert manifest.graph_id == store.graph_id
    assert manifest.settings["embedding_dim"] == 8
    assert manifest.settings["chosen"]["num_layers"] == 1
    assert manifest.data_cutoff == float(bundle.interactions.time.max())
    assert len(manifest.training) >= 1
    found = manifest.metrics["validation_ndcg@10"]
    assert found["fused"] >= max(found[name] for name in ("behaviour", "knowledge", "semantic_paths"))
    assert bundle.node_embeddings.shape == (47, 8)
    assert bundle.model.is_cold.sum() == 1


def test_the_same_seed_gives_the_same_bundle(bundle: Bundle, store: GraphStore) -> None:
    again = pipeline.train(store, config=QUICK)
    np.testing.assert_array_equal(again.node_embeddings, bundle.node_embeddings)
    assert again.manifest.metrics == bundle.manifest.metrics
    other = pipeline.train(store, config=QUICK.model_copy(update={"seed": 1}))
    assert not np.array_equal(other.node_embeddings[:], bundle.node_embeddings[:])


def test_measuring_holds_the_last_fifth_back_until_the_model_is_learned_from_all(
    store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kgrec.learn import fit as learning

    chosen_on: list[int] = []
    fit = learning.fit

    def noted(dataset: Dataset, *given: Any, valid: Interactions | None = None, **more: Any) -> FitResult:
        chosen_on.append(len(dataset.interactions) + len(valid or ()))
        return fit(dataset, *given, valid=valid, **more)

    monkeypatch.setattr(learning, "fit", noted)
    measured = pipeline.train(store, config=QUICK, measure=True)
    assert len(measured.interactions) == 220
    assert len(chosen_on) == 1
    assert 0.75 * 220 < chosen_on[0] < 0.85 * 220
    test = measured.manifest.metrics["test"]
    assert list(test) == ["kgrec", "popularity", "itemknn", "ease"]
    assert all(0 <= of["ndcg@10"] <= 1 for of in test.values())
    assert "test" not in pipeline.train(store, config=QUICK).manifest.metrics


def test_answering_needs_no_torch(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "shop.bundle")
    code = f"""
import sys
for name in ("torch", "torch_geometric", "transformers"):
    sys.modules[name] = None  # importing it now fails
from kgrec import Recommender, sentence
recommender = Recommender.open({str(tmp_path / "shop.bundle")!r})
best = recommender.recommend("ada", k=3, explain=True)
assert len(best) == 3 and sentence(best[0].explanation) and recommender.explain("ada", best[0].item)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _train_without_torch(url: str) -> subprocess.CompletedProcess[str]:
    code = f"""
import sys
sys.modules["torch"] = None  # importing it now fails
from kgrec.cli.app import run
sys.exit(run(["train", "--store", {url!r}, "--out", "nowhere"]))
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_without_torch_a_missing_store_is_still_what_is_said(tmp_path: Path) -> None:
    done = _train_without_torch(f"kglite:{tmp_path / 'missing.kgl'}")
    assert (done.returncode, done.stderr) == (
        4,
        "StoreUnavailableError: there is no graph to read.\n"
        f"  where     kglite:{tmp_path / 'missing.kgl'}\n"
        "  found     no such file\n"
        "  next      run `kgrec ingest` first\n",
    )


def test_training_without_torch_says_what_to_install(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'shop.kgl'}"
    pipeline.ingest("triples", [f"tables:{SHOP}"], url)
    done = _train_without_torch(url)
    assert done.returncode == 2
    assert done.stderr == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        "  where     kgrec.learn.neural\n"
        "  found     import of torch halted; None in sys.modules\n"
        "  expected  torch and torch-geometric\n"
        "  next      pip install 'kgrec[train]', or answer from a bundle, which needs neither\n"
    )


def test_an_empty_store_cannot_be_learned_from(tmp_path: Path) -> None:
    with open_store("kglite::memory:") as empty, pytest.raises(GraphError) as caught:
        pipeline.train(empty, config=QUICK)
    assert "the store is empty" in str(caught.value)
    assert "next      run `kgrec ingest` first" in str(caught.value)


def test_too_little_behaviour_is_said(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    for file in SHOP.iterdir():
        (shop / file.name).write_text(file.read_text())
    (shop / "interactions.csv").write_text("user,item,kind,time,weight\nada,rope,buy,1,1\n")
    with open_store("kglite::memory:") as store:
        pipeline.ingest(load_schema("triples"), [f"tables:{shop}"], store)
        with pytest.raises(KgrecError, match="too few interactions"):
            pipeline.train(store, config=QUICK)


def test_who_is_forgotten_during_a_training_is_in_no_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One while it is learned, one while it is written for the first time."""
    out, save = tmp_path / "a.bundle", Bundle.save
    forgotten = ForgottenUsers(BundleVersions(out).folder / FORGOTTEN)
    BundleVersions(out).folder.mkdir()
    forgotten.add("cold")  # before: what they did since was learned from

    def learn(*given: object, **more: object) -> None:
        forgotten.add("ann")

    def slow(bundle: Bundle, folder: Path) -> None:
        save(bundle, folder)
        forgotten.add("bob")

    monkeypatch.setattr("kgrec.learn.fit.fit", learn)
    monkeypatch.setattr("kgrec.learn.bundle_assembly.to_bundle", lambda *given, **more: film_bundle())
    monkeypatch.setattr(Bundle, "save", slow)
    with film_store() as store:
        pipeline.train(store, out)
    assert list(Bundle.load(out).users) == ["cold"]
    assert Bundle.load(out).manifest.forgotten == 2
