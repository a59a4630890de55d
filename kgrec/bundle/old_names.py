"""Names that bundles and result files of earlier versions use: the only place that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kgrec.data.dataset import Array
from kgrec.scoring.channel_names import CO_SESSION, CO_TAKING, KNOWLEDGE, LONG_TERM, NEXT_ITEM, SHORT_TERM

OLDEST_FORMAT = 3
"""Of bundles that are read."""

CHANNELS = {"latest": SHORT_TERM, "sequence": NEXT_ITEM, "session": CO_SESSION, "lasting": LONG_TERM}
"""Channels, by the names that they had."""

ARRAYS = {
    "new": "is_cold",
    "gates.edges": "gates.by_history.min_lengths",
    "gates.channels": "gates.by_history.channels",
    "gates.prior": "gates.by_history.prior",
    "gates.pauses": "gates.by_history.min_pauses",
    "gates.new_channels": "gates.cold.channels",
    "gates.new_spread": "gates.cold.min_spread",
    "gates.new_prior": "gates.cold.prior",
    "gates.new_item_offset": "gates.cold.offset",
    "gates.new_item_slope": "gates.cold.slope",
    "gates.new_item_lengths": "gates.cold.length_range",
}
"""Arrays, by the names that they had; the numbers among the gates stood in the manifest."""


METRICS = {
    "hidden recall@20": "cold recall@20, cold candidates",
    "hidden ndcg@10": "cold ndcg@10, cold candidates",
    "all recall@20": "cold recall@20, all candidates",
    "all ndcg@10": "cold ndcg@10, all candidates",
    "warm recall@20": "known recall@20, all candidates",
    "warm recall@20 without hidden": "known recall@20, known candidates",
    "warm loss": "known recall@20 loss",
    "warm ndcg@10": "known ndcg@10, all candidates",
    "warm ndcg@10 loss": "known ndcg@10 loss",
}
"""Metrics of cold-start results, by the names that they had."""

_IN_RESULTS = {**CHANNELS, **METRICS, "sd": "spread"}
_CANDIDATES = {"hidden": "cold candidates", "all": "all candidates"}

SETTINGS = {"new_item_cost": "cold_item_cost"}
"""Settings of training, by the names that they had in manifests and checkpoints."""


def renamed(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Manifest and arrays of a bundle of format 3 or 4 as the present format has them.

    Raises:
        KeyError: something is missing.
        ValueError: the gates do not fit each other.
    """
    if manifest["format"] == OLDEST_FORMAT:
        manifest, arrays = _of_format_3(manifest, arrays)
    return _of_format_4(manifest, arrays)


def _of_format_4(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Embeddings were called knowledge even where no fact sends them a message."""
    if manifest["settings"].get("chosen", {}).get("num_layers") != 0:
        return dict(manifest), dict(arrays)
    channels = [{**entry, "name": _without_messages(entry["name"])} for entry in manifest["channels"]]
    metrics = {
        name: {_without_messages(key): number for key, number in value.items()} if isinstance(value, Mapping) else value
        for name, value in manifest["metrics"].items()
    }
    present = {_without_messages(name): array for name, array in arrays.items()}
    return {**manifest, "channels": channels, "metrics": metrics}, present


def _without_messages(name: str) -> str:
    """The present name of the channel of embeddings, alone or at the start of the name of an array."""
    channel, dot, part = name.partition(".")
    return (CO_TAKING if channel == KNOWLEDGE else channel) + dot + part


def _of_format_3(manifest: Mapping[str, Any], arrays: Mapping[str, Array]) -> tuple[dict[str, Any], dict[str, Array]]:
    channels = [{**entry, "name": CHANNELS.get(entry["name"], entry["name"])} for entry in manifest["channels"]]
    numbers = {f"gates.{name}": np.asarray(value, np.float64) for name, value in manifest["gates"].items()}
    present = {_present(name): array for name, array in {**arrays, **numbers}.items()}
    buckets = 1 + len(present["gates.by_history.min_pauses"]), len(present["gates.by_history.min_lengths"])
    for name in ("gates.by_history.channels", "gates.by_history.prior"):  # one row after the other, pauses outside
        present[name] = present[name].reshape(*buckets, *present[name].shape[1:])
    settings = {SETTINGS.get(name, name): value for name, value in manifest["settings"].items()}
    return {**manifest, "channels": channels, "settings": settings}, present


def _present(name: str) -> str:
    """The present name of an array."""
    channel, dot, part = name.partition(".")
    return ARRAYS.get(name) or CHANNELS.get(channel, channel) + dot + part


def renamed_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result file of an earlier version by the names of the present one; what was set stays as it was set."""
    settings = {}
    for name, setting in result.get("settings", {}).items():
        system, comma, candidates = name.rpartition(", ")
        settings[system + comma + _CANDIDATES.get(candidates, candidates) if comma else name] = setting
    return {
        _present_key(key): settings if key == "settings" else value if key == "per_seed" else _renamed(value)
        for key, value in result.items()
    }


def _renamed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_present_key(key): _renamed(inner) for key, inner in value.items()}
    return [_renamed(inner) for inner in value] if isinstance(value, list) else value


def _present_key(name: str) -> str:
    """The present name of a key of a result; metrics of cold items on validation begin with their group."""
    group, comma, channel = name.partition(", ")
    if group == "new items":
        return f"cold items{comma}{_IN_RESULTS.get(channel, channel)}"
    return _IN_RESULTS.get(name, name)
