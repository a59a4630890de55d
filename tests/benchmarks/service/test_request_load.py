"""Load on a service of a few films: rates, percentiles and errors, in a closed and in an open loop."""

from __future__ import annotations

import json

import pytest

from kgrec_benchmarks.service import request_load
from kgrec_benchmarks.service.http_client import Answer
from kgrec_benchmarks.service.request_mix import Asked
from tests.support.shop import Shell


def test_figures() -> None:
    outcome = request_load.Outcome()
    for n in range(1, 101):
        outcome.note(Asked("list", b""), Answer(200 if n % 10 else 503, {}, b""), n / 1e3)
    outcome.note(Asked("event", b""), Answer(0, {}, b""), 0.5)
    found = outcome.figures(10.0)
    assert (found["requests"], found["per_s"], found["errors"]) == (101, 10.1, 11)
    assert found["statuses"] == {"0": 1, "200": 90, "503": 10}
    assert found["ms"]["list"] == {"p50": 50.5, "p90": 90.1, "p95": 95.05, "p99": 99.01, "max": 100.0, "n": 100}
    assert request_load.percentiles([]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("loop", [("--connections", "2"), ("--rate", "40", "--burst", "4", "--no-bare")])
def test_a_service_under_load(shell: Shell, capsys: pytest.CaptureFixture[str], loop: tuple[str, ...]) -> None:
    shell.learned()
    paths = (str(shell.folder / "kgrec.bundle"), str(shell.folder / "kgrec.kgl"))
    request_load.main([*paths, "--seconds", "2", "--every", "1", *loop])
    start, first, second, *bare = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert start["seconds"] > 0
    assert [one["what"] for one in bare] == (["bare FastAPI"] if "--no-bare" not in loop else [])
    for found in (first, second, *bare):
        assert found["errors"] == 0, found
        assert found["statuses"] == {"200": found["requests"]}
        assert found["ms"]["all"]["p50"] <= found["ms"]["all"]["p99"]
    assert {"recommend", "recommend short", "event"} <= first["ms"].keys() | second["ms"].keys()
