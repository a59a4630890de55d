"""The application behind ``kgrec``: which commands there are, and in which order its help lists them.

Results go to stdout, progress and errors to stderr. A command is imported when it is asked for, and whatever it needs
inside it: answering a question loads neither the other commands nor a deep-learning framework.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kgrec.cli import output
from kgrec.cli.arguments import settings_help
from kgrec.cli.exits import EXIT_CODES, exit_code, leave
from kgrec.cli.plugin_commands import add_plugin_commands

_WORK = ("schema", "check", "ingest", "inspect", "train", "update", "evaluate", "recommend", "explain", "similar")
_BESIDE = (
    "serve",
    "model",
    "compact",
    "key",
    "link",
    "cypher",
    "publish",
    "export",
    "export-person",
    "forget",
    "federate",
    "demo",
)
_ORDER = (*_WORK, *_BESIDE)


class _InOrder(TyperGroup):
    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer's own base differs
        """kgrec's own commands in the order of the work, then those of other packages by name."""
        return sorted(self.commands, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))


def application(asked: str = "") -> typer.Typer:
    """All commands; or, of kgrec's own, that one alone which is asked for: the others need not be imported for it."""
    app = typer.Typer(
        name="kgrec",
        cls=_InOrder,
        add_completion=False,
        rich_markup_mode=None,
        epilog=f"Exit codes: {EXIT_CODES}.",
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
    )
    app.callback()(root)
    if asked in _ORDER:
        _add_own(app, asked, epilog=settings_help() if asked == "train" else None)
        return app
    for name in _ORDER:
        _add_own(app, name)
    add_plugin_commands(app, own=_ORDER)
    return app


def _add_own(app: typer.Typer, name: str, epilog: str | None = None) -> None:
    """Add a command of kgrec: a function, or commands of its own, in the module of its name."""
    called = name.replace("-", "_")
    command: typer.Typer | Callable[..., Any] = getattr(import_module(f"kgrec.cli.commands.{called}"), called)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name, epilog=epilog)(command)


def _show_version(asked: bool) -> None:
    if asked:
        output.show(f"kgrec {version('kgrec')}")
        raise typer.Exit


def root(
    asked: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Recommendations that can show their reasons. Start with `kgrec demo`."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The console entry point: run a command and leave with its exit code."""
    # A graph in memory is millions of objects: walking them for cycles as often as usual took 15 % of an import.
    gc.set_threshold(100_000, 50, 50)
    atexit.register(gc.freeze)  # at its end Python would walk them once more: half a second after one answer
    leave(run, list(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command that was run; errors are said, not raised.

    Raises:
        BrokenPipeError: nobody reads stdout any more.
    """
    return exit_code(application(*arguments[:1]), arguments)
