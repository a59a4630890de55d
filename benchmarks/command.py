"""The command `kgrec benchmark`: systems, seeds and ablations on a public set, and the files of its result."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import check_output, train_config
from kgrec.cli.exits import resumable
from kgrec.cli.measurements import show_rows
from kgrec.cli.progress_bars import progress_bars
from kgrec_benchmarks.protocols.ablation_groups import GROUPS
from kgrec_benchmarks.protocols.protocol_registry import PROTOCOLS
from kgrec_benchmarks.systems.registry import DEFAULT, known_systems

_MODELS = f"Systems to measure, or `all`: {', '.join(known_systems())}. [default: {','.join(DEFAULT)}]"
_ABLATIONS = f"""Also take kgrec apart, with one training for each variant: its channels and, of {", ".join(GROUPS)},
those that are named, or `all`."""
_PROTOCOL = f"""What is measured. {"; ".join(f"{name}: {listed.summary}" for name, listed in PROTOCOLS.items())}.
[default: clicks where ratings are 0 or 1, else split]"""


def benchmark(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="A published data set, with a split of its own.")],
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE.json", help="Write the result here, and FILE.md and its plots as SVG beside it."
        ),
    ] = None,
    models: Annotated[str | None, typer.Option("--models", metavar="A,B,C", help=_MODELS)] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Runs, with seeds --seed, --seed + 1 and so on.")] = 1,
    ablations: Annotated[str | None, typer.Option("--ablations", metavar="A,B,C", help=_ABLATIONS)] = None,
    protocol: Annotated[str | None, typer.Option("--protocol", metavar="NAME", help=_PROTOCOL)] = None,
    settings: opt.Settings = None,
    seed: opt.Seed = None,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Measure kgrec beside other systems on a public data set.

    Every system chooses its settings on validation and is tested once; what each tried, and for how long, is printed.
    Stopped on the way, with --out, it continues when it is run again. --models, --seeds and --ablations are for the
    protocols split and split-cut, --seeds is for explanations too; the others have systems and seeds of their own.
    """
    config = train_config(settings, seed)
    if out is not None:
        check_output(out, folder=False)
    from kgrec_benchmarks.benchmark import measure_folder

    with resumable(out is not None), progress_bars(quiet, verbose) as progress:
        measured = measure_folder(
            folder,
            config,
            models=models,
            seeds=seeds,
            ablations=ablations,
            protocol=protocol,
            keep=None if out is None else f"{out}.partial",
            progress=progress,
        )
    result = measured.as_dict()
    if out is not None:
        from kgrec_benchmarks.runs.result_files import write_result

        write_result(result, Path(out))
        shutil.rmtree(f"{out}.partial", ignore_errors=True)
    if as_json:
        output.print_json(result)
    else:
        show_rows(result)
