"""The application behind ``kgrec``: which commands there are, and in which order its help lists them.

Results go to stdout, progress and errors to stderr. Whatever a command needs is imported inside it, so that answering a
question loads no deep-learning framework.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from typer.core import TyperGroup

from kgrec.cli import output
from kgrec.cli.arguments import settings_help
from kgrec.cli.commands.check import check
from kgrec.cli.commands.compact import compact
from kgrec.cli.commands.cypher import cypher
from kgrec.cli.commands.demo import demo
from kgrec.cli.commands.evaluate import evaluate
from kgrec.cli.commands.explain import explain
from kgrec.cli.commands.export import export
from kgrec.cli.commands.export_person import export_person
from kgrec.cli.commands.federate import federate
from kgrec.cli.commands.forget import forget
from kgrec.cli.commands.ingest import ingest
from kgrec.cli.commands.inspect import inspect
from kgrec.cli.commands.key import key
from kgrec.cli.commands.link import link
from kgrec.cli.commands.model import model
from kgrec.cli.commands.publish import publish
from kgrec.cli.commands.recommend import recommend
from kgrec.cli.commands.schema import schema
from kgrec.cli.commands.serve import serve
from kgrec.cli.commands.similar import similar
from kgrec.cli.commands.train import train
from kgrec.cli.commands.update import update
from kgrec.cli.exits import exit_code, leave
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


app = typer.Typer(
    name="kgrec",
    cls=_InOrder,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
)
_OF_GRAPHS = check, ingest, inspect, cypher, publish, forget
_OF_BUNDLES = update, evaluate, recommend, explain, similar, serve, compact, demo
for _command in (*_OF_GRAPHS, *_OF_BUNDLES):
    app.command()(_command)
app.command("export-person")(export_person)
app.command(epilog=settings_help())(train)
app.add_typer(export, name="export")
app.add_typer(model, name="model")
app.add_typer(key, name="key")
app.add_typer(link, name="link")
app.add_typer(federate, name="federate")
app.add_typer(schema, name="schema")
add_plugin_commands(app, own=_ORDER)


def _show_version(asked: bool) -> None:
    if asked:
        output.show(f"kgrec {version('kgrec')}")
        raise typer.Exit


@app.callback()
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
    leave(run, list(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command that was run; errors are said, not raised.

    Raises:
        BrokenPipeError: nobody reads stdout any more.
    """
    return exit_code(app, arguments)
