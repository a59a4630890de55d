"""Commands of other packages, found by entry point; a broken one never breaks the others."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib.metadata import EntryPoint
from typing import Any

import typer

from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError
from kgrec.plain_text import short

COMMAND_GROUP = "kgrec.commands"
"""Entry points of this group are commands: a name, and a function with the parameters of a typer command."""

_LENIENT = {"ignore_unknown_options": True, "allow_extra_args": True}


def add_plugin_commands(app: typer.Typer, own: Collection[str]) -> None:
    """Add the installed commands. One that cannot be loaded says why in the help, and when it is called.

    Args:
        own: names of kgrec's own commands, which nobody can replace.
    """
    for point in entry_points(group=COMMAND_GROUP):
        if point.name in own:
            continue
        try:
            app.command(point.name)(_loaded(point))
        except Exception as error:  # a plug-in may fail in any way
            app.command(point.name, context_settings=_LENIENT)(_refusing(point, error))


def _loaded(point: EntryPoint) -> Callable[..., Any]:
    command: Callable[..., Any] = point.load()
    alone = typer.Typer(add_completion=False)
    alone.command()(command)
    typer.main.get_command(alone)  # raises for parameters that typer cannot read
    return command


def _refusing(point: EntryPoint, error: Exception) -> Callable[..., Any]:
    reason = short(f"{type(error).__name__}: {error}", 200)

    def refuse(ctx: typer.Context) -> None:
        raise ConfigError(
            f"the command `kgrec {point.name}` cannot be loaded.",
            where=f"entry point {point.name} = {point.value}, group {COMMAND_GROUP}",
            found=reason,
            next="mend or remove the package that declares it; the other commands work without it",
        )

    refuse.__doc__ = f"Cannot be loaded ({reason})."
    return refuse
