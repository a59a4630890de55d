"""Channels of other packages, by entry point of the group ``kgrec.channels``."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from typing import Protocol

import numpy as np

from kgrec.data.dataset import Dataset
from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError, KgrecError
from kgrec.progress import Progress
from kgrec.scoring import channel_names
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import ItemMatrix
from kgrec.scoring.matrix_kinds import matrix_class
from kgrec.scoring.model import Channel

CHANNEL_GROUP = "kgrec.channels"
"""Entry points of this group are channel makers; the name of the entry point is that of the channel."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_BESIDE = {"fused", "gates", "interactions", "popularity", "prior", "trend"}
"""What bundles and measures have beside channels."""
_BUILT_IN = _BESIDE | {value for name, value in vars(channel_names).items() if name.isupper()}


class ChannelMaker(Protocol):
    """Makes the matrix of a channel.

    It is called several times in one training: with the interactions of the training part, without those of some items
    that are hidden, and with all of them. So it reads the data set that it is given and nothing else, and gives the
    same matrix for the same data set.
    """

    def __call__(self, dataset: Dataset, /) -> ItemMatrix:
        """How much each past item speaks for each candidate, over all items of the data set, ``(items, items)``."""


def plugin_channels(dataset: Dataset, history: HistoryWeights, progress: Progress) -> list[Channel]:
    """The channels of all plug-ins that are installed, by name.

    Args:
        history: weights of past interactions, the same for all of them.
        progress: told which channel is made.

    Raises:
        ConfigError: a plug-in has no name of its own, cannot be loaded, fails, or returns no such matrix.
    """
    points = sorted(entry_points(group=CHANNEL_GROUP), key=lambda point: point.name)
    names = [point.name for point in points]
    channels = []
    for number, point in enumerate(points):
        progress("channels of plug-ins", number, len(points), point.name, unit="channels")
        if not _NAME.fullmatch(point.name) or point.name in _BUILT_IN or names.count(point.name) > 1:
            raise _not_usable(
                point,
                "has no name of its own",
                found=f"the name '{point.name}'" + (" twice" if names.count(point.name) > 1 else ""),
                expected=f"small letters, digits and _, and none of {', '.join(sorted(_BUILT_IN))}",
                next="rename the entry point",
            )
        channels.append(Channel(point.name, _matrix(point, dataset), history))
    return channels


def _matrix(point: EntryPoint, dataset: Dataset) -> ItemMatrix:
    """What a plug-in makes of a data set, as a bundle will hold it: what was learned is what is served."""
    try:
        maker: ChannelMaker = point.load()
        matrix = maker(dataset)
        arrays = matrix.arrays()
        kept = matrix_class(matrix.kind).from_arrays(arrays, len(dataset.items))
    except KgrecError:
        raise
    except Exception as error:
        raise _not_usable(
            point,
            "does not make an item-item matrix of the data set",
            found=f"{type(error).__name__}: {error}",
            expected=f"a function from a data set to an ItemMatrix, here over {len(dataset.items)} items",
            next=f"repair or uninstall {_package(point)}",
        ) from error
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise _not_usable(
                point,
                "makes a matrix with numbers that are not finite",
                found=f"nan or inf in {name}, as float32",
                expected="finite weights",
                next=f"repair or uninstall {_package(point)}",
            )
    return kept


def _not_usable(point: EntryPoint, why: str, *, found: str, expected: str, next: str) -> ConfigError:
    where = f"entry point '{point.name} = {point.value}' of the group {CHANNEL_GROUP}"
    return ConfigError(f"a channel plug-in {why}.", where=where, found=found, expected=expected, next=next)


def _package(point: EntryPoint) -> str:
    return "its package" if point.dist is None else f"the package {point.dist.name}"
