"""`kgrec serve`: the process around the HTTP application, from its socket to its end."""

from __future__ import annotations

import faulthandler
import ipaddress
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.errors import ConfigError, require_extra

_OWN = ("127.0.0.1", "::1")
_ENDS_WITHIN_S = 25.0
"""Seconds after which a process ends that was told to and has not: less than the 30 that Kubernetes waits."""


def serve(
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = opt.DEFAULT_STORE,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; 0.0.0.0 is everywhere.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    keys: opt.Keys = "",
    state: opt.State = "",
    events: Annotated[
        str,
        typer.Option(
            "--events",
            metavar="PATH",
            envvar="KGREC_EVENTS",
            help="File of the event log, made where it is not there; without, no events are taken in.",
        ),
    ] = "",
    follow: opt.Follow = None,
    cache: Annotated[
        float,
        typer.Option("--cache", metavar="MIB", min=0, help="Room for answers that are asked for again; 0 keeps none."),
    ] = 64,
    update_every: Annotated[
        float,
        typer.Option(
            "--update-every",
            metavar="HOURS",
            min=0,
            help="Run `kgrec update` every so many hours, and when answers drift from what they were; 0 never does.",
        ),
    ] = 0,
    workers: Annotated[
        int,
        typer.Option(
            "--workers", min=1, help="Processes that answer, with one model in memory; several take in no events."
        ),
    ] = 1,
    as_json: opt.Json = False,
) -> None:
    """Answer over HTTP, see docs/service.md. Without --keys nobody is asked who they are, on this machine alone."""
    given = (bundle, store or None, host, port, keys, state or None, events or None)
    update_every_s = 3_600.0 * update_every
    serve_until_stopped(*given, cache, as_json, follow=follow or (), update_every_s=update_every_s, workers=workers)


def serve_until_stopped(
    bundle: str,
    store: str | None,
    host: str,
    port: int,
    keys: str = "",
    state: str | None = None,
    events: str | None = None,
    cache_mib: float = 64,
    as_json: bool = False,
    *,
    follow: Sequence[str] = (),
    update_every_s: float = 0.0,
    workers: int = 1,
) -> None:
    """Answer over HTTP until SIGINT or SIGTERM; the address is said once there are answers: before, requests get 503.

    Args:
        port: 0 takes a free one.
        keys: file of API keys; empty for none.
        state: folder where it is written down who is forgotten, by default that of the bundle's versions.
        events: file of the event log; None: no events are taken in.
        cache_mib: room for answers that are kept, by each process; 0 keeps none.
        as_json: say the address as JSON on stdout, otherwise as a line on stderr.
        follow: addresses of streams whose events are taken in.
        update_every_s: seconds between updates of the bundle, which drift makes as well; 0 for none.
        workers: processes that answer.

    Raises:
        BundleError: the bundle is missing, damaged or of another version.
        ConfigError: the address cannot be listened on, or is not this machine's own and there are no keys, the keys
            cannot be read, the store's URL has no known scheme, a stream cannot be followed, or several workers are to
            take in events.
        EventLogError: the event log cannot be opened.
        MissingExtraError: what it runs on is not installed.
        SchemaMismatchError: the store holds another graph than the bundle's.
    """
    if update_every_s and store is None:
        raise ConfigError(
            "there is no graph to update from.",
            where="--update-every",
            found="no --store",
            expected="the graph that the bundle was learned from",
            next="name it: --store URL",
        )
    if workers > 1:
        _check_workers({"--events": events is not None, "--follow": follow, "--update-every": update_every_s})
    require_extra("serve", "fastapi", "msgspec", "prometheus_client", "uvicorn", where="kgrec serve")
    with (
        _left_by_sigterm() as told,
        _lines_of_log(),
        _listening(host, port, workers) as listener,
        ExitStack() as opened,
    ):
        # What answers meanwhile comes first; what answers with a model takes seconds to be imported.
        from kgrec.learn.processors import usable_processors
        from kgrec.service.api_keys import KeyRing
        from kgrec.service.listening import Listening

        ring = KeyRing.load(keys) if keys else KeyRing.empty()
        if not ring.keys and not ipaddress.ip_address(listener.getsockname()[0]).is_loopback:
            raise ConfigError(
                "without API keys the service listens on this machine only.",
                where=f"--host {host}",
                found="no keys" if keys else "no --keys",
                expected=f"one of {', '.join(_OWN)}, or a file of keys",
                next="kgrec key new NAME --keys kgrec.keys, then kgrec serve --keys kgrec.keys",
            )
        own_names = None if ring.keys else {"localhost", host, *_OWN}
        at = f"[{host}]" if ":" in host else host
        url, cache_bytes = f"http://{at}:{listener.getsockname()[1]}", int(cache_mib * 2**20)

        def say(degraded: Sequence[str | None]) -> None:
            if as_json:
                output.print_json({"url": url})
                sys.stdout.flush()
            else:
                output.note(f"kgrec answers at {url}, see {url}/openapi.json; ctrl-c ends it")
            output.note_degraded(degraded)
            if told.is_set():  # while all that was opened
                raise SystemExit(0)

        if workers > 1:
            from kgrec.service.processes.forked_service import answer_by_workers
            from kgrec.service.processes.serving_settings import ServingSettings

            answer_by_workers(
                workers, listener, ServingSettings(bundle, store, state, ring, own_names, cache_bytes), say
            )
        # Not one only, or a long request would hold up all others.
        listening = opened.enter_context(Listening(listener, threads=max(2, usable_processors())))

        from threadpoolctl import threadpool_limits

        from kgrec.bundle.bundle_versions import BundleVersions
        from kgrec.live.streams import open_streams
        from kgrec.recommendation import Recommender
        from kgrec.service.app import service
        from kgrec.service.living import living

        streams, versions = open_streams(follow, events), BundleVersions(bundle)
        loaded, beside = versions.to_open(), state or versions.made_folder()
        writable = events is not None
        recommender = opened.enter_context(
            Recommender.open(bundle, store, loaded=loaded, state=beside, writable=writable)
        )
        # One request's products are small: its threads would wait for each other, and for those of other requests.
        opened.enter_context(threadpool_limits(1, user_api="blas"))
        app = service(recommender, ring=ring, hosts=own_names, cache_bytes=cache_bytes)
        opened.enter_context(living(app, bundle, events, streams, store=store, update_every_s=update_every_s))
        listening.answer_with(app)
        say([recommender.degraded])
        listening.until_stopped()


def _check_workers(for_one: Mapping[str, object]) -> None:
    """Make sure that several processes may do what is asked for.

    Args:
        for_one: options that are for one process, by whether they are given.

    Raises:
        ConfigError: one is, or this system has no copies of processes.
    """
    if given := [option for option, value in for_one.items() if value]:
        raise ConfigError(
            "several workers take in no events and make no updates.",
            where="--workers",
            found=f"{' and '.join(given)} beside it",
            expected="one process that does: the log of events and the graph have one writer",
            next="leave --workers out, or start another `kgrec serve` for that, at a port of its own",
        )
    if sys.platform != "linux":
        raise ConfigError(
            "several workers need Linux.",
            where="--workers",
            found=sys.platform,
            expected="copies of a process, and an address that several listen at",
            next="start several `kgrec serve` at ports of their own behind a proxy",
        )


@contextmanager
def _lines_of_log() -> Iterator[None]:
    """Audit lines and faults go to stderr."""
    log, handler = logging.getLogger("kgrec"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    before = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]


def _listening(host: str, port: int, workers: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.create_server((host, port), family=family)
        if workers > 1:  # nobody else is there, or this would have failed: now several may be
            with listener:
                address = listener.getsockname()[:2]
            listener = socket.create_server(address, family=family, reuse_port=True)
        return listener
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            "the service cannot listen here.",
            where=f"--host {host} --port {port}",
            found=getattr(error, "strerror", None) or str(error),
            expected="an address of this machine and a port that nobody uses",
            next="name another one; --port 0 takes a free port",
        ) from error


@contextmanager
def _left_by_sigterm() -> Iterator[threading.Event]:
    """SIGTERM leaves what runs inside, so that what is open is closed; a container's first process would not get it.

    What is yielded says whether it came: what a handler raises is lost where Python happens to be in a callback.

    What is never left, such as a request that is worked on for ever, does not keep the process: after a while it says
    where its threads stand, and ends. What was acknowledged is on disk.
    """

    told = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        told.set()
        faulthandler.dump_traceback_later(_ENDS_WITHIN_S, exit=True)  # also where the interpreter waits for threads
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield told
    finally:
        signal.signal(signal.SIGTERM, before)
