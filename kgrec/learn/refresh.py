"""A model brought up to date without training: what is in closed form is made anew, what was trained stays.

made anew       co-taking, ridges, what follows what, paths, dislikes, what is found again, popularity, the trend,
                what is taken in which context, which items are cold
as it was       settings and gates, which validation chose; the vectors of items that the training knew
predicted       vectors of items that came since: see kgrec/learn/channels/later_items.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from kgrec.learn.platforms import of_platform, taken_apart, with_platforms
from kgrec.progress import Progress
from kgrec.scoring.channel_names import CO_TAKING, KNOWLEDGE, NEXT_ITEM_FACTORS, REFIND, SEMANTIC_PATHS
from kgrec.scoring.int8_matrices import LowRankInt8Matrix
from kgrec.scoring.matrices import LowRankMatrix, Table
from kgrec.scoring.model import AdditiveModel, Channel

_TRAINED = KNOWLEDGE, CO_TAKING, NEXT_ITEM_FACTORS, SEMANTIC_PATHS
_CERTAIN = 1e6
"""Interactions that a text is worth: its trained vector is a linear map of it."""


def refresh(dataset: Dataset, old: Bundle, progress: Progress) -> FitResult:
    """A model learned from a data set with the settings and the trained vectors of a bundle.

    Args:
        dataset: the graph and the interactions of today.

    Raises:
        BundleError: of an earlier version, whose settings cannot be read; a channel of it cannot be made any more; or a
            platform that has a model of its own is gone.
    """
    config, chosen = settings_of(old)
    there = {name: of_platform(dataset, name) for name in old.model.targets}
    for name, of in there.items():
        if name not in dataset.interactions.platforms or not len(of.interactions):
            raise _gone(name)
    shares = progress.parts(*[1] * (1 + len(there)))
    with limited_threads(dataset, config):
        parts = text_vectors(dataset, config, progress)
        refreshed = _Refreshed(old.items.rows(list(dataset.items)), parts, config)
        model = refreshed(old.model, dataset, chosen, shares[0])
        alone, others = {}, {}
        for (name, target), share in zip(old.model.targets.items(), shares[1:], strict=True):
            own, others[name] = taken_apart(target, old.model)
            alone[name] = refreshed(own, there[name], chosen.alone[name], share)
        model = with_platforms(model, dataset, alone, others)
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


@dataclass(frozen=True)
class _Refreshed:
    """Makes models anew.

    Attributes:
        row_of: rows of today's items in the bundle, -1 for those that came since.
        texts: vectors of today's nodes by each encoder.
        config: settings that were given.
    """

    row_of: IntArray
    texts: Sequence[Array]
    config: TrainConfig

    def __call__(
        self, old: AdditiveModel, dataset: Dataset, chosen: ChosenSettings, progress: Progress
    ) -> AdditiveModel:
        """A model with the settings and trained vectors of an old one, and no models of platforms."""
        texts = joined_vectors(self.texts, chosen.text_weights or [1.0] * len(self.texts))
        learner = Learner(dataset, texts, self.config, None, progress)
        fresh = {channel.name: channel for channel in learner.closed_form_channels(chosen.behaviour, progress)}
        done, channels = dataset.interactions, []
        for channel in old.channels:
            if channel.name in _TRAINED:
                channels.append(_trained(channel, self.row_of, dataset, texts))
            elif channel.name == REFIND and chosen.refind is not None:
                channels.append(refind_channel(chosen.refind, done, len(dataset.users), len(dataset.items)))
            elif channel.name in fresh:
                channels.append(fresh[channel.name])
            else:
                raise _not_made(f"{channel.name} of {old.platform}" if old.platform else channel.name)
        model = replace(
            old,
            channels=tuple(channels),
            prior=learner.behaviour.prior(chosen.behaviour),
            is_cold=learner.behaviour.cold,
            trend=learner.trend(chosen.half_life),
            targets={},
        )
        return with_contexts(model, chosen.contexts, done)


def settings_of(bundle: Bundle) -> tuple[TrainConfig, ChosenSettings]:
    """The settings that a bundle was learned with: those that were given, and those that validation chose.

    Raises:
        BundleError: they are not there, or not of this version.
    """
    settings = dict(bundle.manifest.settings)
    try:
        chosen = ChosenSettings.from_dict(settings.pop("chosen"), bundle.model)
        if chosen.alone.keys() != bundle.model.targets.keys():
            raise KeyError(f"alone: {', '.join(bundle.model.targets)}")
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
    if isinstance(matrix, LowRankInt8Matrix):
        matrix = matrix.in_floats()
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


def _of_rows(table: Table, names: Vocabulary, wanted: Sequence[str]) -> Array:
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


def _gone(platform: str) -> BundleError:
    return BundleError(
        "a platform of the bundle is not in the graph any more.",
        where=f"platform {platform}",
        expected="interactions of the platforms that have models of their own",
        next="train again",
    )
