"""A model is swapped between two answers: none fails, none mixes two, and what does not prove itself is refused."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle import bundle_versions
from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.errors import BundleError, SchemaMismatchError
from kgrec.live.swapping import ModelSwap
from kgrec.recommendation import Recommender
from tests.support.bundles import film_bundle


def numbered(number: int, **changed: object) -> Bundle:
    """The films, with the number of the model in every name."""
    bundle = film_bundle()
    manifest = replace(bundle.manifest, created=f"2026-01-{number:02}", **changed)  # type: ignore[arg-type]
    return replace(bundle, names=tuple(f"{name} {number}" for name in bundle.names), manifest=manifest)


def number_of(recommender: Recommender) -> str:
    (best,) = recommender.recommend(history=["alien"], k=1)
    return best.name.split()[-1]


@pytest.fixture
def swap(tmp_path: Path) -> ModelSwap:
    versions = BundleVersions(tmp_path / "shop.bundle")
    numbered(1).save(versions.path)
    swap = ModelSwap(versions, Recommender.open(versions.path))
    swap.look()
    return swap


def trained(swap: ModelSwap, bundle: Bundle) -> bool:
    bundle.save(swap.versions.path)
    return swap.look()


def test_a_bundle_that_is_trained_is_noticed_and_can_be_gone_back_from(swap: ModelSwap) -> None:
    first = swap.version
    assert (first, 0) == (swap.versions.live, swap.swaps)
    assert not swap.look()
    assert trained(swap, numbered(2))
    assert (number_of(swap.recommender), swap.swaps) == ("2", 1)
    assert swap.back()
    assert (number_of(swap.recommender), swap.version) == ("1", first)
    assert not swap.look()  # the folder still holds the second
    restarted = ModelSwap(swap.versions, Recommender.open(swap.versions.path))
    assert restarted.look()
    assert number_of(restarted.recommender) == "1"
    assert trained(swap, numbered(3))
    assert number_of(swap.recommender) == "3"


def test_what_is_named_elsewhere_is_used(swap: ModelSwap) -> None:
    first = swap.version
    trained(swap, numbered(2))
    assert first is not None
    BundleVersions(swap.versions.path).use(first)  # `kgrec model use`
    assert swap.look()
    assert number_of(swap.recommender) == "1"
    assert swap.versions.before is not None
    assert swap.use(swap.versions.before)
    assert number_of(swap.recommender) == "2"


def damaged(path: Path) -> None:
    numbered(2).save(path)
    with (path / "arrays.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x99")


def without_numbers(path: Path) -> None:
    bundle = numbered(2)
    broken = replace(bundle.model, prior=np.full_like(bundle.model.prior, np.nan))
    replace(bundle, model=broken).save(path)


def of_another_graph(path: Path) -> None:
    numbered(2, graph_id="another").save(path)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (damaged, "the bundle is damaged"),
        (without_numbers, "does not answer"),
        (of_another_graph, "another graph"),
    ],
)
def test_a_broken_model_is_refused_and_the_old_one_answers_on(swap: ModelSwap, broken: object, said: str) -> None:
    before, live = swap.version, swap.versions.live
    broken(swap.versions.path)  # type: ignore[operator]
    assert not swap.look()
    assert swap.refusal is not None
    assert said in swap.refusal
    assert (number_of(swap.recommender), swap.version, swap.versions.live) == ("1", before, live)
    refusal = swap.refusal
    assert not swap.look()
    assert swap.refusal == refusal
    assert trained(swap, numbered(3))
    assert number_of(swap.recommender) == "3"
    assert swap.refusal is None


def test_one_that_is_named_is_refused_by_an_error(swap: ModelSwap) -> None:
    with pytest.raises(BundleError, match="no such version"):
        swap.use("nothing")
    of_another_graph(swap.versions.path)
    with pytest.raises(SchemaMismatchError, match="another graph"):
        swap.use(swap.versions.take_in())
    with pytest.raises(BundleError, match="go back"):
        swap.back()
    assert number_of(swap.recommender) == "1"


def test_a_copy_that_is_not_finished_is_looked_at_again(swap: ModelSwap) -> None:
    numbered(2).save(swap.versions.path.with_name("other"))
    for name in ("manifest.json", "arrays.safetensors", "ids.json"):
        fresh = swap.versions.path / f"{name}.part"
        fresh.write_bytes((swap.versions.path.with_name("other") / name).read_bytes())
        fresh.replace(swap.versions.path / name)
        assert swap.look() == (name == "ids.json")
    assert number_of(swap.recommender) == "2"


def test_who_ends_does_not_wait_for_a_large_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = BundleVersions(tmp_path / "shop.bundle")
    numbered(1).save(versions.path)
    swap = ModelSwap(versions, Recommender.open(versions.path))
    copy, begun = bundle_versions._copy, threading.Event()

    def endless(source: Path, target: Path, stopped: Callable[[], bool]) -> None:
        begun.set()
        while not stopped():
            time.sleep(0.001)
        copy(source, target, stopped)

    monkeypatch.setattr(bundle_versions, "_copy", endless)
    swap.start()
    assert begun.wait(20)
    swap.close()
    assert versions.listed() == []


def test_who_ends_does_not_wait_for_a_version_that_is_tried(swap: ModelSwap, monkeypatch: pytest.MonkeyPatch) -> None:
    trying, go_on = threading.Event(), threading.Event()

    def slow(bundle: Bundle) -> Recommender:
        trying.set()
        assert go_on.wait(20)
        raise BundleError("it is none.")

    monkeypatch.setattr(swap.recommender, "renewed", slow)
    numbered(2).save(swap.versions.path)
    other = swap.versions.take_in()
    with ThreadPoolExecutor(2) as threads:
        used = threads.submit(swap.use, other)
        assert trying.wait(20)
        swap.start()
        time.sleep(0.05)  # it looks, or would wait
        ended = threads.submit(swap.close)
        try:
            ended.result(5)
        finally:
            go_on.set()
        with pytest.raises(BundleError):
            used.result(20)


def test_swaps_under_load_fail_nobody_and_mix_nothing(swap: ModelSwap) -> None:
    """Names and explanations of an answer are those of one model, and the old models are gone afterwards."""
    trained(swap, numbered(2))
    first, second = (version.id for version in swap.versions.listed())
    stop, models = threading.Event(), [weakref.ref(swap.recommender.bundle)]

    def ask() -> set[str]:
        seen = set()
        while not stop.is_set():
            recommender = swap.recommender
            best = recommender.recommend(history=["alien", "star-wars"], k=5, explain=True)
            names = [one.name for one in best] + [
                past.name for one in best if one.explanation for past in one.explanation.past
            ]
            (number,) = {name.split()[-1] for name in names}
            seen.add(number)
        return seen

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask) for _ in range(3)]
        for turn in range(20):
            swap.use((first, second)[turn % 2])
            models.append(weakref.ref(swap.recommender.bundle))
        stop.set()
        assert set().union(*(one.result() for one in asking)) == {"1", "2"}
    gc.collect()
    assert sum(model() is not None for model in models) == 1
    assert len(swap.versions.listed()) == 2
