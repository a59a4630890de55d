"""`kgrec evaluate`: how good kgrec is on the graph's own interactions."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import train_config
from kgrec.cli.measurements import show_rows
from kgrec.cli.progress_bars import progress_bars
from kgrec.plain_text import visible


def evaluate(
    store: opt.Store = opt.DEFAULT_STORE,
    split: Annotated[
        Literal["time", "random", "leave-one-out", "k-fold"],
        typer.Option("--split", help="How test data is set apart."),
    ] = "time",
    test: Annotated[float, typer.Option("--test", help="Share of interactions to test on (time, random).")] = 0.2,
    folds: Annotated[int, typer.Option("--folds", help="Number of parts (k-fold).")] = 5,
    executor: opt.Executor = None,
    settings: opt.Settings = None,
    seed: opt.Seed = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Measure kgrec against popularity, item-kNN and EASE on the same split of the graph's interactions."""
    config = train_config(settings, seed)
    from kgrec.evaluation.store_evaluation import evaluate_store

    with progress_bars(quiet, verbose) as progress:
        result = evaluate_store(
            store, config, split=split, test=test, folds=folds, executor=executor, progress=progress
        )
    for text in result.get("persons", {}).get("left apart", ()):
        output.note(f"warning: {visible(text)}")
    if as_json:
        output.print_json(result)
    else:
        show_rows(result)
