"""`kgrec schema`: a graph schema for sources of your own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.errors import ConfigError
from kgrec.plain_text import local_path, visible

if TYPE_CHECKING:
    from kgrec.extract.draft import Draft

schema = typer.Typer(help="Graph schemas for sources of your own; each takes --json.")


@schema.command()
def draft(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE...", help="LOADER or LOADER:LOCATION, such as tables:data/, one or several."),
    ],
    out: Annotated[str, typer.Option("--out", metavar="PATH", help="YAML file to write.")] = "schema.yaml",
    as_json: opt.Json = False,
) -> None:
    """Guess a graph schema from the first rows of some sources, and write it with the evidence of each guess."""
    target = local_path(out)
    if target.exists():
        raise ConfigError(
            "the file is there already.",
            where=f"--out {out}",
            found="a file that may hold corrections of yours" if target.is_file() else "a folder",
            expected="a new path",
            next="name another path with --out, or remove the file",
        )
    from kgrec.extract.draft import draft_schema

    drafted = draft_schema(sources)
    try:
        target.write_text(drafted.text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            "the schema cannot be written.",
            where=f"--out {out}",
            found=error.strerror or str(error),
            expected="a path in a folder that can be written to",
            next="name another path with --out",
        ) from error
    if as_json:
        guesses = [asdict(guess) for guess in drafted.guesses]
        output.print_json({"schema": out, "guesses": guesses, "look_at": list(drafted.unsure)})
    else:
        _show(drafted, out, sources)


def _show(drafted: Draft, out: str, sources: list[str]) -> None:
    """What was guessed and why, what to look at, and which commands come next."""
    rows = [(guess.what, guess.source, guess.evidence) for guess in drafted.guesses]
    output.show(output.table(("guess", "read from", "evidence"), rows))
    if drafted.unsure:
        output.show(Text("Look at these first", "bold"), *(f"- {visible(doubt)}" for doubt in drafted.unsure))
    given = " ".join(f"--source {source}" for source in sources)
    output.show(
        f"Written to {out}, with the evidence of each guess. Correct what is wrong, then:",
        f"  kgrec check  --schema {out} {given}",
        f"  kgrec ingest --schema {out} {given}",
    )
