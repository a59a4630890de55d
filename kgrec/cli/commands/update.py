"""`kgrec update`: a bundle brought up to date with its graph, without training."""

from __future__ import annotations

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.progress_bars import progress_bars


def update(
    store: opt.Store = opt.DEFAULT_STORE,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Bring a bundle up to date with its graph, in minutes; it is refused where it finds less than the live one."""
    from kgrec.pipeline import update as bring_up_to_date

    with progress_bars(quiet, verbose) as progress:
        report = bring_up_to_date(store, bundle, progress=progress)
    facts = {"bundle": bundle, **report.as_dict()}
    if as_json:
        output.print_json(facts)
        return
    compared = {f"on the newest of {name}": one.in_words for name, one in report.platforms.items()}
    compared = {"on the newest": report.comparison.in_words, **compared}
    output.show_facts({"bundle": bundle, "new": facts["new"], **compared})
    if report.interactions == 0:
        output.note("note: nobody did anything new; facts and popularity are those of today")
