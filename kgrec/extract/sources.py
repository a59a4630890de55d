"""Where rows come from: a source is written ``LOADER`` or ``LOADER:LOCATION`` (``tables:data/``, ``movielens100k``)."""

from __future__ import annotations

import hashlib
import inspect
import re
import uuid
from collections.abc import Iterator

from kgrec.data.plugins import entry_points
from kgrec.data.records import Loader
from kgrec.errors import ConfigError, did_you_mean
from kgrec.plain_text import local_path

LOADER_GROUP = "kgrec.loaders"
"""Entry points of this group are loaders; a package that declares one adds a platform to kgrec."""


_LOGIN = re.compile(r"://[^/#]*@")


def known_loaders() -> tuple[str, ...]:
    """Names of the loaders that are installed."""
    return tuple(sorted({point.name for point in entry_points(group=LOADER_GROUP)}))


def open_loader(spec: str) -> Loader:
    """The loader of a source.

    Raises:
        ConfigError: no such loader, or the loader needs a location and none is given.
        SourceError: the loader says so of its location.
    """
    name, colon, location = spec.partition(":")
    points = {point.name: point for point in entry_points(group=LOADER_GROUP)}
    if name not in points:
        raise ConfigError(
            f"no loader '{name}'.",
            where=f"source '{spec}'",
            found=f"'{name}'{did_you_mean(name, points, before=', ')}",
            expected=f"one of {', '.join(sorted(points))}",
            next=f"write a source as LOADER or LOADER:LOCATION, for example {_example(spec)}",
        )
    factory = points[name].load()
    arguments = (location,) if colon and location else ()
    try:
        inspect.signature(factory).bind(*arguments)
    except TypeError:
        raise ConfigError(
            f"loader '{name}' {'takes no location' if arguments else 'needs a location'}.",
            where=f"source '{spec}'",
            next=f"write {name}" if arguments else f"write {name}:LOCATION",
        ) from None
    loader: Loader = factory(*arguments)
    return loader


def _example(spec: str) -> str:
    """How a source is written: the one that was given, where it is a path without its loader."""
    return f"tables:{spec}" if "\0" not in spec and local_path(spec).exists() else "tables:data/"


def source_name(source: str | Loader) -> str:
    """What a graph calls a source, the same whatever the source holds: its loader and where it is.

    Of an address the login is left out; so that it tells queries apart, a hash of everything else is in it.
    """
    if isinstance(source, str):
        loader, _, location = source.partition(":")
    else:
        loader, location = type(source).__qualname__, str(getattr(source, "location", ""))
    before, mark, setting = location.partition("?")
    if "://" in before:
        address = _LOGIN.sub("://", location)
        digest = hashlib.sha256(address.encode()).hexdigest()[:8]
        return f"{loader}:{address.partition('#')[0].partition('?')[0]} {digest}"
    if not location or "\0" in location:
        return loader
    whole = local_path(location)
    path = local_path(before) if mark and not whole.exists() else whole
    return f"{loader}:{path.resolve()}{mark}{setting}" if path != whole else f"{loader}:{path.resolve()}"


def source_fingerprint(source: str | Loader) -> str:
    """Hash that changes when a source's files do: its spec with the size and time of every file it names.

    What lies behind a URL cannot be looked at, and may come in another order next time: it is new on every call. So
    is a loader object without a ``location``.
    """
    if isinstance(source, str):
        parts = [source, *_files(source.partition(":")[2])]
    else:
        location = str(getattr(source, "location", "://"))
        parts = [type(source).__qualname__, location, *_files(location)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _files(location: str) -> Iterator[str]:
    """Name, size in bytes and time of change of each file at a location; a random word for a URL.

    What follows a question mark after a path is a setting of the loader.
    """
    before, mark, _ = location.partition("?")
    if "://" in before:
        yield uuid.uuid4().hex
        return
    if not location or "\0" in location:
        return
    whole = local_path(location)
    path = local_path(before) if mark and not whole.exists() else whole
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            state = file.stat()
            yield f"{file}|{state.st_size}|{state.st_mtime_ns}"
