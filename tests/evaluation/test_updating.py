"""An update of a shop's bundle: what it takes in, what it refuses, what stays of people who were forgotten."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec import pipeline
from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.cli.app import run
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.errors import SchemaMismatchError, UpdateRefusedError
from kgrec.evaluation import live_comparison, updating
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.learn.fit_result import FitResult
from kgrec.learn.refresh import refresh
from kgrec.pipeline import update
from kgrec.progress import Progress, silent
from kgrec.recommendation import Recommender
from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers
from tests.support import SHOP

pytestmark = pytest.mark.usefixtures("one_gate_search")

QUICK = TrainConfig(text_encoder="hashing", embedding_dim=8, epochs=2, num_layers=0, num_threads=1, ensemble=1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A graph and its bundle, before anybody of today."""
    folder = tmp_path_factory.mktemp("shop")
    url = f"kglite:{folder / 'shop.kgl'}"
    pipeline.ingest("triples", [f"tables:{SHOP}"], url)
    pipeline.train(url, folder / "a.bundle", QUICK)
    lines = (SHOP / "interactions.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    baskets = [[row[1] for row in rows if row[0] == user] for user in dict.fromkeys(row[0] for row in rows)]
    tables = folder / "today"
    tables.mkdir()
    fresh = [
        f"new{n},{item},buy,{2_000_000_000 + 10 * n + step},1"
        for n in range(90)
        for step, item in enumerate(dict.fromkeys(baskets[n % len(baskets)]))
        if step < 3
    ]
    (tables / "interactions.csv").write_text("\n".join([lines[0], *fresh]) + "\n")
    (tables / "users.csv").write_text("\n".join(["user", *(f"new{n}" for n in range(90))]) + "\n")
    pipeline.ingest("triples", [f"tables:{tables}"], url, partial=True)
    return url, folder / "a.bundle"


@pytest.fixture
def bundle(shop: tuple[str, Path], tmp_path: Path) -> Path:
    """A copy of the bundle, to be replaced."""
    Bundle.load(shop[1]).save(tmp_path / "a.bundle")
    return tmp_path / "a.bundle"


def test_what_was_done_since_is_taken_in(shop: tuple[str, Path], bundle: Path) -> None:
    before = Bundle.load(bundle)
    report = update(shop[0], bundle)
    after = Bundle.load(bundle)
    assert (report.interactions, report.users, report.items, report.gone) == (270, 90, 0, 0)
    assert len(after.interactions) == len(before.interactions) + 270
    assert len(after.users) == len(before.users) + 90
    assert after.manifest.metrics["update"]["of"] == before.version
    assert after.manifest.metrics["validation_ndcg@10"] == before.manifest.metrics["validation_ndcg@10"]
    assert after.manifest.data_cutoff == 2_000_000_000 + 10 * 89 + 2
    best = Recommender.open(bundle).recommend("new0", k=3, explain=True)
    assert len(best) == 3
    whole = best[0].explanation
    assert whole is not None
    assert best[0].score == pytest.approx(whole.constant + sum(reason.value for reason in whole.reasons), abs=1e-5)


def test_an_update_after_an_update_has_nothing_to_do(shop: tuple[str, Path], bundle: Path) -> None:
    update(shop[0], bundle)
    again = update(shop[0], bundle)
    assert (again.interactions, again.users, again.comparison.users) == (0, 0, 0)


def test_a_damaged_update_is_refused_and_the_live_one_stays(
    shop: tuple[str, Path], bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    def damaged(dataset: Dataset, old: Bundle, progress: Progress) -> FitResult:
        """Each item has the weights of another one."""
        found = refresh(dataset, old, progress)
        shuffled = np.random.default_rng(0).permutation(len(dataset.items))
        return replace(found, model=found.model.restricted_to(shuffled))

    monkeypatch.setattr(updating, "refresh", damaged)
    monkeypatch.setattr(live_comparison, "ENOUGH", 10)
    before = Bundle.load(bundle).version
    with pytest.raises(UpdateRefusedError, match="finds less of the newest than the live one") as caught:
        update(shop[0], bundle)
    assert Bundle.load(bundle).version == before
    assert f"version {before} answers on" in str(caught.value)
    assert run(["update", "--store", shop[0], "--bundle", str(bundle), "--quiet"]) == 7
    assert "UpdateRefusedError" in capsys.readouterr().err


def test_another_graph_is_refused(bundle: Path) -> None:
    with open_store("kglite::memory:") as other:
        pipeline.ingest("triples", [f"tables:{SHOP}"], other)
        with pytest.raises(SchemaMismatchError, match="learned from another graph"):
            update(other, bundle)


def test_who_was_forgotten_before_is_still_counted_and_who_is_forgotten_meanwhile_is_not_in_it(
    shop: tuple[str, Path], bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Bundle.load(bundle)
    replace(kept, manifest=replace(kept.manifest, forgotten=2)).save(bundle)
    BundleVersions(bundle).folder.mkdir()

    def slow(dataset: Dataset, old: Bundle, progress: Progress) -> FitResult:
        ForgottenUsers(BundleVersions(bundle).folder / FORGOTTEN).add("new7")
        return refresh(dataset, old, progress)

    monkeypatch.setattr(updating, "refresh", slow)
    update(shop[0], bundle)
    after = Bundle.load(bundle)
    assert after.manifest.forgotten == 3
    assert "new7" not in after.users


def test_an_update_has_the_weights_of_a_graph_that_never_knew_who_was_forgotten(
    shop: tuple[str, Path], tmp_path: Path
) -> None:
    """All that is in closed form; the other graph is imported from files that lack three people."""
    gone = [f"new{n}" for n in range(3)]
    with open_store(shop[0]) as store:
        dataset = read_dataset(store)
        keep = ~np.isin(dataset.interactions.user, dataset.users.rows(gone))
        without = dataset.with_interactions(dataset.interactions.select(keep))
    graph, bundle = tmp_path / "shop.kgl", tmp_path / "a.bundle"
    shutil.copy(shop[0].removeprefix("kglite:"), graph)
    Bundle.load(shop[1]).save(bundle)
    update(f"kglite:{graph}", bundle)
    known = Bundle.load(bundle)
    places = ["--store", f"kglite:{graph}", "--bundle", str(bundle), "--proof", str(tmp_path / "proof.json")]
    assert run(["forget", *gone, *places, "--quiet"]) == 0
    report = update(f"kglite:{graph}", bundle)
    never = refresh(without, known, silent).model.compact()
    items = np.arange(len(known.items))
    for ours, theirs, before in zip(report.bundle.model.channels, never.channels, known.model.channels, strict=True):
        np.testing.assert_allclose(
            ours.matrix.block(items, items), theirs.matrix.block(items, items), atol=1e-6, err_msg=ours.name
        )
        if ours.name == "behaviour":
            assert not np.allclose(ours.matrix.block(items, items), before.matrix.block(items, items))
    np.testing.assert_array_equal(report.bundle.model.prior, never.prior)
    assert report.bundle.manifest.forgotten == 3
