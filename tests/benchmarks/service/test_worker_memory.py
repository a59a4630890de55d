"""What workers take is measured beside a bundle that has next to nothing in it, which answers as any."""

from __future__ import annotations

from pathlib import Path

from kgrec.bundle.bundle import Bundle
from kgrec.recommendation import Recommender
from kgrec_benchmarks.service.worker_memory import megabytes, smallest_bundle


def test_the_smallest_bundle_answers(tmp_path: Path) -> None:
    smallest_bundle().save(tmp_path / "b")
    assert [one.item for one in Recommender(Bundle.load(tmp_path / "b")).recommend("u0")] == ["i1"]


def test_two_workers_take_more_than_one_and_less_than_twice_as_much(tmp_path: Path) -> None:
    smallest_bundle().save(tmp_path / "b")
    one, two = (megabytes(tmp_path / "b", n, 2) for n in (1, 2))
    assert 10 < one < two < 2 * one
