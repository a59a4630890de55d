"""Names that bundles and result files of earlier versions use: the only place that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgrec.data.dataset import Array
from kgrec.scoring.channel_names import CO_SESSION, LONG_TERM, NEXT_ITEM, SHORT_TERM

CHANNELS = {"latest": SHORT_TERM, "sequence": NEXT_ITEM, "session": CO_SESSION, "lasting": LONG_TERM}
"""Channels, by the names that they had."""
OLDEST = 3
"""The oldest format that is read."""


def renamed(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Manifest and arrays of a bundle of an earlier format, by the names of the present one."""
    channels = [{**entry, "name": CHANNELS.get(entry["name"], entry["name"])} for entry in manifest["channels"]]
    prefixes = {f"{old}.": f"{new}." for old, new in CHANNELS.items()}
    present = {}
    for name, array in arrays.items():
        prefix, dot, rest = name.partition(".")
        present[prefixes.get(prefix + dot, prefix + dot) + rest] = array
    return {**manifest, "channels": channels}, present
