"""Load on a service of a few films: rates, percentiles and errors, in a closed and in an open loop."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

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


def test_ratios_to_a_bare_answer() -> None:
    service = {"per_s": 300.0, "ms": {"all": {"p50": 6.0, "p99": 21.0}}}
    of_bare = {"per_s": 1_500.0, "ms": {"all": {"p50": 2.0, "p99": 10.0}}}
    assert request_load.ratios(service, of_bare) == {"per_s": 0.2, "p50": 3.0, "p99": 2.1}
    nothing: dict[str, Any] = {"per_s": 0.0, "ms": {"all": {}}}
    assert request_load.ratios(service, nothing) == {"per_s": None, "p50": None, "p99": None}


@pytest.mark.slow
@pytest.mark.parametrize("loop", [("--connections", "2"), ("--rate", "40", "--burst", "4", "--no-bare")])
def test_a_service_under_load(shell: Shell, capsys: pytest.CaptureFixture[str], loop: tuple[str, ...]) -> None:
    shell.learned()
    paths = (str(shell.folder / "kgrec.bundle"), str(shell.folder / "kgrec.kgl"))
    request_load.main([*paths, "--seconds", "2", "--every", "1", *loop])
    start, first, second, *bare = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert start["seconds"] > 0
    servers = [] if "--no-bare" in loop else list(filter(find_spec, request_load.BARE_SERVERS))
    assert [(one["what"], one["server"]) for one in bare] == [("bare FastAPI", server) for server in servers]
    for one in bare:
        assert one["service_in_its"] == request_load.ratios(second, one)
    assert all(0 < found["cpu_ms_a_request"] < 1e3 for found in (first, second))
    for found in (first, second, *bare):
        assert found["errors"] == 0, found
        assert found["statuses"] == {"200": found["requests"]}
        assert found["ms"]["all"]["p50"] <= found["ms"]["all"]["p99"]
    assert {"recommend", "recommend short", "event"} <= first["ms"].keys() | second["ms"].keys()
