"""What changes while an application answers: its model, and the events that it answers with."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import State

from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.data.messages import EventStream
from kgrec.live.automatic_updates import Updates, update_command
from kgrec.live.event_log import EventLog
from kgrec.live.following import Follower
from kgrec.live.intake import Intake
from kgrec.live.swapping import ModelSwap
from kgrec.recommendation import Recommender

_log = logging.getLogger("kgrec.streams")
_log_of_updates = logging.getLogger("kgrec.updates")


@contextmanager
def living(
    app: FastAPI,
    bundle: str | Path,
    events: str | Path | None = None,
    streams: Sequence[EventStream] = (),
    *,
    store: str | None = None,
    update_every_s: float = 0.0,
    copied: ModelSwap | None = None,
) -> Iterator[None]:
    """While it is open, the application swaps in what is trained into ``bundle``, and takes in events.

    Args:
        bundle: where the application's recommender was opened from.
        events: file of the event log; None: no events are taken in.
        streams: are followed where there is a log, and closed at the end.
        store: URL of the graph, for updates.
        update_every_s: seconds between updates of the bundle, which drift makes as well; 0 for none.
        copied: what looks for another model in the process that this one is a copy of; None where this one does.

    Raises:
        EventLogError: the log cannot be opened.
    """
    state = app.state
    with ExitStack() as opened:
        intake: Intake | None = None

        def drop(users: Collection[str]) -> None:
            for user in users:
                state.cache.drop(user)

        if events is not None:
            log = opened.enter_context(EventLog(events))
            intake = opened.enter_context(
                Intake(log, lambda: state.recommender, lambda: state.recommender.writable_store())
            )
            state.recommender.answer_with(intake)
            state.intake = intake
            intake.start()
            state.followers = [Follower(stream, intake, _log.warning, drop) for stream in streams]
            for follower in state.followers:
                opened.callback(follower.close)
                follower.start()

        def switched(recommender: Recommender) -> None:
            state.recommender = recommender
            state.cache.clear()
            if intake is not None:
                intake.take_up()

        if copied is None:
            state.swap = ModelSwap(BundleVersions(bundle), state.recommender, switched)
            opened.callback(state.swap.close)
            state.swap.start()
        else:
            state.swap = copied.in_copy(state.recommender, switched)
        if update_every_s and store is not None:
            command = update_command(store, str(bundle))
            state.updates = Updates(command, update_every_s, lambda: _has_drifted(state), _log_of_updates.warning)
            opened.callback(state.updates.close)
            state.updates.start()
        yield


def _has_drifted(state: State) -> bool:
    return any(one.alarm for one in state.drift.figures(state.recommender.bundle).values())
