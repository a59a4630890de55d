"""The channel of what people elsewhere take together: a ridge over sums that other platforms have shared."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kgrec.data.dataset import Array
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import ConfigError, SourceError
from kgrec.learn.channels.linear_systems import inverted
from kgrec.learn.federated.item_sums import ItemSums
from kgrec.plain_text import local_path
from kgrec.scoring.channel_names import ELSEWHERE
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.matrices import SparseMatrix
from kgrec.scoring.model import Channel

_PENALTY = 4.0
_ITEM_EXPONENT = 0.5
_RAISED = 2.0
_MOST_RAISED = 40


def ridge_of_sums(gram: Array, penalty: float) -> Array:
    """Weights of EASE from sums alone, float32 ``(n, n)`` with a zero diagonal.

    They are those of :func:`kgrec.learn.channels.ease.ease` with this ``ridge`` and an ``item_exponent`` of .5 for all
    users of the sums together. Where noise leaves a system that cannot be solved, the penalty is doubled until it can.

    Args:
        gram: G of :mod:`kgrec.learn.federated.item_sums`, ``(n, n)``.
        penalty: in units of its mean diagonal.

    Raises:
        ConfigError: no penalty solves it.
    """
    diagonal = np.maximum(gram.diagonal(), 1.0)
    spread = diagonal**_ITEM_EXPONENT
    mean = max(float(gram.diagonal().mean()), 1e-12)
    for raised in range(_MOST_RAISED):
        ridge = penalty * _RAISED**raised
        system = np.asfortranarray(gram + np.diag(ridge * mean * spread / spread.mean()), np.float32)
        try:
            inverse = inverted(system, "penalty", ridge)
            break
        except ConfigError:
            if raised == _MOST_RAISED - 1:
                raise
    weights: Array = inverse / -inverse.diagonal()
    np.fill_diagonal(weights, 0.0)
    return weights


def channel_of_sums(file: str, items: Vocabulary, history: HistoryWeights) -> list[Channel]:
    """The channel over a catalogue; none where no file is named.

    Args:
        file: of the sums of other platforms: with the platform's own rows in them validation would find them again.
        items: of the catalogue.

    Raises:
        SourceError: there are no sums, they are masked, or no item is in the catalogue.
    """
    if not file:
        return []
    sums = ItemSums.load(local_path(file))
    row = items.rows(sums.items)
    here = np.flatnonzero(row >= 0)
    if not len(here):
        raise SourceError(
            "the sums of other platforms are of no item of this one.",
            where=file,
            found=f"ids such as {', '.join(map(repr, sums.items[:3]))}",
            expected=f"ids such as {', '.join(map(repr, list(items)[:3]))}",
            next="agree on a list of ids that every platform uses for its items",
        )
    weights = sparse.csr_matrix(ridge_of_sums(sums.gram[np.ix_(here, here)], _PENALTY)).tocoo()
    places = row[here]
    n = len(items)
    at = sparse.csr_matrix((weights.data, (places[weights.row], places[weights.col])), shape=(n, n))
    return [Channel(ELSEWHERE, SparseMatrix(at), history)]
