"""Swaps under load on a few films; answers that mix two models, made up."""

from __future__ import annotations

import json

import pytest

from kgrec_benchmarks.service import swaps
from kgrec_benchmarks.service.http_client import Answer
from kgrec_benchmarks.service.swaps import MARK, fault_of
from tests.support.shop import Shell


def told(version: str, *names: str, status: int = 200) -> Answer:
    body = json.dumps({"recommendations": [{"name": name} for name in names]}, ensure_ascii=False).encode()
    return Answer(status, {"x-kgrec-model": version}, body)


def test_answers_that_mix_two_models_are_told() -> None:
    a, b = "Alien", f"Alien{MARK}"
    assert fault_of(told("first", a, a), "second") == fault_of(told("second", b, b), "second") == ""
    assert "names of the second" in fault_of(told("first", a, b), "second")
    assert "names of the first" in fault_of(told("second", b, a), "second")
    assert fault_of(told("first", a, status=503), "second") == "status 503"


@pytest.mark.slow
def test_swaps_under_load(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.learned()
    swaps.main(
        [str(shell.folder / "kgrec.bundle"), str(shell.folder / "kgrec.kgl"), "--swaps", "4", "--connections", "2"]
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["faults"], found["swap_ms"]["n"]) == ({}, 4)
    assert len(found["of_each_model"]) == 2
    assert found["memory_ratio"] > 0
