"""Outcomes in a folder: found again, and never those of other data, other settings or a damaged file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.run_cache import RunCache


def outcome() -> Outcome:
    users = {"ease": {"ndcg@10": np.array([0.5, np.nan], np.float32)}}
    return Outcome({"ease": {"ndcg@10": 0.5}}, users, {"ridge": 3.0}, {"tried": 2}, {"ndcg@10": 0.4})


def test_finished_outcomes_are_found_again(tmp_path: Path) -> None:
    first = RunCache(tmp_path / "kept", "run")
    assert first.get("ease", outcome).rows == outcome().rows
    assert first.resumed == []
    again = RunCache(tmp_path / "kept", "run")
    found = again.get("ease", lambda: pytest.fail("it was made again"))
    assert (found.rows, found.settings, found.cost, found.validation) == (
        outcome().rows,
        outcome().settings,
        outcome().cost,
        outcome().validation,
    )
    assert found.users["ease"]["ndcg@10"] == pytest.approx([0.5, np.nan], nan_ok=True)
    assert again.resumed == ["ease"]


def test_outcomes_of_another_run_or_damaged_ones_are_made_again(tmp_path: Path) -> None:
    RunCache(tmp_path, "run").get("ease", outcome)
    for number, broken in enumerate((RunCache(tmp_path, "other"), RunCache(tmp_path, "run"))):
        if number:
            for path in tmp_path.glob("*.json"):
                path.write_text("{")
        broken.get("ease", outcome)
        assert broken.resumed == []


def test_outcomes_with_other_settings_are_made_again(tmp_path: Path) -> None:
    RunCache(tmp_path, "run").get("ease", outcome, {"ridge": 1})
    same, other = RunCache(tmp_path, "run"), RunCache(tmp_path, "run")
    same.get("ease", outcome, {"ridge": 1})
    other.get("ease", outcome, {"ridge": 2})
    assert (same.resumed, other.resumed) == (["ease"], [])
