"""`kgrec publish`: recommendations, similar items and embeddings into the graph, for plain Cypher."""

from __future__ import annotations

from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.exits import resumable
from kgrec.cli.progress_bars import progress_bars
from kgrec.plain_text import visible


def publish(
    store: opt.Store = opt.DEFAULT_STORE,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    k: Annotated[int, typer.Option("-k", help="Recommendations for each user.")] = 10,
    similar: Annotated[int, typer.Option("--similar", help="Similar items for each item.")] = 10,
    executor: opt.Executor = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Write what was learned into the graph, for plain Cypher. Stopped on the way, it is finished by another run."""
    from kgrec.bundle.bundle import Bundle
    from kgrec.graph import open_store
    from kgrec.recommendation.publishing import publish as write_back

    learned = Bundle.load(bundle)
    with resumable(), open_store(store, create=False) as opened, progress_bars(quiet, verbose) as progress:
        runs = executor or "here"
        report = write_back(learned, opened, k=k, similar=similar, executor=runs, progress=progress)
    if as_json:
        output.print_json(report.as_dict())
    else:
        output.show(
            f"model {report.model}" + (", as before" if report.unchanged else ""),
            output.table(
                ("written", "of", "number"),
                [
                    ("RECOMMENDED", f"{report.users} users", report.recommended),
                    ("SIMILAR", f"{report.items} items", report.similar),
                    *((f"kgrec_embedding_{report.slot}", type, n) for type, n in report.embeddings.items()),
                ],
            ),
            "In Cypher, start at (m:KgrecModel {uid: 'current'}) and take the relationships whose model is m.model.",
        )
    gone = {what: n for what, n in report.skipped.items() if n}
    if gone:
        parts = ", ".join(f"{n} {what}" for what, n in gone.items())
        output.note(f"note: left out, because they have gone from the graph since: {parts}")
    if report.no_vector_index:
        output.note(
            f"note: no vector index: {visible(report.no_vector_index)} "
            "Embeddings are stored, and SIMILAR works without one."
        )
