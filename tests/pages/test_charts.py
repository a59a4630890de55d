"""Bars and curves stay inside and are true to their numbers."""

import re
from itertools import pairwise

import pytest

from kgrec.pages.charts import curves, evidence_shown, evidence_totals, stacked_bars
from kgrec.pages.demo_report import DemoReport


def test_stacked_bars_share_a_scale_and_stay_inside(report: DemoReport) -> None:
    explanations = report["explanations"]
    bars = stacked_bars(explanations, evidence_shown(explanations))
    scales = []
    for bar, it in zip(bars, explanations, strict=True):
        parts = re.findall(r'<i class="([\w-]+)" style="left:([\d.]+)%;width:([\d.]+)%"', bar)
        spans = sorted((float(left), float(left) + float(width)) for _, left, width in parts)
        assert spans[0][0] >= 0
        assert spans[-1][1] <= 100.01
        assert all(end <= start + 0.011 for (_, end), (start, _) in pairwise(spans))
        sizes = [abs(value) for _, _, value in evidence_totals(it, evidence_shown(explanations))]
        scales.append(sum(end - start for start, end in spans) / sum(sizes))
    assert scales == pytest.approx([scales[0]] * len(scales), rel=0.01)


def test_best_epoch_is_the_lowest_loss_and_the_highest_quality() -> None:
    drawn = curves(
        [{"epoch": 1, "loss": 3, "valid": 0.1}, {"epoch": 2, "loss": 1, "valid": 0.3}, {"epoch": 3, "loss": 2}]
    )
    assert re.findall(r"<figcaption>(\w+) <small>best at epoch (\d)", drawn) == [("loss", "2"), ("valid", "2")]


def test_one_epoch_and_equal_values_can_be_drawn() -> None:
    assert "nan" not in curves([{"epoch": 1, "loss": 0.0}])
    assert "nan" not in curves([{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 2.0}])
