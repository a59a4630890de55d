"""`kgrec train`: the graph into a bundle."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import check_output, train_config
from kgrec.cli.exits import resumable
from kgrec.cli.progress_bars import progress_bars
from kgrec.plain_text import visible


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
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="First learn without the last fifth of what each user did, and measure it there beside baselines.",
        ),
    ] = False,
    executor: opt.Executor = None,
    settings: opt.Settings = None,
    seed: opt.Seed = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Learn a bundle from the graph. Stopped on the way, it continues when it is run again."""
    config = train_config(settings, seed)
    check_output(out, folder=True)
    from kgrec.pipeline import train as learn

    own = f"{out.rstrip('/')}.checkpoint"
    with resumable(), progress_bars(quiet, verbose) as progress:
        bundle = learn(
            store,
            out,
            config,
            checkpoint=checkpoint or own,
            tune=tune,
            measure=measure,
            executor=executor,
            progress=progress,
        )
    if checkpoint is None:
        # It would make the next training, of a graph that has grown, go on from this one.
        shutil.rmtree(own, ignore_errors=True)
    sizes = {"users": len(bundle.users), "items": len(bundle.items), "nodes": len(bundle.nodes)}
    summary = {"bundle": out, "graph_id": bundle.manifest.graph_id, "seed": bundle.manifest.seed, **sizes}
    settings_used = bundle.manifest.settings
    chosen = settings_used["chosen"]
    of_next = f"none: {chosen['next_items']}" if chosen["next_items"] else f"{chosen['next_item_epochs']} epochs"
    notes = {"cold_items": chosen["cold_items"], "next_item_factors": of_next}
    metrics = dict(bundle.manifest.metrics)
    for text in metrics.get("persons", {}).get("left apart", ()):
        output.note(f"warning: {visible(text)}")
    if as_json:
        output.print_json({**summary, **notes, "metrics": metrics, "settings": settings_used})
        return
    test = metrics.pop("test", None)
    output.show_facts({**summary, **notes, "metrics": metrics})
    if test:
        from kgrec.evaluation.tables import terminal_table

        output.show(terminal_table(test, title="Measured on the last fifth of what each user did"))
