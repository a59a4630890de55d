"""Shares of a score by evidence."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.scoring.evidence import EvidenceTable, evidence_of


def test_channels_of_one_evidence_are_one_reason() -> None:
    """One past item, two candidates: the correction takes back 1 of the 3 that co-taking says of the first."""
    names = ("behaviour", "paths", "paths_correction", "semantic")
    values = np.array([[[3.0, 0.0]], [[2.0, 1.0]], [[-1.0, -2.0]], [[-1.0, 0.0]]])
    table = EvidenceTable.of(names, values)
    assert table.names == ("taken_together", "paths", "semantic")
    assert table.values[:, 0].tolist() == [[2.0, -2.0], [2.0, 1.0], [-1.0, 0.0]]
    assert table.path_shares(np.zeros(2)).tolist() == [0.5, 1.0]
    assert table.path_shares(np.array([4.0, -5.0])).tolist() == [0.25, 1.0]


def test_paths_over_texts_are_explicit_and_other_likeness_of_texts_is_not() -> None:
    names = ("behaviour", "paths", "semantic_paths", "semantic")
    table = EvidenceTable.of(names, np.array([[[4.0]], [[1.0]], [[2.0]], [[1.0]]]))
    assert table.path_shares(np.zeros(1)).tolist() == [3 / 8]


def test_without_paths_and_without_anything() -> None:
    nothing = EvidenceTable.of(("behaviour",), np.zeros((1, 2, 3)))
    assert nothing.path_shares(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert nothing.shares(np.zeros(3)).tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("channel", "evidence"),
    [
        ("paths", "paths"),
        ("recent_paths", "paths"),
        ("paths_correction", "taken_together"),
        ("recent_paths_correction_1", "taken_next"),
        ("co_session", "taken_next"),
        ("semantic_paths", "semantic_paths"),
        ("somebody_elses", "somebody_elses"),
    ],
)
def test_what_a_channel_rests_on(channel: str, evidence: str) -> None:
    assert evidence_of(channel) == evidence
