"""What learning returns: the model, the settings that were chosen, and how both came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kgrec.data.dataset import Array
from kgrec.learn.channels.behaviour_weights import BehaviourSettings
from kgrec.learn.channels.refind import RefindSettings
from kgrec.learn.neural.epoch_loop import Epoch
from kgrec.learn.neural.model import Embeddings
from kgrec.scoring.context_bias import ContextSettings
from kgrec.scoring.gates import Gates
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.trend import DAY_S


@dataclass(frozen=True)
class ChosenSettings:
    """Settings that validation chose; enough to learn again without it.

    Attributes:
        behaviour: of the channels in closed form.
        num_layers: depth of the GNN.
        epochs: of its training.
        next_item_epochs: of the training of next-item factors; 0 for no such channel.
        next_items: why there is no such channel, in words; empty where there is.
        gates: weights of the channels.
        cold_items: what the setting ``cold_item_cost`` did, in words.
        text_weights: of the text encoders, in the order of the setting; none without texts.
        half_life: of the trend, seconds; 0 where it does not help, or times are unknown.
        refind: of the channel in which items that were met speak for themselves; None where there is none.
        contexts: of the circumstances that make a difference.
        platforms: by platform with enough of validation, how much the others count in its lists, and which model makes
            them, as plain data.
        alone: by platform whose lists have a model of their own, the settings of what is learned on it alone.
    """

    behaviour: BehaviourSettings
    num_layers: int
    epochs: int
    gates: Gates
    cold_items: str = ""
    next_item_epochs: int = 0
    next_items: str = ""
    text_weights: tuple[float, ...] = ()
    half_life: float = 0.0
    refind: RefindSettings | None = None
    platforms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    contexts: tuple[ContextSettings, ...] = ()
    alone: Mapping[str, ChosenSettings] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for manifests and results."""
        return {
            "behaviour": self.behaviour.as_dict(),
            "num_layers": self.num_layers,
            "epochs": self.epochs,
            "gates": self.gates.as_dict(),
            "cold_items": self.cold_items,
            "next_item_epochs": self.next_item_epochs,
            "next_items": self.next_items,
            "text_weights": list(self.text_weights),
            "trend_half_life_days": self.half_life / DAY_S,
            **({} if self.refind is None else {"refind": self.refind.as_dict()}),
            **({"contexts": [one.as_dict() for one in self.contexts]} if self.contexts else {}),
            **({"platforms": {name: dict(of) for name, of in self.platforms.items()}} if self.platforms else {}),
            **({"alone": {name: of._without_gates() for name, of in self.alone.items()}} if self.alone else {}),
        }

    def _without_gates(self) -> dict[str, Any]:
        """The plain data of what is learned on a platform alone, whose gates are in the model of its lists."""
        return {name: of for name, of in self.as_dict().items() if name != "gates"}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any], model: AdditiveModel) -> ChosenSettings:
        """The settings again from their :meth:`as_dict`, with the gates of the model that was learned with them.

        Raises:
            KeyError, TypeError, ValueError: they are of another version.
        """
        read: dict[str, Any] = {
            **settings,
            "behaviour": BehaviourSettings.from_dict(settings["behaviour"]),
            "gates": model.gates,
            "text_weights": tuple(settings["text_weights"]),
            "half_life": float(settings["trend_half_life_days"]) * DAY_S,
        }
        if "refind" in settings:
            read["refind"] = RefindSettings.from_dict(settings["refind"])
        if "contexts" in settings:
            read["contexts"] = tuple(ContextSettings(**one) for one in settings["contexts"])
        if "alone" in settings:
            read["alone"] = {name: cls.from_dict(of, model.targets[name]) for name, of in settings["alone"].items()}
        del read["trend_half_life_days"]
        return cls(**read)


@dataclass(frozen=True)
class PlatformFit:
    """What one platform of several has for its lists.

    Attributes:
        alone: learned from what was done there alone.
        others: by other platform, the weight of each group of channels that reads it; empty where it is closed.
        report: what validation said, as plain data.
    """

    alone: FitResult
    others: Mapping[str, Array]
    report: Mapping[str, Any]

    @property
    def are_shared(self) -> bool:
        """Whether the model of all platforms makes the lists instead."""
        return bool(self.report.get("lists", {}).get("chosen") == "shared")


@dataclass(frozen=True)
class FitResult:
    """A fitted model and how it came about.

    Attributes:
        model: ready to score.
        embeddings: of the learned part.
        chosen: the settings that validation chose.
        metrics: validation ndcg@10 of each channel alone, of the prior, of an open trend, and fused.
        log: the epochs of the run on the training part.
        trials: number of settings tried on validation: of the behaviour channel, depths, and mixtures of the gate
            search as :class:`~kgrec.learn.fusion.gate_search.GateFitter` counts them. Settings of cold items are tried
            on a simulation and do not count.
        reasons: how much flows through paths, see :attr:`kgrec.learn.fusion.gate_search.GateFitter.reasons`.
        train_only: the model that was chosen, learned without the validation part; None where ``model`` is that model.
        platforms: by platform, what makes its lists, where these are not those of ``model``; the models themselves are
            its targets.
    """

    model: AdditiveModel
    embeddings: Embeddings
    chosen: ChosenSettings
    metrics: dict[str, float]
    log: list[Epoch]
    trials: int
    train_only: AdditiveModel | None = None
    reasons: dict[str, float] = field(default_factory=dict)
    platforms: Mapping[str, PlatformFit] = field(default_factory=dict)
