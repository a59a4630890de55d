"""Protocols by name: each can be imported and run, and the help of the command names all of them."""

from __future__ import annotations

import inspect

import pytest

from kgrec.cli.app import run
from kgrec.errors import ConfigError
from kgrec_benchmarks.protocols.protocol_registry import PROTOCOLS, BenchmarkProtocol, protocol_for
from kgrec_benchmarks.systems.registry import known_systems


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_is_run_as_all_are(name: str) -> None:
    protocol = PROTOCOLS[name].load()
    assert isinstance(protocol.packages(), set)
    for method in ("run", "packages"):
        parameters = inspect.signature(getattr(protocol, method)).parameters
        assert list(parameters) == list(inspect.signature(getattr(BenchmarkProtocol, method)).parameters)[1:]


@pytest.mark.parametrize(("labelled", "usual"), [(False, "split"), (True, "clicks")])
def test_the_ratings_decide_what_is_usual(labelled: bool, usual: str) -> None:
    assert protocol_for(None, labelled) == usual
    for name, listed in PROTOCOLS.items():
        if listed.labels in (None, labelled):
            assert protocol_for(name, labelled) == name
        else:
            with pytest.raises(ConfigError, match=f"the protocol {name} cannot measure this data set"):
                protocol_for(name, labelled)


def test_the_help_names_all_protocols_and_systems(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["benchmark", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert [name for name, listed in PROTOCOLS.items() if f"{name}: {listed.summary}" not in text] == []
    assert f"all`: {', '.join(known_systems())}." in text
