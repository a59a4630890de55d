"""What workers take is measured beside a bundle that has next to nothing in it, which answers as any."""

from __future__ import annotations

from pathlib import Path

from kgrec.bundle.bundle import Bundle
from kgrec.recommendation import Recommender
from kgrec_benchmarks.service.worker_memory import megabytes, smallest_bundle


def test_the_smallest_bundle_answers(tmp_path: Path) -> None:
    smallest_bundle().save(tmp_path / "b")
    assert [one.item for one in Recommender(Bundle.load(tmp_path / "b")).recommend("u0")] == ["i1"]


def test_two_take_more_than_one_and_workers_less_than_services(tmp_path: Path) -> None:
    smallest_bundle().save(tmp_path / "b")
    one, workers, services = (megabytes(tmp_path / "b", *of, 2) for of in ((1, 1), (1, 2), (2, 1)))
    assert 10 < one < workers < services < 2 * one
