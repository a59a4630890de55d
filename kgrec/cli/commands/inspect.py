"""`kgrec inspect`: what the graph holds, or what a bundle is."""

from __future__ import annotations

from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output


def inspect(
    store: opt.Store = opt.DEFAULT_STORE,
    bundle: Annotated[
        str | None,
        typer.Option("--bundle", metavar="PATH", help="Show the model card of a bundle instead of the graph."),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Say what the graph holds, or what a bundle was learned from and what its scores flow through."""
    if bundle is None:
        from kgrec.pipeline import inspect as inspect_store

        facts = inspect_store(store)
    else:
        from kgrec.bundle.bundle import Bundle
        from kgrec.evaluation.model_card import model_card

        facts = model_card(Bundle.load(bundle))
    if as_json:
        output.print_json(facts)
    elif bundle is None:
        output.show_facts(facts)
    else:
        from kgrec.cli.card import show_card

        show_card(facts)
