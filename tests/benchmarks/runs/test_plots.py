"""Plots are true to their numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from kgrec_benchmarks.runs.plots import ablation_bars, accuracy_and_time

ROWS = {"kgrec": {"recall@10": 0.3, "ndcg@10": 0.25}, "ease<1>": {"recall@10": 0.2, "ndcg@10": 0.15}}


def test_more_time_stands_further_right_and_more_accuracy_higher() -> None:
    drawn = ET.fromstring(accuracy_and_time(ROWS, {"kgrec": 100.0, "ease<1>": 10.0}, {}))
    ours, other = (next(one for one in drawn.iter() if one.get("class") == kind) for kind in ("ours", "other"))
    assert float(ours.attrib["cx"]) > float(other.attrib["cx"])
    assert float(ours.attrib["cy"]) < float(other.attrib["cy"])
    assert ET.fromstring(accuracy_and_time(ROWS, {}, {})) is not None


def test_bars_are_as_long_as_their_values() -> None:
    drawn = ET.fromstring(ablation_bars({"graph": {"true": {"ndcg@10": 0.4}, "none": {"ndcg@10": 0.1}}}))
    widths = [float(one.attrib["width"]) for one in drawn.iter() if one.get("height") == "15.0"]
    assert widths[0] == pytest.approx(4 * widths[1], abs=0.2)
