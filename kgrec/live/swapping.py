"""Swapping models: a new bundle is tried beside the old one, which answers until the new one has proved itself.

Whoever answers takes the recommender once, so that no answer mixes two. The old one is gone when the last answer that
began with it is given: its arrays are mapped, so that both together cost little more than one.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.errors import BundleError, KgrecError, SchemaMismatchError
from kgrec.recommendation import Recommender

LOOK_EVERY_S = 2.0
_TRIED_USERS, _TRIED_ITEMS = 3, 100
_TOLERANCE = 1e-3


class ModelSwap:
    """Keeps a recommender on the live version of a bundle.

    A bundle that is trained into its path is noticed, tried and made the live version. One that is named, here or by
    ``kgrec model use``, is tried as well. What fails is refused, and the old one answers on.

    Args:
        versions: of the bundle; the live one answers, where there is one.
        recommender: answers until then.
        switched: called with each new recommender; from then on it has to answer.
        told: file by which copies of this process are told what became of models; None where there are no copies.

    Attributes:
        recommender: answers now.
        version: its id; None where it is no version, such as a bundle of plain arrays in memory.
        refusal: why the last bundle that was tried was refused, None where it was not.
        tried, refused, swaps, backs: how many were tried, were refused, answered from then on, and were gone back to.
        since: unix seconds since which this one answers.
    """

    def __init__(
        self,
        versions: BundleVersions,
        recommender: Recommender,
        switched: Callable[[Recommender], None] = lambda recommender: None,
        told: Path | None = None,
    ) -> None:
        self.versions = versions
        self.recommender = recommender
        loaded = recommender.bundle.version
        self.version = loaded if versions.has(loaded) else None
        self.refusal: str | None = None
        self.tried = self.refused = self.swaps = self.backs = 0
        self.since = time.time()
        self._switched = switched
        self._told = told
        self._last_told: dict[str, Any] = {}
        self._looked_at: object = None
        self._refused: str | None = None
        self._one_at_a_time = threading.RLock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kgrec swaps models", daemon=True)

    def in_copy(self, recommender: Recommender, switched: Callable[[Recommender], None]) -> ModelSwap:
        """The same for a process that was forked from this one: it does not look, and changes the model if asked to.

        Where this one has another model, the other has to be replaced by another copy.
        """
        other = ModelSwap(self.versions, recommender, switched, self._told)
        other.version, other.since, other.swaps, other.backs = self.version, self.since, self.swaps, self.backs
        other.hear()
        return other

    def tell(self) -> None:
        """Write down for copies how many models were tried and refused, and why the last one was."""
        assert self._told is not None
        now = {"refusal": self.refusal, "tried": self.tried, "refused": self.refused}
        if now != self._last_told:
            fresh = self._told.with_suffix(".new")
            with suppress(OSError):  # a disk that is full: it is tried again
                self._told.parent.mkdir(mode=0o700, exist_ok=True)
                fresh.write_text(json.dumps(now), encoding="utf-8")
                fresh.replace(self._told)
                self._last_told = now

    def hear(self) -> None:
        """Take over what was written down since in the process that this one is a copy of; of no copy nothing."""
        with suppress(OSError):
            now = json.loads(self._told.read_text(encoding="utf-8")) if self._told is not None else {}
            if now != self._last_told:
                vars(self).update(now)
                self._last_told = now

    def start(self) -> None:
        """Look at once, then every few seconds; nobody waits for it."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; a large bundle that is being copied is left for the next start. It can be called twice."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> bool:
        """Whether another model answers now, because one was trained or named; a refusal is kept, not raised."""
        with self._one_at_a_time:
            there = self.versions.signature()
            try:
                present, live = self.versions.present(), self.versions.live
                if present is not None and there != self._looked_at and not self.versions.has(present):
                    return self.use(self.versions.take_in(self._closed.is_set))
                if live is not None and live not in (self.version, self._refused):
                    self._refused = live
                    return self._swap(live)
            except (KgrecError, OSError) as error:  # a disk that is full or read-only
                self.refusal = str(error)
            finally:
                self._looked_at = there
            return False

    def use(self, version: str) -> bool:
        """Whether another model answers now: the version of this id, which is the live one from now on.

        Raises:
            BundleError: there is none, it is damaged, or its answers are none.
            SchemaMismatchError: it was learned from another graph.
        """
        with self._one_at_a_time:
            swapped = self._swap(version)
            self.versions.use(version)
            return swapped

    def back(self) -> bool:
        """Whether another model answers now: the version before this one.

        Raises:
            BundleError, SchemaMismatchError: as in :meth:`use`; or there is none.
        """
        with self._one_at_a_time:
            before = self.versions.before
            swapped = before is not None and self._swap(before)  # before the pointer moves
            self.versions.back()
            self.backs += swapped
            return swapped

    def _swap(self, version: str) -> bool:
        if version == self.version:
            return False
        recommender, loaded = self._tried(version), self.recommender.bundle.version
        self.recommender, self.version, self.refusal, self.since = recommender, version, None, time.time()
        self._switched(recommender)
        self.swaps += loaded != version  # at the first start the same model answers from files of its own
        return True

    def _tried(self, version: str) -> Recommender:
        self.tried += 1
        try:
            bundle = Bundle.load(self.versions.folder_of(version))
            check_same_graph(self.recommender.bundle, bundle)
            recommender = self.recommender.renewed(bundle)
            check_answers(recommender)
        except KgrecError as error:
            self.refused += 1
            self.refusal = str(error)
            raise
        return recommender

    def _run(self) -> None:
        while True:
            # Who tries a version by its name may take long: the end does not wait for that.
            if self._one_at_a_time.acquire(blocking=False):
                try:
                    self.look()
                finally:
                    self._one_at_a_time.release()
            if self._closed.wait(LOOK_EVERY_S):
                return


def check_same_graph(old: Bundle, new: Bundle) -> None:
    """Make sure that a bundle was learned from the graph of another, whose users it is to answer.

    Raises:
        SchemaMismatchError: it was not.
    """
    graphs = [(one.manifest.graph_id, one.manifest.schema and one.manifest.schema.fingerprint()) for one in (old, new)]
    if graphs[0] != graphs[1]:
        (expected, shape), (found, other_shape) = graphs
        raise SchemaMismatchError(
            "the new bundle was learned from another graph.",
            found=f"graph {found}, shape {other_shape}",
            expected=f"graph {expected}, shape {shape}",
            next="start another service for it",
        )


def check_answers(recommender: Recommender) -> None:
    """Make sure that a model answers: a list for nobody in particular and for some users, with scores that add up.

    Raises:
        BundleError: it does not.
    """
    bundle = recommender.bundle
    histories = [[], [bundle.items[0]], *_some_histories(bundle)] if len(bundle.items) else []
    try:
        if not histories:
            raise ValueError("it has no items")
        for history in histories:
            scores = recommender.score(history=history, items=list(islice(bundle.items, _TRIED_ITEMS)))
            if not all(map(math.isfinite, scores)):
                raise ValueError("a score is no finite number")
            best = recommender.recommend(history=history, k=3)
            if not best and len(history) < len(bundle.items):
                raise ValueError("a list is empty")
            if best:
                explanation = recommender.explain(history=history, item=best[0].item, counterfactuals=False)
                whole = explanation.constant + sum(reason.value for reason in explanation.reasons)
                if not math.isclose(best[0].score, whole, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
                    raise ValueError(f"the reasons of a score of {best[0].score} add up to {whole}")
    except (KgrecError, ValueError, ArithmeticError, LookupError, TypeError) as error:
        raise BundleError(
            "the new bundle does not answer.",
            found=error.summary if isinstance(error, KgrecError) else f"{type(error).__name__}: {error}",
            expected="lists with finite scores whose reasons add up",
            next="train again; the model before it answers on",
        ) from error


def _some_histories(bundle: Bundle) -> list[list[str]]:
    past = bundle.interactions
    users = list(dict.fromkeys(past.user[:1_000].tolist()))[:_TRIED_USERS]
    return [list(dict.fromkeys(bundle.items[row] for row in past.item[past.user == user].tolist())) for user in users]
