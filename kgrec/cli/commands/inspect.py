"""`kgrec inspect`: what the graph holds."""

from __future__ import annotations

from kgrec.cli import options as opt
from kgrec.cli import output


def inspect(store: opt.Store = opt.DEFAULT_STORE, as_json: opt.Json = False) -> None:
    """Say what the graph holds."""
    from kgrec.pipeline import inspect as inspect_store

    facts = inspect_store(store)
    if as_json:
        output.print_json(facts)
    else:
        output.show_facts(facts)
