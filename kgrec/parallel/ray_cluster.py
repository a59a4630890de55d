"""Workers of a Ray cluster, on this machine or on others.

A worker computes with one thread, as a process of :mod:`kgrec.parallel.processes` does. What a worker had that died is
done by another one: Ray runs the call again. No other module imports Ray.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self

from threadpoolctl import threadpool_limits

from kgrec.errors import ConfigError, ExecutorError, missing_extra, shorten
from kgrec.parallel.board import Board
from kgrec.parallel.executor import Call, Pending, Result, Shared
from kgrec.parallel.shared_values import kept_value
from kgrec.progress import Event, Progress

try:
    import ray
    from ray import exceptions
except ImportError as error:
    raise missing_extra("ray", "ray", where="--executor ray", found=str(error)) from error

OBJECTS_BYTES = 2 * 2**30
"""Memory in which a cluster of its own keeps what calls are made of, at most; Ray would take 30 % of the machine."""
_OBJECTS_SHARE = 0.1
_SECONDS_BETWEEN_LOOKS = 0.1
_TRIES = 3
"""How often a call is run again whose worker died."""


class RayCluster:
    """Runs calls on the workers of a cluster, for as long as the ``with`` block.

    Args:
        address: ``ray`` for a cluster of its own on this machine, which ends with it; ``ray://HOST:PORT`` for one that
            runs and has the same kgrec on every machine.

    Raises:
        ConfigError: the address is none of these.
        ExecutorError: the cluster cannot be reached.
    """

    threads_of_call = 1

    def __init__(self, address: str = "ray") -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
        settings: dict[str, Any] = {"address": address}
        if address == "ray":
            processors = len(os.sched_getaffinity(0))
            settings = {"address": "local", "num_cpus": processors, "object_store_memory": _objects_bytes()}
            settings["include_dashboard"] = False
        elif not address.removeprefix("ray://").strip("/") or not address.startswith("ray://"):
            raise _odd(address)
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with warnings.catch_warnings(action="ignore", category=UserWarning):  # what it warns of is told below
                ray.init(**settings, logging_level=logging.ERROR, log_to_driver=False)
        except Exception as error:  # Ray has no type of its own for a node that takes more than half a minute to start
            ray.shutdown()
            raise ExecutorError(
                "the Ray cluster cannot be reached.",
                where=shorten(address),
                found=shorten(str(error)),
                expected="a head of the same version of Ray and Python",
                next="start it (`ray start --head`), correct the address, or use --executor processes; a cluster with "
                "tokens needs RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN unless ~/.ray/auth_token has it",
            ) from error
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)  # Ray puts its own in its place
        self._told: Any = ray.remote(num_cpus=0)(_Told).remote()
        self._run: Any = ray.remote(num_cpus=1, max_retries=_TRIES)(_run)
        self._under_way: set[Any] = set()
        self._submitted = 0

    def submit(self, call: Call[Result]) -> Pending[Result]:
        """The call, which begins as soon as a worker is free."""
        self._submitted += 1
        handed_over = self._run.remote(self._submitted, call, self._told)
        self._under_way.add(handed_over)
        return _Remote(self._submitted, call, handed_over, self._told, self._under_way)

    def free(self) -> int:
        """Processors of the cluster, less the calls from here that are not done; others may have some, too."""
        resources: Callable[[], dict[str, float]] = ray.cluster_resources
        under_way = list(self._under_way)
        not_done = ray.wait(under_way, num_returns=len(under_way), timeout=0)[1] if under_way else []
        return int(resources().get("CPU", 1)) - len(not_done)

    @contextmanager
    def share(self, value: Result) -> Iterator[Shared[Result]]:
        """A value among the cluster's objects: each machine has one copy, from which its workers map the arrays."""
        yield _Object(ray.put(value))

    def board(self) -> Board:
        """One on the cluster, for as long as somebody has it."""
        return _ClusterBoard(ray.remote(num_cpus=0)(_Words).remote())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for handed_over in self._under_way:
                ray.cancel(handed_over, force=True)
        ray.shutdown()


@dataclass(frozen=True)
class _Object(Generic[Result]):
    """A value among the objects of a cluster."""

    place: Any

    def value(self) -> Result:
        found: Result = kept_value(self.place, lambda: ray.get(self.place))
        return found


@dataclass(frozen=True)
class _ClusterBoard:
    """Words that an actor keeps."""

    words: Any

    def put(self, name: str, word: bytes) -> None:
        ray.get(self.words.put.remote(name, word))

    def get(self, name: str) -> bytes | None:
        word: bytes | None = ray.get(self.words.get.remote(name))
        return word

    def host(self) -> str:
        address_of_node: Callable[[], str] = ray.util.get_node_ip_address
        return address_of_node()

    def clear(self) -> None:
        ray.get(self.words.clear.remote())


@dataclass(frozen=True)
class _Remote(Generic[Result]):
    """A call in a worker."""

    number: int
    call: Call[Result]
    handed_over: Any
    told: Any
    under_way: set[Any]

    def result(self, progress: Progress) -> Result:
        while not ray.wait([self.handed_over], timeout=_SECONDS_BETWEEN_LOOKS)[0]:
            self._tell(progress)
        self._tell(progress)
        try:
            found: Result = ray.get(self.handed_over)
            return found
        except exceptions.RayTaskError as error:
            raise error.cause from None
        except (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError, exceptions.NodeDiedError):
            progress(f"workers have died {_TRIES + 1} times over it: its work is done here", 0)
            return self.call(progress)
        finally:
            self.under_way.discard(self.handed_over)  # a result that nobody refers to leaves the cluster's memory

    def _tell(self, progress: Progress) -> None:
        """Pass on what this call has told."""
        for event in ray.get(self.told.take.remote(self.number)):
            progress(event.step, event.done, event.total, event.note, unit=event.unit)


class _Words:
    """On the cluster: the words of a board."""

    def __init__(self) -> None:
        self._words: dict[str, bytes] = {}

    def put(self, name: str, word: bytes) -> None:
        self._words[name] = word

    def get(self, name: str) -> bytes | None:
        return self._words.get(name)

    def clear(self) -> None:
        self._words.clear()


class _Told:
    """On the cluster: what calls have told, by their numbers, until it is taken."""

    def __init__(self) -> None:
        self._events: defaultdict[int, list[Event]] = defaultdict(list)

    def tell(self, number: int, event: Event) -> None:
        self._events[number].append(event)

    def take(self, number: int) -> list[Event]:
        return self._events.pop(number, [])


def _run(number: int, call: Call[Result], told: Any) -> Result:
    """What a worker does with a call; all that it has told has arrived when it returns."""
    sent: list[Any] = []
    with threadpool_limits(1):
        result = call(Progress(lambda event: sent.append(told.tell.remote(number, event))))
    ray.get(sent)
    return result


def _objects_bytes() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(OBJECTS_BYTES, int(_OBJECTS_SHARE * memory))


def _odd(address: str) -> ConfigError:
    return ConfigError(
        "this is no address of a Ray cluster.",
        where="--executor",
        found=shorten(address),
        expected="ray, or ray://HOST:PORT",
    )
