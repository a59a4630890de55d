"""`kgrec export-person`: everything that is held of one user, as JSON that people can read."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.errors import ConfigError, UnknownUserError, require_extra, shorten
from kgrec.plain_text import local_path, plain, visible


def export_person(
    user: Annotated[str, typer.Option("--user", metavar="ID", help="Whom it is about.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="File to write; only its owner can read it.")],
    store: opt.Store = opt.DEFAULT_STORE,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    events: opt.Events = "",
    keys: opt.Keys = "",
    state: opt.State = "",
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Write everything that graph, bundles, event log and keys hold of one user, see docs/privacy.md."""
    from kgrec.bundle.people_in_bundle import PeopleInBundle
    from kgrec.cli.person_report import entries, person_report
    from kgrec.cli.personal_places import ids_of_people, not_named, opened_log
    from kgrec.graph import open_store
    from kgrec.graph.people_in_graph import PeopleInGraph
    from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers

    with ExitStack() as opened:
        graph = opened.enter_context(open_store(store, read_only=True))
        ring = None
        if keys:
            require_extra("serve", "fastapi", where="a file of API keys")
            from kgrec.service.api_keys import KeyRing

            ring = KeyRing.load(keys)
        of_bundle = PeopleInBundle(bundle)
        ids = ids_of_people(PeopleInGraph(graph), of_bundle, [user])[user]
        folders = (of_bundle.path, local_path(state) if state else of_bundle.versions)
        report = person_report(
            ids,
            store=graph,
            bundle=of_bundle,
            log=opened_log(events, opened) if events else None,
            ring=ring,
            forgotten=any(uid in ForgottenUsers(*(folder / FORGOTTEN for folder in folders)) for uid in ids),
            not_searched=not_named(events, keys, of_bundle, bundle),
        )
        if not entries(report) and not report["forgotten"]:
            raise UnknownUserError(
                "nothing is held of such a user.",
                where=store,
                found=shorten(user),
                next=PeopleInGraph(graph).nearly(user) or "correct the id",
            )
    _write(report, local_path(out))
    if as_json:
        output.print_json(
            {"user": report["user"], "out": out, "entries": entries(report), "forgotten": report["forgotten"]}
        )
        return
    state_of = ", who is forgotten" if report["forgotten"] else ""
    output.show(f"{visible(out)} has {entries(report):,} entries about {visible(user)}{state_of}.")
    if not quiet:
        for sentence in report["not_searched"]:
            output.note(f"not searched: {visible(sentence)}")


def _write(report: dict[str, Any], path: Path) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(plain(report), file, ensure_ascii=False, indent=1)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ConfigError(
            "the file cannot be written.",
            where=str(path),
            found=error.strerror or type(error).__name__,
            expected="a path in a folder that can be written to",
            next="name another one",
        ) from error
