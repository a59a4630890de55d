"""A loader as a script: arguments, the flow it asks for, and how it fails."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from kgrec.errors import SourceError, StoreUnavailableError
from kgrec_loaders import import_script


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the flow was asked for."""
    calls: list[tuple[Any, ...]] = []

    def ingest(*arguments: Any) -> SimpleNamespace:
        calls.append(arguments)
        return SimpleNamespace(counts="3 nodes")

    monkeypatch.setitem(sys.modules, "kgrec.pipeline", SimpleNamespace(ingest=ingest))
    return calls


def test_defaults(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--store", "kglite:a.kgl"])
    import_script.run("wikidata_films", default_schema="movies")
    assert capsys.readouterr().out == "kglite:a.kgl holds 3 nodes\n"
    assert asked == [("movies", ["wikidata_films"], "kglite:a.kgl")]


def test_everything_given(asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--store", "s", "--schema", "my.yaml", "--location", "data/films.csv"])
    import_script.run("tables", default_schema="")
    assert asked == [("my.yaml", ["tables:data/films.csv"], "s")]


@pytest.mark.parametrize(("argv", "missing"), [([], "--store, --schema"), (["--store", "s"], "--schema")])
def test_usage(
    argv: list[str], missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["x", *argv])
    with pytest.raises(SystemExit) as caught:
        import_script.run("tables", default_schema="")
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(
        f"python -m kgrec_loaders.tables: error: the following arguments are required: {missing}\n"
    )


@pytest.mark.parametrize(("error", "code"), [(SourceError("bad."), 3), (StoreUnavailableError("held."), 4)])
def test_errors_have_no_traceback(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setitem(sys.modules, "kgrec.pipeline", SimpleNamespace(ingest=fail))
    monkeypatch.setattr(sys, "argv", ["x", "--store", "s"])
    with pytest.raises(SystemExit) as caught:
        import_script.run("movielens100k", default_schema="movies")
    assert caught.value.code == code
    assert capsys.readouterr().err == f"{error}\n"
