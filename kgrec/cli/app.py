"""The command line: one verb per stage. Results go to stdout, progress and errors to stderr.

Exit codes: 0 done, 1 unexpected, 2 usage or settings, 3 data, 4 store, 5 unknown id, 130 stopped by ctrl-c.
Whatever a command needs is imported inside it, so that answering a question loads no deep-learning framework.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points, version
from typing import Annotated, Literal

import typer

from kgrec.cli import options as opt
from kgrec.cli import output as messages
from kgrec.cli.commands import export as export_commands
from kgrec.cli.commands.cypher import cypher, print_explanation_cypher
from kgrec.cli.commands.publish import publish
from kgrec.cli.progress_line import progress_line
from kgrec.errors import ConfigError, KgrecError

app = typer.Typer(
    name="kgrec",
    help="Recommendations that can show their reasons. Start with `kgrec demo`.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
)
app.add_typer(export_commands.app, name="export")
_RESUMABLE = ("ingest", "train", "publish")


def _version(asked: bool) -> None:
    if asked:
        messages.show(f"kgrec {version('kgrec')}")
        raise typer.Exit


@app.callback()
def root(
    asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Recommendations that can show their reasons. Start with `kgrec demo`."""


@app.command()
def check(schema: opt.Schema, source: opt.Sources, as_json: opt.Json = False) -> None:
    """Say what is odd in the sources before anything is imported; exit 3 where something must be corrected."""
    from kgrec.pipeline import check_sources

    report = check_sources(schema, source)
    if as_json:
        messages.print_json(report.as_dict())
    else:
        messages.show_check(report)
    if report.status == "FAIL":
        raise typer.Exit(3)


@app.command()
def ingest(
    schema: opt.Schema,
    source: opt.Sources,
    store: opt.Store = opt.DEFAULT_STORE,
    on_error: Annotated[
        Literal["fail", "skip"], typer.Option("--on-error", help="Stop at a row that does not fit, or leave it out.")
    ] = "fail",
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Import sources into the graph. Stopped on the way, it continues when it is run again."""
    from kgrec.pipeline import ingest_sources

    with progress_line(quiet) as progress:
        report = ingest_sources(schema, source, store, on_error=on_error, progress=progress).as_dict()
    if as_json:
        messages.print_json(report)
    else:
        messages.show_ingest(report)
    messages.note_dangling(report["tables"])


@app.command()
def inspect(store: opt.Store = opt.DEFAULT_STORE, as_json: opt.Json = False) -> None:
    """Say what the graph holds."""
    from kgrec.pipeline import inspect as inspect_store

    facts = inspect_store(store)
    if as_json:
        messages.print_json(facts)
    else:
        messages.show_facts(facts)


@app.command(epilog=opt.settings_help())
def train(
    store: opt.Store = opt.DEFAULT_STORE,
    out: opt.BundleOut = opt.DEFAULT_BUNDLE,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            metavar="PATH",
            help="Folder that keeps every epoch's state. [default: OUT.checkpoint, removed at the end]",
        ),
    ] = None,
    tune: Annotated[
        float | None,
        typer.Option("--tune", metavar="MINUTES", help="First search for better settings, for that long."),
    ] = None,
    settings: opt.Settings = None,
    seed: opt.Seed = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Learn a bundle from the graph. Stopped on the way, it continues when it is run again."""
    config = opt.train_config(settings, seed)
    opt.check_output(out, folder=True)
    from kgrec.pipeline import train as learn

    own = f"{out.rstrip('/')}.checkpoint"
    with progress_line(quiet) as progress:
        bundle = learn(store, out, config, checkpoint=checkpoint or own, tune=tune, progress=progress)
    if checkpoint is None:
        # It would make the next training, of a graph that has grown, go on from this one.
        shutil.rmtree(own, ignore_errors=True)
    sizes = {"users": len(bundle.users), "items": len(bundle.items), "nodes": len(bundle.nodes)}
    summary = {"bundle": out, "graph_id": bundle.manifest.graph_id, "seed": bundle.manifest.seed, **sizes}
    result = {**summary, "metrics": bundle.manifest.metrics, "settings": bundle.manifest.settings}
    if as_json:
        messages.print_json(result)
    else:
        messages.show_facts({name: part for name, part in result.items() if name != "settings"})


@app.command()
def evaluate(
    store: opt.Store = opt.DEFAULT_STORE,
    split: Annotated[
        Literal["time", "random", "leave-one-out", "k-fold"],
        typer.Option("--split", help="How test data is set apart."),
    ] = "time",
    test: Annotated[float, typer.Option("--test", help="Share of interactions to test on (time, random).")] = 0.2,
    folds: Annotated[int, typer.Option("--folds", help="Number of parts (k-fold).")] = 5,
    settings: opt.Settings = None,
    seed: opt.Seed = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Measure kgrec against popularity, item-kNN and EASE on the same split of the graph's interactions."""
    config = opt.train_config(settings, seed)
    from kgrec.evaluation.store_evaluation import evaluate_store

    with progress_line(quiet) as progress:
        result = evaluate_store(store, config, split=split, test=test, folds=folds, progress=progress)
    if as_json:
        messages.print_json(result)
    else:
        messages.show_rows(result)


for _command in entry_points(group="kgrec.commands"):
    app.command(_command.name)(_command.load())


@app.command()
def recommend(
    user: opt.User = None,
    history: opt.History = None,
    at: opt.At = None,
    k: Annotated[int, typer.Option("-k", help="Length of the list.")] = 10,
    where: opt.Where = None,
    allow: opt.Allow = None,
    deny: opt.Deny = None,
    cold_items: opt.ColdItems = "include",
    include_seen: opt.IncludeSeen = False,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = opt.DEFAULT_STORE,
    lang: opt.Language = "en",
    as_json: opt.Json = False,
) -> None:
    """List the best items for somebody, each with a short reason."""
    opt.one_person(user, history)
    from kgrec.recommendation import Context, Filters, Recommender
    from kgrec.recommendation.documents import list_document

    with Recommender.open(bundle, store or None) as recommender:
        filters = Filters.parse(
            recommender.bundle.manifest.schema,
            allow=allow,
            deny=deny,
            where=where,
            cold_items=cold_items,
            include_seen=include_seen,
        )
        found = recommender.recommend(
            user, history=history or None, k=k, filters=filters, context=Context(at), explain=True
        )
    if as_json:
        messages.print_json(list_document(user, history, found))
    else:
        messages.show_recommendations(found, lang)


@app.command()
def explain(
    item: Annotated[str, typer.Option("--item", metavar="ID", help="The item to explain.")],
    user: opt.User = None,
    history: opt.History = None,
    at: opt.At = None,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = opt.DEFAULT_STORE,
    lang: opt.Language = "en",
    as_cypher: Annotated[
        bool, typer.Option("--cypher", help="Only a statement that shows the reasons in Neo4j Browser.")
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Take the score of an item for somebody apart: what each past item adds, and the paths in the graph."""
    opt.one_person(user, history)
    from kgrec.recommendation import Context, Recommender
    from kgrec.recommendation.documents import explanation_document

    with Recommender.open(bundle, store or None) as recommender:
        explanation = recommender.explain(user, item, history=history or None, context=Context(at))
    if as_json:
        messages.print_json(explanation_document(explanation))
    elif as_cypher:
        print_explanation_cypher(explanation)
    else:
        messages.show_explanation(explanation, lang)


@app.command()
def serve(
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = opt.DEFAULT_STORE,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; 0.0.0.0 is everywhere.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    as_json: opt.Json = False,
) -> None:
    """Answer over HTTP: /health, /recommend, /explain, /similar. Nobody is asked who they are: keep it inside."""
    from kgrec.cli.commands.serve import serve as run_service

    run_service(bundle, store or None, host, port, as_json)


app.command()(cypher)
app.command()(publish)


@app.command()
def demo(
    out: Annotated[str, typer.Option("--out", metavar="PATH", help="Folder for report.json and report.html.")] = "demo",
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="URL", help="The graph to build. [default: a new one in the folder]"),
    ] = None,
    settings: opt.Settings = None,
    seed: opt.Seed = None,
    user: opt.User = None,
    lang: opt.Language = "en",
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """The whole way on real films: import, align, learn, measure, and recommend with reasons."""
    config = opt.train_config(settings, seed) if settings or seed is not None else None
    from kgrec.demo import demo as run_demo

    with progress_line(quiet) as progress:
        report = run_demo(out, store, config=config, user=user, progress=progress)
    if as_json:
        messages.print_json(report)
    else:
        messages.show_demo(report, out, lang)


def main(arguments: Sequence[str] | None = None) -> None:
    """The console entry point: run a command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a title that the terminal cannot show is no error
    try:
        code = run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough of it. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command and give its exit code; errors are said, not raised.

    Raises:
        BrokenPipeError: nobody reads stdout any more.
    """
    command, as_json = typer.main.get_command(app), "--json" in arguments
    try:
        with command.make_context("kgrec", list(arguments) or ["--help"]) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except KgrecError as error:
        messages.print_error(error, as_json)
        return error.exit_code
    except typer.TyperException as error:
        messages.print_error(messages.usage(error), as_json)
        return ConfigError.exit_code
    except KeyboardInterrupt:
        name = next(iter(arguments), "")
        resumable = name in _RESUMABLE or (name == "benchmark" and "--out" in arguments)
        messages.note("stopped; run the same command again to continue" if resumable else "stopped")
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("KGREC_DEBUG"):
            traceback.print_exc()
        messages.print_unexpected(error, as_json)
        return 1
    return 0
