"""Settings of times: formats that read dates, zones that there are, one of unit and format."""

from __future__ import annotations

import pytest

from kgrec.schema.time_rules import time_problems

KEYS = {"format": "time_format", "zone": "time_zone", "unit": "time_unit"}


def problems(**source: str) -> list[str]:
    return [f"{problem.location[-1]}: {problem.text}" for problem in time_problems(("here",), source, KEYS)]


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"time_format": "%m/%d/%Y %H:%M", "time_zone": "Europe/Berlin"},
        {"time_format": "%d %b %Y, %I:%M %p"},
        {"time_format": "%Y-%m-%dT%H:%M:%S%z"},
        {"time_format": "%y%m%d"},
        {"time_unit": "ms", "time_zone": "UTC"},
    ],
)
def test_good_settings(source: dict[str, str]) -> None:
    assert problems(**source) == []


@pytest.mark.parametrize("form", ["MM/DD/YYYY", "%H:%M", "%Q", "", "%Y %"])
def test_a_format_reads_dates(form: str) -> None:
    (problem,) = problems(time_format=form)
    assert problem.startswith(f"time_format: found '{form}', which reads no date")


@pytest.mark.parametrize("zone", ["Berlin", "Europe", "", "/etc/passwd", "../UTC", "CEST+2x"])
def test_a_zone_exists(zone: str) -> None:
    (problem,) = problems(time_zone=zone)
    assert (
        problem
        == f"time_zone: found '{zone}', which is no time zone, expected an IANA name such as Europe/Berlin or UTC"
    )


def test_unit_and_format_exclude_each_other() -> None:
    assert problems(time_format="%Y", time_unit="s") == ["time_unit: expected either `time_unit` or `time_format`"]
