"""Every protocol by name: what it measures, and where it is. A protocol is imported when it is run, not before."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from kgrec.errors import ConfigError

if TYPE_CHECKING:
    from kgrec.config import TrainConfig
    from kgrec.progress import Progress
    from kgrec_benchmarks.folder_dataset import PublishedSet
    from kgrec_benchmarks.runs.result import Result
    from kgrec_benchmarks.runs.run_cache import RunCache


class BenchmarkProtocol(Protocol):
    """A way to measure systems on a published data set; a frozen dataclass whose fields are its options."""

    def packages(self) -> set[str]:
        """Packages beyond kgrec's own whose version can change the result."""

    def run(self, dataset: PublishedSet, config: TrainConfig, kept: RunCache, progress: Progress) -> Result:
        """What was measured: rows, settings, sizes and seed, and whatever else the protocol looks at.

        Args:
            config: settings of kgrec; its seed is the first.
            kept: outcomes that an earlier, stopped run left behind; the protocol adds its own.
        """


@dataclass(frozen=True)
class ListedProtocol:
    """A protocol that is not imported yet.

    Attributes:
        summary: what it measures, in a few words.
        module, name: where its class is.
        labels: whether it takes sets with click labels: True for these only, False for others only, None for both.
    """

    summary: str
    module: str
    name: str
    labels: bool | None = None

    def load(self) -> BenchmarkProtocol:
        """The protocol with its usual options."""
        protocol: BenchmarkProtocol = getattr(import_module(f"kgrec_benchmarks.protocols.{self.module}"), self.name)()
        return protocol


PROTOCOLS = {
    "split": ListedProtocol("lists on the authors' split", "split", "PublishedSplit", labels=False),
    "split-cut": ListedProtocol(
        "lists of what train has last, from what was done before it",
        "split",
        "SplitCutAtLast",
        labels=False,
    ),
    "clicks": ListedProtocol("labelled pairs, clicked or not", "clicks", "ClickPrediction", labels=True),
    "cold-items": ListedProtocol("a tenth of the items hidden from training", "cold_start", "ColdItems"),
    "cold-users": ListedProtocol("a tenth of the users hidden from training", "cold_start", "ColdUsers"),
    "explanations": ListedProtocol(
        "what carries the scores of top lists, and which paths do",
        "explanations",
        "Explanations",
        labels=False,
    ),
    "platforms": ListedProtocol(
        "lists of each platform, learned from all platforms and from it alone",
        "platform_gain",
        "Platforms",
        labels=False,
    ),
    "links": ListedProtocol(
        "lists of each platform, by how many accounts are known to be one person's",
        "linked_accounts",
        "AccountLinks",
        labels=False,
    ),
    "completion": ListedProtocol(
        "hidden facts found again, and what paths gain by them",
        "completion",
        "GraphCompletion",
        labels=False,
    ),
    "updates": ListedProtocol(
        "a bundle brought up to date, beside one trained anew",
        "updates",
        "Updates",
        labels=False,
    ),
    "federated": ListedProtocol(
        "platforms that share sums instead of rows, with noise and without",
        "federated",
        "FederatedSums",
        labels=False,
    ),
    "facts": ListedProtocol("a tenth of the graph's facts held out", "facts", "HeldOutFacts"),
}


def protocol_for(name: str | None, labelled: bool) -> str:
    """The name of the protocol to run: the given one, else ``clicks`` for click labels and ``split`` for all others.

    Args:
        labelled: whether the ratings of the data set are click labels.

    Raises:
        ConfigError: there is no such protocol, or it cannot measure such data.
    """
    if name is None:
        return "clicks" if labelled else "split"
    if name not in PROTOCOLS:
        raise ConfigError(
            "there is no such protocol.",
            where="protocol",
            found=name,
            expected=", ".join(PROTOCOLS),
            next="choose one of them",
        )
    if PROTOCOLS[name].labels not in (None, labelled):
        raise ConfigError(
            f"the protocol {name} cannot measure this data set.",
            where="protocol",
            found="ratings that are all 0 or 1" if labelled else "ratings that are no click labels",
            expected=f"{protocol_for(None, labelled)}, or one of {', '.join(_for_all())}",
            next="leave the protocol out for the usual one",
        )
    return name


def _for_all() -> list[str]:
    return [name for name, listed in PROTOCOLS.items() if listed.labels is None]
