"""A short steady load of a few films: lists change, and everything that was sent is in the graph."""

from __future__ import annotations

import json

import pytest

from kgrec_benchmarks.service.stream_load import main
from tests.support.shop import Shell


@pytest.mark.slow
def test_a_short_load(shell: Shell) -> None:
    shell.learned()
    options = ["--broker", "folder", "--rate", "300", "--seconds", "3", "--every", "1.5", "--users", "50"]
    main([str(shell.folder / "kgrec.bundle"), str(shell.folder / "kgrec.kgl"), *options])
    *parts, whole = [json.loads(line) for line in shell.out().splitlines()]
    assert [one["what"] for one in parts] == ["load"] * len(parts)
    assert whole["what"] == "stream"
    assert whole["sent_per_s"] > 100
    assert whole["event_to_list_ms"]["n"] > 0
    assert (whole["refused"], whole["set_aside"]) == (0, 0)
