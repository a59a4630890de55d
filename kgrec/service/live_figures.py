"""Figures of what changes while answers are given: events, models, kept answers, drift."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from kgrec.live.automatic_updates import Updates
from kgrec.live.entrance import EventCounts
from kgrec.live.following import Follower, StreamFigures
from kgrec.live.intake import Intake
from kgrec.live.swapping import ModelSwap
from kgrec.recommendation import Recommender
from kgrec.service.answer_cache import CacheFigures


class LiveFigures(Collector):
    """Events, models and kept answers of an application.

    Args:
        state: of the application; what it does not have has no figures.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on what the application has by then."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        intake: Intake | None = getattr(self._state, "intake", None)
        if intake is not None:
            yield from _of_events(intake.counts())
        followers: Sequence[Follower] = getattr(self._state, "followers", ())
        if followers:
            yield from _of_streams([follower.figures() for follower in followers])
        yield from _of_cache(self._state.cache.figures())
        recommender: Recommender = self._state.recommender
        yield _gauge("kgrec_model", "1 for the model that answers.", {recommender.bundle.version: 1}, "version")
        drift = {name: one.psi for name, one in self._state.drift.figures(recommender.bundle).items()}
        text = "Population stability index of the last answers against training, where there are enough of them."
        yield _gauge("kgrec_drift", text, {name: psi for name, psi in drift.items() if psi is not None}, "of")
        swap: ModelSwap | None = getattr(self._state, "swap", None)
        if swap is not None:
            yield from _of_models(swap)
        updates: Updates | None = getattr(self._state, "updates", None)
        if updates is not None:
            text = "Updates of the model since the start, by how they ended."
            yield _counter("kgrec_updates", text, updates.figures().outcomes, "outcome")


def _of_events(counts: EventCounts) -> Iterator[Metric]:
    given = {
        "accepted": counts.accepted,
        "repeated": counts.repeated,
        "set aside": counts.set_aside,
        "refused": counts.refused,
    }
    yield _counter("kgrec_events", "Events given since the start, by what became of them.", given, "outcome")
    yield _gauge("kgrec_events_aside", "Events of the log that nobody can use yet, by reason.", counts.aside, "reason")
    yield GaugeMetricFamily("kgrec_events_waiting", "Events that are not written down yet.", counts.waiting)
    yield GaugeMetricFamily("kgrec_events_last_offset", "Offset of the last event of the log.", counts.last_offset)
    yield GaugeMetricFamily("kgrec_events_applied_offset", "The graph holds events up to it.", counts.applied_offset)
    text = "Seconds since the oldest event that the graph does not hold arrived, 0 where it holds all."
    yield GaugeMetricFamily("kgrec_events_behind_seconds", text, counts.behind_s or 0.0)
    yield CounterMetricFamily("kgrec_events_dangling", "Events whose item the graph does not have.", counts.dangling)
    text = "1 where events cannot go into the graph now."
    yield GaugeMetricFamily("kgrec_events_failing", text, float(counts.failure is not None))


def _of_streams(streams: Sequence[StreamFigures]) -> Iterator[Metric]:
    taken = CounterMetricFamily("kgrec_stream_messages", "Messages taken in, whoever used the log.", labels=["stream"])
    unread = CounterMetricFamily(
        "kgrec_stream_unread", "Messages that are no events, by reason.", labels=["stream", "reason"]
    )
    missed = CounterMetricFamily("kgrec_stream_missed", "Messages gone before they were read.", labels=["stream"])
    age = GaugeMetricFamily(
        "kgrec_stream_age_seconds",
        "Seconds since the last message, of all platforms and of each that was heard of.",
        labels=["stream", "platform"],
    )
    behind = GaugeMetricFamily(
        "kgrec_stream_behind_seconds", "Seconds that the last message was on its way.", labels=["stream"]
    )
    failing = GaugeMetricFamily("kgrec_stream_failing", "1 where it cannot be followed now.", labels=["stream"])
    for one in streams:
        taken.add_metric([one.name], one.messages)
        for reason, count in one.unread.items():
            unread.add_metric([one.name, reason], count)
        missed.add_metric([one.name], one.missed)
        for platform, seconds in {"": one.age_s, **one.platform_age_s}.items():
            age.add_metric([one.name, platform], seconds)
        if one.behind_s is not None:
            behind.add_metric([one.name], one.behind_s)
        failing.add_metric([one.name], float(one.failure is not None))
    yield from (taken, unread, missed, age, behind, failing)


def _of_cache(cache: CacheFigures) -> Iterator[Metric]:
    asked = {"hit": cache.hits, "miss": cache.misses, "passed": cache.passed}
    yield _counter(
        "kgrec_cache_answers", "Questions by whether their answers were kept, were not, or never are.", asked, "outcome"
    )
    yield CounterMetricFamily("kgrec_cache_dropped", "Answers dropped by events, swaps and forgetting.", cache.dropped)
    yield GaugeMetricFamily("kgrec_cache_kept", "Answers that are kept.", cache.answers)
    yield GaugeMetricFamily("kgrec_cache_bytes", "What they take.", cache.bytes)


def _of_models(swap: ModelSwap) -> Iterator[Metric]:
    swap.hear()
    yield GaugeMetricFamily("kgrec_model_since_seconds", "Unix time since which it answers.", swap.since)
    acts = {"tried": swap.tried, "refused": swap.refused, "swapped": swap.swaps, "back": swap.backs}
    yield _counter("kgrec_model_changes", "Models tried, refused, swapped in and gone back to.", acts, "outcome")


def _counter(name: str, text: str, values: Mapping[str, int], label: str) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, text: str, values: Mapping[str, float], label: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
