"""An additive model as plain entries and named arrays, and the way back.

The models that make the lists of single platforms stand beside the shared one: what is theirs under ``target_N``; of
their channels that read other platforms the matrix is there once, in the shared model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from kgrec.data.dataset import Array
from kgrec.scoring.channel_names import FROM
from kgrec.scoring.context_bias import ContextBias
from kgrec.scoring.gates import Gates
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import ItemMatrix
from kgrec.scoring.matrix_kinds import matrix_class
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.trend import Trend


def channel_entries(model: AdditiveModel) -> list[dict[str, Any]]:
    """What a manifest says of each channel."""
    return [
        {
            "name": channel.name,
            "matrix": channel.matrix.kind,
            "history": {name: value for name, value in asdict(channel.history).items() if name != "platform" or value},
            "unit": channel.unit,
            "beside": channel.beside,
        }
        for channel in model.channels
    ]


def target_entries(model: AdditiveModel) -> list[dict[str, Any]]:
    """What a manifest says of the models of single platforms, in the order of their arrays."""
    return [
        {"platform": name, "channels": channel_entries(target), "contexts": context_entries(target)}
        for name, target in model.targets.items()
    ]


def context_entries(model: AdditiveModel) -> list[dict[str, Any]]:
    """What a manifest says of the context columns that count, in the order of their arrays."""
    return [{"column": bias.column, "values": list(bias.values)} for bias in model.contexts]


def model_arrays(model: AdditiveModel) -> dict[str, Array]:
    """All numbers of a model, by name."""
    arrays = {
        "prior": model.prior.astype(np.float32),
        "is_cold": model.is_cold,
        **{f"gates.{name}": array for name, array in model.gates.arrays().items()},
    }
    if model.trend is not None:
        arrays |= {f"trend.{name}": array for name, array in model.trend.arrays().items()}
    for number, bias in enumerate(model.contexts):
        arrays |= {f"context_{number}.{name}": array for name, array in bias.arrays().items()}
    for channel in model.channels:
        if FROM not in channel.name:
            arrays |= {f"{channel.name}.{name}": array for name, array in channel.matrix.arrays().items()}
    for number, target in enumerate(model.targets.values()):
        arrays |= {f"target_{number}.{name}": array for name, array in model_arrays(target).items()}
    return arrays


def model_from(manifest: Mapping[str, Any], arrays: Mapping[str, Array], n_items: int) -> AdditiveModel:
    """The model again.

    Raises:
        KeyError, ValueError, TypeError: parts are missing, or do not fit each other.
    """
    shared = _model(manifest, arrays, n_items, {})
    matrices = {channel.name: channel.matrix for channel in shared.channels}
    targets = {}
    for number, entry in enumerate(manifest.get("targets", ())):  # earlier versions had none
        own = part_of(arrays, f"target_{number}")
        if not len(own["prior"]) == len(own["is_cold"]) == n_items:
            raise ValueError(f"the model of platform {entry['platform']} is not of {n_items} items")
        targets[entry["platform"]] = _model(entry, own, n_items, matrices, entry["platform"])
    return replace(shared, targets=targets)


def _model(
    entry: Mapping[str, Any],
    arrays: Mapping[str, Array],
    n_items: int,
    shared: Mapping[str, ItemMatrix],
    platform: str = "",
) -> AdditiveModel:
    channels = tuple(_channel(one, arrays, n_items, shared) for one in entry["channels"])
    counts = part_of(arrays, "trend")  # there are none where it is closed, nor in bundles of earlier versions
    trend = Trend.from_arrays(counts, n_items) if counts else None
    gates = Gates.from_arrays(part_of(arrays, "gates"))
    contexts = tuple(
        ContextBias.from_arrays(one["column"], tuple(one["values"]), part_of(arrays, f"context_{number}"), n_items)
        for number, one in enumerate(entry.get("contexts", ()))  # bundles of earlier versions have none
    )
    prior, is_cold = arrays["prior"], arrays["is_cold"]
    return AdditiveModel(channels, gates, prior, is_cold, trend, platform, contexts=contexts)


def part_of(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """The arrays whose names begin with ``prefix.``, without it."""
    return {name.removeprefix(f"{prefix}."): array for name, array in arrays.items() if name.startswith(f"{prefix}.")}


def _channel(
    entry: Mapping[str, Any], arrays: Mapping[str, Array], n_items: int, shared: Mapping[str, ItemMatrix]
) -> Channel:
    name, _, source = entry["name"].partition(FROM)
    try:
        own = matrix_class(entry["matrix"])
        matrix = shared[name] if source else own.from_arrays(part_of(arrays, name), n_items)
    except KeyError as error:
        raise ValueError(f"channel {entry['name']} has no array {error}") from error
    except ValueError as error:
        raise ValueError(f"channel {name}: {error}") from error
    history = HistoryWeights(**entry["history"])
    # Bundles of earlier versions have no units.
    return Channel(entry["name"], matrix, history, unit=entry.get("unit", 0.0), beside=entry.get("beside", ""))
