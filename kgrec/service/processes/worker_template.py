"""What workers are copies of: a bundle that has answered, and the application that answers from it."""

from __future__ import annotations

import faulthandler
from contextlib import ExitStack
from pathlib import Path

from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.live.swapping import ModelSwap
from kgrec.recommendation import Recommender
from kgrec.service.api_keys import RateLimits
from kgrec.service.app import service
from kgrec.service.listening import Listening
from kgrec.service.living import living
from kgrec.service.processes.forking import Turns, native_threads, no_more_threads_than, no_thread_left, told_to_end
from kgrec.service.processes.serving_settings import ServingSettings
from kgrec.service.processes.warming import warm
from kgrec.service.processes.worker_figures import WorkerFigures
from kgrec.service.processes.workers import Answers

_ENDS_WITHIN_S = 25.0
"""Seconds after which a worker that was told to end and has not says where its threads stand, and ends."""


def _told_to_end(within_s: float) -> bool:
    told = told_to_end(within_s)
    if told:
        faulthandler.dump_traceback_later(_ENDS_WITHIN_S, exit=True)
    return told


class WorkerTemplate:
    """Opens and uses what workers have in common, and keeps it up to date; answers nobody itself.

    Args:
        served: what is answered from.
        folder: by which workers tell each other figures, and are told of models; nobody else may look into it.

    Raises:
        KgrecError: what is answered from cannot be opened.
    """

    def __init__(self, served: ServingSettings, folder: Path) -> None:
        versions, threads = BundleVersions(served.bundle), native_threads()
        self._served = served
        self._folder = folder
        self._state = served.state or versions.made_folder()
        with no_thread_left():
            self._opened = Recommender.open(served.bundle, served.store, loaded=versions.to_open(), state=self._state)
        store = self._opened.store
        # A graph in memory is there for copies of the process, too, unless it works by threads of its own.
        self._has_graph = store is not None and store.facts_stay and no_more_threads_than(threads)
        if not self._has_graph:
            self._opened.close()
        # Nothing is looked up in it here: what that began, a copy might not go on with.
        without_graph = Recommender.open(served.bundle, loaded=self._opened.bundle, state=self._state)
        self._swap = ModelSwap(versions, without_graph, told=folder / "told.json")
        with no_thread_left():
            self._swap.look()  # it answers from files of its own
            warm(self._swap.recommender)
        self._copied = self._swap.version
        self._app = service(
            self._swap.recommender,
            ring=served.ring,
            hosts=served.hosts,
            cache_bytes=served.cache_bytes,
            rates=RateLimits(served.ring.keys, Turns()),
        )
        self._app.middleware_stack = self._app.build_middleware_stack()

    def answer(self, number: int, listening: Listening, answers: Answers) -> None:
        """Answer, in a copy of this process, until a signal raises; says why without the graph, None where with it."""
        app = self._app
        with ExitStack() as held:
            recommender = self._recommender()
            held.callback(recommender.close)
            app.state.recommender = recommender
            app.state.measured.begin()
            figures = WorkerFigures(self._folder / "figures", number, app.state.measured.figures)
            app.state.workers = held.enter_context(figures)
            held.enter_context(living(app, self._served.bundle, copied=self._swap))
            # Only now: while it opens what it needs, another one may still answer at the same socket.
            listening.answer_with(app)
            held.enter_context(listening)
            answers(recommender.degraded)
            listening.until_stopped(_told_to_end)

    def changed(self) -> bool:
        """Whether there is another model since this was asked last."""
        with no_thread_left():
            self._swap.look()
            self._swap.tell()
            if self._swap.version == self._copied:
                return False
            self._app.state.recommender = self._swap.recommender
            warm(self._swap.recommender)
        self._copied = self._swap.version
        return True

    def _recommender(self) -> Recommender:
        """Answers with the graph: the one of all copies, or one that is opened here."""
        bundle = self._swap.recommender.bundle
        if self._has_graph:
            return self._opened.renewed(bundle)
        return Recommender.open(self._served.bundle, self._served.store, loaded=bundle, state=self._state)
