"""`kgrec key`: API keys of the HTTP service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.errors import ConfigError, require_extra, shorten
from kgrec.plain_text import local_path, visible

DEFAULT_KEYS = "kgrec.keys"

key = typer.Typer(
    help="API keys of the HTTP service; each takes --json.",
    context_settings={"help_option_names": ["--help", "-h"]},
    no_args_is_help=True,
)


@key.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call the key, such as shop-frontend.")],
    scopes: Annotated[
        str,
        typer.Option(
            "--scopes",
            metavar="LIST",
            help="What it allows: read, explain-anybody (what other people did, and reasons), write, admin.",
        ),
    ] = "read",
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="ID", help="The only person whom it concerns; with read, write."),
    ] = None,
    rate: Annotated[float, typer.Option("--rate", help="Requests a second; twice as many at once.")] = 100.0,
    keys: opt.Keys = DEFAULT_KEYS,
    as_json: opt.Json = False,
) -> None:
    """Make a key and show it, once: only its hash is kept. A running service reads keys when it starts."""
    require_extra("serve", "fastapi", where="kgrec key")
    from kgrec.service.access import Scope
    from kgrec.service.api_keys import KeyRing

    known = {scope.value: scope for scope in Scope}
    asked = [part.strip() for part in scopes.split(",") if part.strip()]
    if unknown := [part for part in asked if part not in known]:
        raise ConfigError(
            "there is no such scope.",
            where="--scopes",
            found=", ".join(map(shorten, unknown)),
            expected=f"some of {', '.join(known)}, separated by commas",
        )
    ring = KeyRing.load(keys) if local_path(keys).exists() else KeyRing.empty()
    ring, text = ring.with_new(name, [known[part] for part in dict.fromkeys(asked)], rate, user)
    ring.save(keys)
    if as_json:
        output.print_json({"name": name, "key": text, "keys": str(Path(keys))})
    else:
        output.show(text)
        output.note(f"kept as a hash in {keys}; send it as Authorization: Bearer KEY, it is not shown again")


@key.command("list")
def listed(keys: opt.Keys = DEFAULT_KEYS, as_json: opt.Json = False) -> None:
    """List the keys with what each allows."""
    require_extra("serve", "fastapi", where="kgrec key")
    from kgrec.service.api_keys import KeyRing

    known = KeyRing.load(keys).keys
    if as_json:
        output.print_json({"keys": [one.about for one in known]})
        return
    rows = [
        (visible(one.name), " ".join(one.scopes), visible(one.user or ""), one.per_second, one.created) for one in known
    ]
    output.show(output.table(["name", "scopes", "user", "a second", "created"], rows))


@key.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the key.")],
    keys: opt.Keys = DEFAULT_KEYS,
    as_json: opt.Json = False,
) -> None:
    """Take a key back; a running service knows it until it is started again."""
    require_extra("serve", "fastapi", where="kgrec key")
    from kgrec.service.api_keys import KeyRing

    KeyRing.load(keys).without(name).save(keys)
    if as_json:
        output.print_json({"name": name})
    else:
        output.show(f"{visible(name)} is revoked; start the service again.")
