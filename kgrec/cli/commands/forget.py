"""`kgrec forget`: a user with all they did, out of the graph."""

from __future__ import annotations

from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.errors import UnknownUserError
from kgrec.plain_text import local_path, visible


def forget(
    user: Annotated[str, typer.Argument(metavar="USER", help="Id of the user.")],
    store: opt.Store = opt.DEFAULT_STORE,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    as_json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Remove a user from the graph, with all their interactions and facts; the bundle does not answer for them."""
    from kgrec.bundle.files import MANIFEST
    from kgrec.data.near_misses import near_miss
    from kgrec.graph import open_store
    from kgrec.graph.store import schema_of
    from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers

    with open_store(store, create=False) as graph:
        try:
            removed = graph.delete_user(user)
        except UnknownUserError as error:
            user_type = schema_of(graph).user_type
            error.next = near_miss(user, lambda other: graph.node(user_type, other) is not None)
            raise
        graph.checkpoint()
    folder = local_path(bundle)
    if (folder / MANIFEST).is_file():
        ForgottenUsers(folder / FORGOTTEN).add(user)
    if as_json:
        output.print_json({"user": user, "interactions": removed})
    else:
        output.show(f"{visible(user)} is forgotten, with {removed:,} interactions.")
    if not quiet:
        output.note(
            "note: a bundle keeps what it was learned from until it is trained again, and an import of a source that "
            "still names the user brings them back"
        )
