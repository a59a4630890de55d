"""Answers that were given before, as bytes, for whoever asks the same in the same state.

The key of an answer holds all that it comes from: the version of the model, what its trend has counted, a digest of the
history as it is now, and the request. An answer that is not right any more is therefore never found, whatever is
dropped when; events, swaps and forgetting drop answers so that they take no room. What is not sure to be right again is
not kept: answers that miss something because the graph is away, and those with facts of a graph that others can change
unseen.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from fastapi import Request, Response

from kgrec.recommendation import Recommender
from kgrec.recommendation.answer_types import HistoryState
from kgrec.service.json_answers import document, encoded, encoded_document
from kgrec.service.requests import Parameters

CACHE_BYTES = 64 * 2**20
_DEGRADED = b'"degraded":"'
"""In an explanation that misses something; within a text the quotation marks would be escaped."""
_ENTRY_BYTES = 400
"""What an answer takes beside its own bytes, roughly."""


@dataclass(frozen=True)
class CacheFigures:
    """What became of questions, since the start, and what is kept now."""

    hits: int
    misses: int
    passed: int
    dropped: int
    answers: int
    bytes: int


class AnswerCache:
    """The answers asked for last, within some bytes; threads share it.

    Args:
        limit_bytes: of all answers together; 0 keeps none.
    """

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self._bodies: OrderedDict[bytes, tuple[bytes, str | None]] = OrderedDict()
        self._keys_of: defaultdict[str, set[bytes]] = defaultdict(set)
        self._lock = threading.Lock()
        self._hits = self._misses = self._passed = self._dropped = self._bytes = 0
        self._generation = 0

    def get(self, key: bytes) -> tuple[bytes | None, int]:
        """The answer, None where there is none; and the generation to :meth:`put` one with."""
        with self._lock:
            found = self._bodies.get(key)
            if found is None:
                self._misses += 1
                return None, self._generation
            self._hits += 1
            self._bodies.move_to_end(key)
            return found[0], self._generation

    def put(self, key: bytes, body: bytes, user: str | None, generation: int) -> None:
        """Keep an answer, unless somebody was forgotten since it was begun; the oldest make room for it."""
        size = len(body) + _ENTRY_BYTES
        with self._lock:
            if generation != self._generation or size > self.limit_bytes or key in self._bodies:
                return
            self._bodies[key] = body, user
            self._bytes += size
            if user is not None:
                self._keys_of[user].add(key)
            while self._bytes > self.limit_bytes:
                self._remove(next(iter(self._bodies)))

    def passed(self) -> None:
        """Count a question whose answer is not kept."""
        with self._lock:
            self._passed += 1

    def drop(self, user: str, *, forgotten: bool = False) -> None:
        """Keep no answer about a user; where they are forgotten, none either that is being made now."""
        with self._lock:
            self._generation += forgotten
            for key in list(self._keys_of.get(user, ())):
                self._remove(key)
                self._dropped += 1

    def clear(self) -> None:
        """Keep no answer."""
        with self._lock:
            self._generation += 1
            self._dropped += len(self._bodies)
            self._bodies.clear()
            self._keys_of.clear()
            self._bytes = 0

    def figures(self) -> CacheFigures:
        """What became of questions."""
        with self._lock:
            return CacheFigures(self._hits, self._misses, self._passed, self._dropped, len(self._bodies), self._bytes)

    def _remove(self, key: bytes) -> None:
        body, user = self._bodies.pop(key)
        self._bytes -= len(body) + _ENTRY_BYTES
        if user is not None:
            self._keys_of[user].discard(key)
            if not self._keys_of[user]:
                del self._keys_of[user]


def kept_answer(
    request: Request,
    recommender: Recommender,
    asked: Parameters,
    made: Callable[[], Mapping[str, Any]],
    *,
    state: HistoryState | None = None,
    facts: bool,
) -> Response:
    """The answer to a request: the one that was given before where it is right still, else what ``made`` returns.

    Args:
        state: of the history that it comes from; None where the request itself has all.
        facts: it holds facts of the graph, or depends on such.
    """
    cache: AnswerCache = request.app.state.cache
    if not cache.limit_bytes or (facts and (recommender.store is None or not recommender.store.facts_stay)):
        cache.passed()
        return document(made())
    user, digest = (None, b"") if state is None else (state.user, state.digest)
    route, version = request.scope["route"].path, recommender.bundle.version
    of_model = version, *recommender.live.state
    key = blake2b(encoded([route, *of_model, digest.hex(), asked.model_dump()]), digest_size=20).digest()
    body, generation = cache.get(key)
    if body is None:
        body = encoded(made())
        if _DEGRADED not in body:
            cache.put(key, body, user, generation)
    return encoded_document(body)
