"""A model brought up to date without training: what is in closed form is made anew, what was trained stays.

made anew       co-taking, ridges, what follows what, paths, dislikes, what is found again, popularity, the trend,
                what is taken in which context, which items are cold
as it was       settings and gates, which validation chose; the vectors of items that the training knew
predicted       vectors of items that came since: see kgrec/learn/channels/later_items.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset, IntArray
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import BundleError
from kgrec.learn.channels.later_items import moved, placed, taker_profiles
from kgrec.learn.channels.refind import refind_channel
from kgrec.learn.contexts import with_contexts
from kgrec.learn.encoders.joined_vectors import joined_vectors
from kgrec.learn.encoders.named_encoders import text_vectors
from kgrec.learn.fit import limited_threads
from kgrec.learn.fit_result import ChosenSettings, FitResult
from kgrec.learn.learner import Learner
from kgrec.learn.neural.model import Embeddings
from kgrec.progress import Progress
from kgrec.scoring.channel_names import CO_TAKING, KNOWLEDGE, NEXT_ITEM_FACTORS, REFIND, SEMANTIC_PATHS
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import Channel

_TRAINED = KNOWLEDGE, CO_TAKING, NEXT_ITEM_FACTORS, SEMANTIC_PATHS
_CERTAIN = 1e6
"""Interactions that a text is worth: its trained vector is a linear map of it."""


def refresh(dataset: Dataset, old: Bundle, progress: Progress) -> FitResult:
    """A model learned from a data set with the settings and the trained vectors of a bundle.

    Args:
        dataset: the graph and the interactions of today.

    Raises:
        BundleError: of an earlier version, whose settings cannot be read; a channel of it cannot be made any more; or
            platforms have models of their own.
    """
    if old.model.targets:
        raise BundleError(
            "a bundle whose platforms have models of their own cannot be brought up to date.",
            found=", ".join(old.model.targets),
            expected="one model for all lists",
            next="train again, or train with platform_lists=shared",
        )
    config, chosen = settings_of(old)
    with limited_threads(dataset, config):
        parts = text_vectors(dataset, config, progress)
        texts = joined_vectors(parts, chosen.text_weights or [1.0] * len(parts))
        learner = Learner(dataset, texts, config, None, progress)
        fresh = {channel.name: channel for channel in learner.closed_form_channels(chosen.behaviour, progress)}
        row_of = old.items.rows(list(dataset.items))
        channels = []
        for channel in old.model.channels:
            if channel.name in _TRAINED:
                channels.append(_trained(channel, row_of, dataset, texts))
            elif channel.name == REFIND and chosen.refind is not None:
                done = dataset.interactions
                channels.append(refind_channel(chosen.refind, done, len(dataset.users), len(dataset.items)))
            elif channel.name in fresh:
                channels.append(fresh[channel.name])
            else:
                raise _not_made(channel.name)
        model = replace(
            old.model,
            channels=tuple(channels),
            prior=learner.behaviour.prior(chosen.behaviour),
            is_cold=learner.behaviour.cold,
            trend=learner.trend(chosen.half_life),
        )
        model = with_contexts(model, chosen.contexts, dataset.interactions)
    metrics = old.manifest.metrics
    return FitResult(
        model=model,
        embeddings=_embeddings(old, dataset),
        chosen=chosen,
        metrics=dict(metrics.get("validation_ndcg@10", {})),
        log=list(old.manifest.training),
        trials=0,
        reasons=dict(metrics.get("reasons", {})),
    )


def settings_of(bundle: Bundle) -> tuple[TrainConfig, ChosenSettings]:
    """The settings that a bundle was learned with: those that were given, and those that validation chose.

    Raises:
        BundleError: they are not there, or not of this version.
    """
    settings = dict(bundle.manifest.settings)
    try:
        chosen = ChosenSettings.from_dict(settings.pop("chosen"), bundle.model.gates)
        settings.pop("limits", None)
        return TrainConfig.model_validate(settings), chosen
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(
            "the settings of the bundle cannot be read.",
            found=f"{type(error).__name__}: {error}",
            expected="those of this version of kgrec",
            next="train again",
        ) from error


def _trained(channel: Channel, row_of: IntArray, dataset: Dataset, texts: Array | None) -> Channel:
    """A channel of trained vectors over today's items."""
    matrix = channel.matrix
    if not isinstance(matrix, LowRankMatrix):
        raise _not_made(channel.name)
    here = moved(matrix, row_of)
    n = len(dataset.items)
    if channel.name == SEMANTIC_PATHS:
        if texts is not None:
            here = placed(here, texts[:n], np.where(texts[:n].any(axis=1), _CERTAIN, 0.0))
    else:
        history = channel.history.matrix(dataset.interactions, len(dataset.users), n)
        here = placed(here, *taker_profiles(here, sparse.csr_matrix(history)))
    return replace(channel, matrix=here)


def _embeddings(old: Bundle, dataset: Dataset) -> Embeddings:
    """The trained vectors of the nodes that the training knew; those of the others are 0."""
    items, none = np.zeros((len(dataset.items), 1), np.float32), np.zeros(len(dataset.items), np.float32)
    nodes = _of_rows(old.node_embeddings, old.nodes, list(dataset.nodes))
    relations = _of_rows(old.relation_embeddings, Vocabulary(old.relations), dataset.facts.relations)
    return Embeddings(items, items, None, none, nodes, relations, hops=0)


def _of_rows(table: Array, names: Vocabulary, wanted: Sequence[str]) -> Array:
    rows = names.rows(wanted)
    result: Array = np.where((rows >= 0)[:, None], table[rows], 0).astype(np.float32)
    return result


def _not_made(name: str) -> BundleError:
    return BundleError(
        "a channel of the bundle cannot be made from the graph of today.",
        where=f"channel {name}",
        expected="the facts, texts, times and plug-ins that it was learned with",
        next="train again",
    )
