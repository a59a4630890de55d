"""Whether users are to find again what they met without taking it, and how: chosen on validation, learned anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from kgrec.data.dataset import Interactions
from kgrec.data.funnel import of_kinds, taking_kinds, without_pairs
from kgrec.data.splits import sample_users
from kgrec.learn.channels.refind import RefindSettings, choose_refind, refind_channel
from kgrec.learn.fusion.refind_gate import refind_gate
from kgrec.learn.limits import LIMITS
from kgrec.progress import Progress
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel


@dataclass(frozen=True)
class Refinding:
    """What validation chose.

    Attributes:
        settings: of the channel; None where lists leave out whatever was met.
        gates: of all channels, with it where there is one.
        metrics: validation ndcg@10 of everybody, with what was met in lists and without.
        tried: number of settings.
    """

    settings: RefindSettings | None
    gates: Gates
    metrics: dict[str, float] = field(default_factory=dict)
    tried: int = 0


def taken_apart(before: Interactions, held_out: Interactions) -> bool:
    """Whether some kinds take an item and others only meet it, see :func:`kgrec.data.funnel.taking_kinds`."""
    return taking_kinds(before, held_out) < before.kinds_present | held_out.kinds_present


def never_met_before(train: Interactions, held_out: Interactions) -> Interactions:
    """The part of the training part from which channels learn to find what users had never met.

    That is all of it, but where next to nobody holds out such an item, as wherever purchases follow on views: then
    what users did with held-out items is taken away, so that they seem never met.
    """
    users = len(np.unique(without_pairs(held_out, train).user))
    if users >= LIMITS.never_met_users or not taken_apart(train, held_out):
        return train
    return without_pairs(train, held_out)


def choose_refinding(
    model: AdditiveModel, before: Interactions, held_out: Interactions, n_users: int, progress: Progress
) -> Refinding:
    """The settings under which most of validation is found beside the other channels.

    Args:
        model: of the other channels, with gates.
        before: all that users did before validation.
    """
    if not taken_apart(before, held_out):
        return Refinding(None, model.gates)
    takes = taking_kinds(before, held_out)
    wanted = sample_users(held_out.matrix(n_users, model.n_items), LIMITS.validation_users)
    settings, tried = choose_refind(before, wanted, takes, model.n_items, progress)
    channel = refind_channel(settings, before, n_users, model.n_items)
    gate = refind_gate(model, channel, before, of_kinds(before, takes), held_out, n_users)
    if gate is None:
        progress("items met before", 1, 1, "left out of lists: finding them again gains no more than chance")
        return Refinding(None, model.gates, tried=tried)
    metrics = {"all, with items met before": gate.ndcg, "all, without items met before": gate.ndcg_without}
    return Refinding(settings, model.gates.with_channel(gate.weights), metrics, tried + gate.tried)


def with_refinding(
    model: AdditiveModel, settings: RefindSettings | None, gates: Gates, interactions: Interactions, n_users: int
) -> AdditiveModel:
    """The model with the channel of these settings, learned from what users did; None is no such channel.

    Args:
        gates: of all channels, that one the last.
    """
    if settings is None:
        return replace(model, gates=gates)
    channel = refind_channel(settings, interactions, n_users, model.n_items)
    return replace(model, channels=(*model.channels, channel), gates=gates)
