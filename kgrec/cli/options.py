"""Options of the command line: each is declared once, and texts such as ``year>=1990`` become what the rooms take."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from kgrec.config import TrainConfig
from kgrec.errors import ConfigError, shorten

if TYPE_CHECKING:
    from kgrec.recommendation import Recommender
    from kgrec.schema.model import GraphSchema

Condition = tuple[str, Any]
"""A comparison and its value, as ``Recommender.recommend(where=...)`` takes them: ``(">=", 1990.0)``."""

Filter = Mapping[str, Condition]
"""One condition for each property; all must hold."""

_CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=|!=|=|<|>|\bin\b)\s*(.*?)\s*", re.DOTALL)

Schema = Annotated[
    str, typer.Option("--schema", metavar="NAME|PATH", help="A shipped graph schema, such as movies, or a YAML file.")
]
Sources = Annotated[
    list[str],
    typer.Option("--source", metavar="SPEC", help="LOADER or LOADER:LOCATION, such as tables:data/. Can be repeated."),
]
Store = Annotated[
    str, typer.Option("--store", metavar="URL", envvar="KGREC_STORE", help="The graph, such as kglite:PATH.")
]
StoreToRead = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="KGREC_STORE",
        help="The graph, for paths, filters and the newest history; '' does without.",
    ),
]
BundlePath = Annotated[
    str, typer.Option("--bundle", metavar="PATH", envvar="KGREC_BUNDLE", help="What `kgrec train` wrote.")
]
BundleOut = Annotated[
    str, typer.Option("--out", metavar="PATH", envvar="KGREC_BUNDLE", help="Folder to write the bundle to.")
]
User = Annotated[str | None, typer.Option("--user", metavar="ID", help="Whom the answer is for.")]
History = Annotated[
    list[str] | None,
    typer.Option(
        "--history", metavar="ITEM", help="Instead of --user: an item that somebody has chosen. Can be repeated."
    ),
]
At = Annotated[
    float | None,
    typer.Option("--at", metavar="SECONDS", help="When they ask, unix seconds: how long they were away counts."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A setting of training, see `kgrec train --help`. Can be repeated."
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="The same as --set seed=...")]
Language = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of reasons.")]
Json = Annotated[bool, typer.Option("--json", help="Results as one JSON document on stdout, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]

DEFAULT_STORE = "kglite:kgrec.kgl"
DEFAULT_BUNDLE = "kgrec.bundle.bundle"


def settings_help() -> str:
    """Every training setting with its default, and what it does."""
    lines = ["Settings for --set, with their defaults:"]
    for name, field in TrainConfig.model_fields.items():
        choices = list(_choices(field.annotation))
        one_of = f"  (one of {', '.join(choices)})" if len(choices) > 1 else ""
        lines.append(f"  {name}={field.default}{one_of}\n      {field.description}")
    # The sign keeps the lines apart, which would be joined to a paragraph otherwise.
    return "\b\n" + "\n".join(lines)


def _choices(kind: Any) -> Iterator[str]:
    """Names that a Literal allows, also where it is one side of a union."""
    for part in get_args(kind):
        if isinstance(part, str):
            yield part
        else:
            yield from _choices(part)


def train_config(settings: Sequence[str] | None, seed: int | None) -> TrainConfig:
    """Settings from ``name=value`` texts; of a name that is given twice the last counts, ``seed`` above all.

    Raises:
        ConfigError: a text without ``=``, an unknown name or an impossible value, all of them at once.
    """
    pairs = [text.partition("=") for text in settings or ()]
    broken = [shorten(name) for name, equals, _ in pairs if not equals]
    if broken:
        raise ConfigError(
            "a setting has no value.",
            where="--set",
            found=", ".join(broken),
            expected="NAME=VALUE, such as epochs=20",
            next="write a name, an equals sign and a value without spaces around it",
        )
    named: dict[str, Any] = {name.strip(): value.strip() for name, _, value in pairs}
    return TrainConfig.of(named if seed is None else named | {"seed": seed})


def conditions(texts: Sequence[str] | None, schema: GraphSchema | None) -> list[tuple[str, Condition]]:
    """Property and condition of each ``--where``: numbers where the schema says that the property is one.

    Raises:
        ConfigError: a text that is no comparison, or no number where one is needed.
    """
    result = []
    for text in texts or ():
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise ConfigError(
                "a filter cannot be read.",
                where="--where",
                found=shorten(text),
                expected="a property, one of = != < <= > >= in, and a value: year>=1990, 'genres in Comedy,Drama'",
                next="put the filter into quotes, because the shell takes < and > for itself",
            )
        name, sign, value = match.groups()
        spec = schema.nodes[schema.item_type].properties.get(name) if schema else None
        numeric = spec is not None and spec.type in ("number", "time")
        values = [part.strip() for part in value.split(",")] if sign == "in" else [value]
        typed = [_number(part, text) if numeric else part for part in values]
        result.append((name, (sign, typed if sign == "in" else typed[0])))
    return result


def _number(value: str, text: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ConfigError(
            "a filter needs a number.",
            where=f"--where {text}",
            found=shorten(value),
            expected="a number, because the graph schema says that the property is one",
            next="correct the value",
        )
    return number


def layers(found: Sequence[tuple[str, Condition]]) -> list[Filter]:
    """Conditions as mappings that name each property once; there is always a first one."""
    result: list[dict[str, Condition]] = [{}]
    for name, condition in found:
        free = next((layer for layer in result if name not in layer), None)
        if free is None:
            result.append(free := {})
        free[name] = condition
    return list(result)


def allowed(
    recommender: Recommender, allow: Collection[str] | None, further: Sequence[Filter]
) -> Collection[str] | None:
    """Items that also pass conditions on a property which has one already, such as the upper end of a range."""
    from kgrec.recommendation.candidates import matching_items

    known = recommender.bundle.items
    if recommender.store is not None:
        for layer in further:
            passed = matching_items(recommender.store, layer)
            # An unknown id stays in, so that it is complained about.
            allow = [item for item in (known if allow is None else allow) if item in passed or item not in known]
    return allow


def one_person(user: str | None, history: Sequence[str] | None) -> None:
    """Check that somebody is named, and once.

    Raises:
        ConfigError: neither of ``--user`` and ``--history`` is given, or both are.
    """
    if (user is None) == (not history):
        raise ConfigError(
            "a person is named by --user or by --history.",
            found="neither" if user is None else "both",
            expected="one of them",
            next="write --user ID, or --history ITEM once for every item",
        )


def check_output(path: str, *, folder: bool) -> None:
    """Make sure before long work that its result can be written, and that nothing else is lost to it.

    Args:
        folder: a bundle will replace the folder; otherwise a file will be written.

    Raises:
        ConfigError: something that is no bundle (no file) is there, or the folder around it cannot be written to.
    """
    target = Path(path)
    parent = target.absolute().parent
    found: str | None = None
    if target.is_dir() and not folder:
        found, expected = "a folder", "the path of a file"
    elif folder and target.exists() and not (target / "manifest.json").is_file():
        if not target.is_dir():
            found = "a file"
        elif any(target.iterdir()):
            found = "a folder that holds something else than a bundle"
        expected = "a new path, an empty folder or an earlier bundle"
    else:
        existing = next(p for p in (parent, *parent.parents) if p.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK)):
            found, expected = f"'{existing}', which cannot be written to", "a folder that can be written to"
    if found:
        raise ConfigError(
            "the result cannot be written here.",
            where=f"--out {path}",
            found=found,
            expected=expected,
            next="name another path with --out",
        )
