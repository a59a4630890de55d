"""Following streams from the terminal: their events go into an event log and on into a graph, until it is stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

from kgrec.cli import output
from kgrec.data.messages import EventStream
from kgrec.graph.schemes import open_store
from kgrec.live.entrance import Entrance
from kgrec.live.event_log import EventLog
from kgrec.live.event_reading import EventReader
from kgrec.live.event_vocabulary import EventVocabulary
from kgrec.live.following import Follower
from kgrec.plain_text import visible

_SAY_EVERY_S = 10.0
_LOOK_EVERY_S = 0.5


def follow_until_stopped(
    streams: Sequence[EventStream], store: str, events: str, *, quiet: bool = False
) -> dict[str, Any]:
    """What became of the events of some streams until SIGINT or SIGTERM came: counts, and how each stream stands.

    Args:
        streams: each once.
        store: URL of a graph that is there.
        events: file of the event log.
        quiet: say no progress on stderr.

    Raises:
        EventLogError: the log cannot be used, or another process takes in events with it.
        GraphError: the graph is empty, cannot be opened or is held by another process.
    """
    with _stopped_by_signals() as stop, ExitStack() as opened:
        log = opened.enter_context(EventLog(events))
        graph = opened.enter_context(open_store(store, create=False))
        reader = EventReader(EventVocabulary.of_graph(graph))
        entrance = opened.enter_context(Entrance(log, lambda: reader, lambda: graph))
        entrance.start()
        followers = [Follower(stream, entrance, lambda text: output.note(visible(text))) for stream in streams]
        for follower in followers:
            opened.callback(follower.close)
            follower.start()
        for name in () if quiet else (follower.name for follower in followers):
            output.note(f"kgrec follows {visible(name)}; ctrl-c ends it")
        progress = _Progress(entrance, followers)
        while not stop.asked:
            time.sleep(_LOOK_EVERY_S)
            for follower in followers:
                if follower.fault is not None:
                    raise follower.fault
            if not quiet:
                progress.say()
        for follower in followers:
            follower.close()
        entrance.close()
        return asdict(entrance.counts()) | {"streams": [asdict(follower.figures()) for follower in followers]}


class _Progress:
    """Says every few seconds what came, where something came."""

    def __init__(self, entrance: Entrance, followers: Sequence[Follower]) -> None:
        self._entrance, self._followers = entrance, followers
        self._at, self._said = time.monotonic(), 0

    def say(self) -> None:
        passed = time.monotonic() - self._at
        if passed < _SAY_EVERY_S:
            return
        self._at += passed
        counts = self._entrance.counts()
        given = counts.accepted + counts.repeated + counts.set_aside + counts.refused
        if given == self._said:
            return
        rate, self._said = (given - self._said) / passed, given
        streams = [follower.figures() for follower in self._followers]
        parts = [f"{counts.accepted:,} events", f"{rate:,.0f}/s"]
        parts.append(f"the newest {min(one.age_s for one in streams):,.0f} s old")
        late = max((one.behind_s for one in streams if one.behind_s is not None), default=0.0)
        parts += [f"{late:,.0f} s behind"] if late >= 1 else []
        parts += [f"{counts.repeated:,} sent again"] if counts.repeated else []
        aside = dict(counts.aside)
        for one in streams:
            aside |= {reason: aside.get(reason, 0) + count for reason, count in one.unread.items()}
        why = ", ".join(f"{count:,} {reason}" for reason, count in sorted(aside.items()))
        parts += [f"{sum(aside.values()):,} set aside ({visible(why)})"] if aside else []
        parts += [f"the graph does not take them: {visible(counts.failure)}"] if counts.failure else []
        output.note("; ".join(parts))


@dataclass
class _Stop:
    """Whether a signal asked for the end."""

    asked: bool = False  # no event of threading: its lock may be held by whoever is interrupted


@contextmanager
def _stopped_by_signals() -> Iterator[_Stop]:
    """Asked for by the first SIGINT or SIGTERM, so that what is open is closed in its order; a second ends at once."""
    stop = _Stop()

    def signalled(number: int, frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    before = {number: signal.signal(number, signalled) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
