"""Models that make the lists of one platform of several: learned on it alone, with what others say beside.

    s(u, i) = s_alone(u, i) + SUM over other platforms p and channels c of  a[p] g_c / unit_c * SUM_j w(u, j) M_c[j, i]

``s_alone`` is all that is learned from one platform, as if there were no other; the sum reads what the user did on the
others, by the matrices that are learned from all. Where validation finds nothing in it, there is no such sum, and the
lists are those of the platform alone: pooling a large platform into another may help the one and hurt the other. Who
did nothing elsewhere loses nothing. Where the model of all platforms finds more of validation than all that, it makes
the lists (:mod:`kgrec.learn.platform_lists`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrec.config import TrainConfig, fixed_weights
from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.data.same_items import MAYBE_SHARE, MAYBE_USERS, met_elsewhere, taken_by_the_same
from kgrec.errors import ConfigError
from kgrec.learn.channels.path_features import common_unit
from kgrec.learn.fit_result import FitResult, PlatformFit
from kgrec.learn.fusion.other_platforms import OtherPlatforms, weights_of_others
from kgrec.learn.limits import LIMITS
from kgrec.learn.platform_lists import lists_of_both
from kgrec.progress import Progress
from kgrec.scoring.channel_names import FROM, REFIND
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel, Channel
from kgrec.scoring.trend import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

_SAMPLE = 500
"""Users who tell how far a channel's scores spread."""


def platforms_to_learn(dataset: Dataset, valid: Interactions, config: TrainConfig) -> list[str]:
    """The platforms whose lists get a model of their own: those with enough users of validation, if there are several.

    Raises:
        ConfigError: a weight that was fixed by hand is for a platform that there is not.
    """
    names = dataset.interactions.platforms
    for pair in fixed_weights(config.platform_weights):
        for name in pair:
            if name not in names:
                raise ConfigError(
                    "there is no such platform to weigh.",
                    where="setting platform_weights",
                    found=name,
                    expected=f"one of {', '.join(filter(None, names)) or 'several platforms'}",
                    next="correct the name",
                )
    if len(names) < 2 or config.platform_lists == "shared":
        return []
    users = {name: len(np.unique(valid.on_platform(name).user)) for name in names if name}
    return [name for name, n in users.items() if n >= LIMITS.platform_users]


def of_platform(dataset: Dataset, name: str) -> Dataset:
    """The data set with what was done on one platform, as if there were no other."""
    return replace(
        dataset, interactions=dataset.interactions.on_platform(name), against=dataset.against.on_platform(name)
    )


def chosen_platforms(
    dataset: Dataset,
    valid: Interactions,
    shared: AdditiveModel,
    config: TrainConfig,
    learn_alone: Callable[[str, Dataset, Interactions, Progress], FitResult],
    names: Sequence[str],
    progress: Progress,
) -> dict[str, PlatformFit]:
    """Each of some platforms learned by itself, how much the others count in its lists, and which model makes these.

    Args:
        dataset: with the training part.
        shared: learned from that, of all platforms.
        learn_alone: learns a platform by itself, by its name, its data set and its part of validation.
    """
    done, n_users = dataset.behaviour, len(dataset.users)
    maybe_same = taken_by_the_same(dataset.interactions, n_users, len(dataset.items), MAYBE_USERS, MAYBE_SHARE)
    # Who has a product already that another platform lists under another id says nothing of taste by taking it.
    telling = valid.select(~met_elsewhere(valid, done, maybe_same, n_users))
    found = {}
    for name, share in zip(names, progress.parts(*[1] * len(names)), strict=True):
        alone = learn_alone(name, of_platform(dataset, name), valid.on_platform(name), share)
        own = _reading(alone.model, name)
        sources = [source for source in dataset.interactions.platforms if source not in ("", name)]
        others = {source: _channels_from(shared, source, own, dataset) for source in sources}
        equal = _equal(own, next(iter(others.values()), ()))
        data = done, telling.on_platform(name), n_users, config.seed
        weights = weights_of_others(own, others, equal, *data)
        gates = _with_fixed(name, weights, equal, own, config)
        report = _report(alone, weights, gates, own)
        if config.platform_lists == "chosen" and name not in {of for of, _ in fixed_weights(config.platform_weights)}:
            with_others = joined(shared, own, dataset, gates)
            report["lists"] = lists_of_both(with_others, shared, dataset, telling.on_platform(name)).as_dict()
        found[name] = PlatformFit(alone, gates, report)
        share(f"lists of {name}", 1, 1, _in_words(found[name]))
    return found


def with_platforms(
    shared: AdditiveModel,
    dataset: Dataset,
    alone: Mapping[str, AdditiveModel],
    others: Mapping[str, Mapping[str, Array]],
) -> AdditiveModel:
    """The shared model with the models that make the lists of single platforms.

    Args:
        dataset: what all of them were learned from.
        alone: by platform, learned on it alone.
        others: by platform, how much the others count in its lists, as in :class:`PlatformFit`.
    """
    targets = {name: joined(shared, _reading(model, name), dataset, others[name]) for name, model in alone.items()}
    return replace(shared, targets=targets)


def others_of(fits: Mapping[str, PlatformFit]) -> dict[str, Mapping[str, Array]]:
    """How much other platforms count in the lists of each."""
    return {name: one.others for name, one in fits.items()}


def taken_apart(target: AdditiveModel, shared: AdditiveModel) -> tuple[AdditiveModel, dict[str, Array]]:
    """What was learned on a platform alone, and how much the others count beside it: what :func:`joined` put together.

    Args:
        target: makes the lists of the platform.
        shared: has the channels that read the others.
    """
    table, cold = target.gates.by_history, target.gates.cold
    here = [n for n, channel in enumerate(target.channels) if channel.history.platform == target.platform]
    gates = Gates(
        replace(table, channels=table.channels[..., here]),
        replace(cold, channels=cold.channels[here], min_spread=cold.min_spread[here]),
    )
    read = dict.fromkeys(channel.history.platform for channel in target.channels)
    weights = dict(zip((channel.name for channel in target.channels), _mean_gates(target), strict=True))
    leaders = [channel.name for channel in _that_read_others(shared) if not channel.beside]
    others = {source: np.array([weights.get(f"{name}{FROM}{source}", 0.0) for name in leaders]) for source in read}
    others.pop(target.platform, None)
    return replace(target, channels=tuple(target.channels[n] for n in here), gates=gates), others


def joined(shared: AdditiveModel, own: AdditiveModel, dataset: Dataset, others: Mapping[str, Array]) -> AdditiveModel:
    """The model of a platform with the channels that read others and are open there."""
    channels, gates = list(own.channels), [own.gates.by_history.channels]
    for source, of_groups in others.items():
        if not of_groups.any():
            continue
        added = _channels_from(shared, source, own, dataset)
        leaders = [channel.name for channel in added if not channel.beside]
        weights = [of_groups[leaders.index(channel.beside or channel.name)] for channel in added]
        kept = [n for n, weight in enumerate(weights) if weight]
        channels += [added[n] for n in kept]
        gates.append(np.broadcast_to(np.array(weights)[kept], (*gates[0].shape[:2], len(kept))))
    table = replace(own.gates.by_history, channels=np.concatenate(gates, axis=2))
    more = len(channels) - len(own.channels)
    cold = own.gates.cold
    cold = replace(
        cold,
        channels=np.r_[cold.channels, np.zeros(more)],
        min_spread=np.r_[cold.min_spread, np.full(more, 0.5)],
    )
    return replace(own, channels=tuple(channels), gates=Gates(table, cold))


def with_equal_weights(shared: AdditiveModel, alone: AdditiveModel, dataset: Dataset, name: str) -> AdditiveModel:
    """The model of a platform where every other one weighs as it does itself: what learned weights are set against."""
    own = _reading(alone, name)
    sources = [source for source in dataset.interactions.platforms if source not in ("", name)]
    return joined(
        shared,
        own,
        dataset,
        {source: _equal(own, _channels_from(shared, source, own, dataset)) for source in sources},
    )


def _reading(model: AdditiveModel, name: str) -> AdditiveModel:
    """A model that was learned on one platform, so that it reads nothing but what was done there."""
    channels = tuple(replace(one, history=replace(one.history, platform=name)) for one in model.channels)
    return replace(model, channels=channels, platform=name)


def _channels_from(shared: AdditiveModel, source: str, own: AdditiveModel, dataset: Dataset) -> list[Channel]:
    """The channels of the shared model, reading another platform, in a unit that is the same for all users."""
    known, found = np.flatnonzero(~own.is_cold), []
    there = dataset.interactions.on_platform(source)
    users = np.unique(there.user)[:_SAMPLE]
    few = there.select(np.isin(there.user, users))
    few = replace(few, user=np.searchsorted(users, few.user))
    for channel in _that_read_others(shared):
        history = replace(channel.history, platform=source, platforms={})
        unit = channel.unit or _unit(channel, history.matrix(few, len(users), own.n_items), known)
        beside = f"{channel.beside}{FROM}{source}" if channel.beside else ""
        found.append(Channel(f"{channel.name}{FROM}{source}", channel.matrix, history, unit, beside))
    return found


def _that_read_others(shared: AdditiveModel) -> list[Channel]:
    """The channels of a model that can say something of what was done on other platforms."""
    return [channel for channel in shared.channels if not channel.history.against and channel.name != REFIND]


def _unit(channel: Channel, history: Any, known: IntArray) -> float:
    return common_unit(channel.matrix.scores(history.astype(np.float32))[:, known], history)


def _equal(own: AdditiveModel, others: Sequence[Channel]) -> Array:
    """The weight that each group of channels has on the platform itself; of one that it has not, the mean of all."""
    of_own = {channel.name: float(gate) for channel, gate in zip(own.channels, _mean_gates(own), strict=True)}
    leaders = [channel.name.partition(FROM)[0] for channel in others if not channel.beside]
    return np.array([of_own.get(name, float(np.mean(list(of_own.values())))) for name in leaders])


def _mean_gates(own: AdditiveModel) -> Array:
    table = own.gates.by_history.channels
    mean: Array = table.reshape(-1, table.shape[-1]).mean(axis=0)
    return mean


def _own_weight(own: AdditiveModel) -> float:
    """The sum of the weights of a platform's own channels, which is 1 in reports and settings."""
    gates = _mean_gates(own)
    return float(sum(gates[group[0]] for group in own.groups)) or 1.0


def _with_fixed(
    name: str, weights: OtherPlatforms, equal: Array, own: AdditiveModel, config: TrainConfig
) -> dict[str, Array]:
    """The weights that validation chose, those that were fixed by hand in the place of its."""
    fixed, gates, whole = fixed_weights(config.platform_weights), dict(weights.gates), _own_weight(own)
    for source, of_groups in gates.items():
        if (name, source) in fixed:
            shape = of_groups if of_groups.any() else equal
            gates[source] = shape * (fixed[name, source] * whole / shape.sum())
    return gates


def _in_words(found: PlatformFit) -> str:
    """What became of a platform, for progress."""
    report = found.report
    if found.are_shared:
        of_both = report["lists"]["ndcg@10"]
        return f"ndcg@10 {of_both['own']:.4f} by a model of its own, {of_both['shared']:.4f} by that of all platforms"
    said = ", ".join(f"{source} {weight:g}" for source, weight in report["weights"].items())
    return f"ndcg@10 {report['ndcg@10']:.4f}, beside 1 of its own: {said}"


def _report(
    alone: FitResult, weights: OtherPlatforms, gates: Mapping[str, Array], own: AdditiveModel
) -> dict[str, Any]:
    """What validation said of a platform, and what became of it."""
    whole = _own_weight(own)
    return {
        "weights": {source: float(of_groups.sum()) / whole for source, of_groups in gates.items()},
        "trend_half_life_days": alone.chosen.half_life / DAY_S,
        "users": weights.users,
        "ndcg@10, alone": weights.ndcg_alone,
        "ndcg@10": weights.ndcg,
        "ndcg@10, equal weights": weights.ndcg_equal,
    }
