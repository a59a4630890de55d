"""Commands of other packages: they work like kgrec's own, and a broken one leaves the others alone."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Annotated

import pytest
import typer

from kgrec.cli import plugin_commands
from kgrec.cli.exits import exit_code
from kgrec.cli.output import show


def greet(whom: Annotated[str, typer.Argument()] = "you") -> None:
    """Say hello."""
    show(f"hello {whom}")


def unreadable(whom: int | str) -> None:
    """Takes what no command line can say."""


def application(monkeypatch: pytest.MonkeyPatch, **values: str) -> typer.Typer:
    """One command of our own, and those that other packages declare."""
    points = [EntryPoint(name, value, plugin_commands.COMMAND_GROUP) for name, value in values.items()]
    monkeypatch.setattr(plugin_commands, "entry_points", lambda group: points)
    app = typer.Typer(rich_markup_mode=None, add_completion=False)

    @app.command()
    def work() -> None:
        """Do the work."""
        show("done")

    plugin_commands.add_plugin_commands(app, own=["work"])
    return app


def test_a_command_of_another_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app = application(monkeypatch, greet=f"{__name__}:greet")
    assert exit_code(app, ["greet", "ann"]) == 0
    assert capsys.readouterr().out == "hello ann\n"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("no_such_package:command", "ModuleNotFoundError: No module named 'no_such_package'"),
        (f"{__name__}:no_such_function", f"AttributeError: module '{__name__}' has no attribute 'no_such_function'"),
        (f"{__name__}:unreadable", "AssertionError: Typer currently doesn't support Union types"),
    ],
)
def test_a_broken_command_leaves_the_others_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str, found: str
) -> None:
    app = application(monkeypatch, broken=value)
    assert exit_code(app, ["work"]) == 0
    assert capsys.readouterr() == ("done\n", "")
    assert exit_code(app, ["--help"]) == 0
    assert "broken  Cannot be loaded (" in capsys.readouterr().out
    assert exit_code(app, ["broken", "--any", "thing"]) == 2
    assert capsys.readouterr().err == (
        "ConfigError: the command `kgrec broken` cannot be loaded.\n"
        f"  where     entry point broken = {value}, group kgrec.commands\n"
        f"  found     {found}\n"
        "  next      mend or remove the package that declares it; the other commands work without it\n"
    )


def test_a_command_of_our_own_cannot_be_replaced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = application(monkeypatch, work=f"{__name__}:greet", greet=f"{__name__}:greet")
    assert exit_code(app, ["work"]) == 0
    assert capsys.readouterr().out == "done\n"
