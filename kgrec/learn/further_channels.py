"""Channels beside kgrec's own: those of plug-ins, and what people of other platforms take together."""

from __future__ import annotations

from kgrec.data.dataset import Dataset
from kgrec.learn.channels.behaviour_weights import BehaviourSettings
from kgrec.learn.channels.plugin_channels import plugin_channels
from kgrec.learn.federated.elsewhere import channel_of_sums
from kgrec.progress import Progress
from kgrec.scoring.model import Channel


def further_channels(dataset: Dataset, sums: str, settings: BehaviourSettings, progress: Progress) -> list[Channel]:
    """The channels, those of plug-ins first.

    Args:
        sums: file of sums that other platforms share; empty for none.

    Raises:
        ConfigError: a plug-in cannot be used.
        SourceError: the sums cannot.
    """
    of_plugins = plugin_channels(dataset, settings.history, progress)
    return [*of_plugins, *channel_of_sums(sums, dataset.items, settings.without_recency)]
