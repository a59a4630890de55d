"""What the texts of a command line mean: each is checked before any work."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, get_args

from kgrec.errors import ConfigError, shorten
from kgrec.explanation.wording.languages import wording_of
from kgrec.plain_text import local_path

if TYPE_CHECKING:
    from kgrec.config import TrainConfig


def settings_help() -> str:
    """Every training setting with its default, and what it does."""
    from kgrec.config import TrainConfig

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
    from kgrec.config import TrainConfig

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


def installed_language(code: str) -> str:
    """The code of a language itself.

    Raises:
        ConfigError: it is not installed, or cannot be loaded.
    """
    wording_of(code)
    return code


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
    target = local_path(path)
    parent = target.absolute().parent
    obstacle: str | None = None
    if target.exists() and not target.is_file() and not folder:
        obstacle = "a folder" if target.is_dir() else "a device or pipe, whose place the file would take"
        expected = "the path of a file"
    elif folder and target.exists() and not (target / "manifest.json").is_file():
        if not target.is_dir():
            obstacle = "a file" if target.is_file() else "a device or pipe"
        elif any(target.iterdir()):
            obstacle = "a folder that holds something else than a bundle"
        expected = "a new path, an empty folder or an earlier bundle"
    else:
        existing = next(p for p in (parent, *parent.parents) if p.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK)):
            obstacle, expected = f"'{existing}', which cannot be written to", "a folder that can be written to"
    if obstacle:
        raise ConfigError(
            "the result cannot be written here.",
            where=f"--out {path}",
            found=obstacle,
            expected=expected,
            next="name another path with --out",
        )
