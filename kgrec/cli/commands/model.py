"""`kgrec model`: the versions of a bundle, and which of them a running service answers with."""

from __future__ import annotations

from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output

model = typer.Typer(help="Versions of a bundle, and which one a service answers with; each takes --json.")


@model.command(name="list")
def list_versions(bundle: opt.BundlePath = opt.DEFAULT_BUNDLE, as_json: opt.Json = False) -> None:
    """List the versions that a service has taken in, the newest first."""
    from kgrec.bundle.bundle_versions import BundleVersions

    versions = BundleVersions(bundle)
    listed = versions.listed()
    if as_json:
        output.print_json({"versions": [vars(version) for version in listed], "before": versions.before})
        return
    for version in listed:
        note = "live" if version.live else "before" if version.id == versions.before else ""
        output.show(f"{version.id}  {version.created}  {note}".rstrip())
    if not listed:
        output.note(f"note: no service has taken in a bundle at {bundle} yet")


@model.command()
def use(
    version: Annotated[str, typer.Argument(metavar="ID", help="Of the version, as `kgrec model list` shows it.")],
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    as_json: opt.Json = False,
) -> None:
    """Answer with a version from now on; a running service swaps within seconds, between two requests."""
    from kgrec.bundle.bundle import Bundle
    from kgrec.bundle.bundle_versions import BundleVersions

    versions = BundleVersions(bundle)
    Bundle.load(versions.folder_of(version))  # a damaged one is told here, and not to the log of a service only
    versions.use(version)
    _said(version, as_json)


@model.command()
def back(bundle: opt.BundlePath = opt.DEFAULT_BUNDLE, as_json: opt.Json = False) -> None:
    """Answer with the version that was live before, from now on."""
    from kgrec.bundle.bundle_versions import BundleVersions

    _said(BundleVersions(bundle).back(), as_json)


def _said(version: str, as_json: bool) -> None:
    if as_json:
        output.print_json({"live": version})
    else:
        output.show(f"{version} is live")
