"""The channel of next-item factors: why there is none, or what a training becomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.learn.channels.order_signal import order_tells
from kgrec.learn.channels.sequences import latest_events
from kgrec.learn.limits import LIMITS
from kgrec.learn.neural.next_item_factors import NextItemFactors
from kgrec.scoring.channel_names import NEXT_ITEM_FACTORS, SHORT_TERM
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import Channel


def why_no_factors(
    dataset: Dataset, config: TrainConfig, channels: Sequence[Channel], valid: sparse.csr_matrix
) -> str | None:
    """Why vectors for next items are not worth their training, in words; None where they may be.

    Args:
        channels: in closed form; the one that goes by the last few items tells whether order says anything.
        valid: validation pairs, users x items.
    """
    interactions = dataset.interactions
    if not config.next_item_dim:
        return "next_item_dim is 0"
    if not interactions.has_time:
        return "not all times are known"
    events = len(latest_events(interactions, len(dataset.items))[0])
    if events < LIMITS.next_item_events:
        return f"{events:,} events are too few, {LIMITS.next_item_events:,} are needed"
    last_few = next(channel for channel in channels if channel.name == SHORT_TERM)
    if not order_tells(last_few, interactions, valid, config.seed):
        return "histories in their order find no more of validation than shuffled ones"
    return None


def channel_of(factors: NextItemFactors, serving: HistoryWeights, known: npt.NDArray[np.bool_]) -> Channel:
    """The channel: an item-item matrix of low rank, over histories that fade as fast as it was learned from.

    Args:
        known: which items somebody has taken.
    """
    matrix = LowRankMatrix.beside_mean(factors.source, factors.target, known)
    return Channel(NEXT_ITEM_FACTORS, matrix, factors.history(serving))
