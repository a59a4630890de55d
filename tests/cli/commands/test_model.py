"""``kgrec model``: versions are listed, named and gone back from; a damaged one is not used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kgrec.bundle.bundle_versions import BundleVersions
from tests.support.bundles import film_bundle
from tests.support.shop import Shell


@pytest.fixture
def ids(shell: Shell) -> list[str]:
    """Two versions of the usual bundle, the second one live."""
    versions, ids = BundleVersions("kgrec.bundle"), []
    for day in (1, 2):
        bundle = film_bundle()
        replace(bundle, manifest=replace(bundle.manifest, created=f"2026-01-0{day}")).save("kgrec.bundle")
        ids.append(versions.take_in())
        versions.use(ids[-1])
    return ids


def test_versions_are_listed_and_gone_back_from(shell: Shell, ids: list[str]) -> None:
    first, second = ids
    assert shell("model", "list").out == f"{second}  2026-01-02  live\n{first}  2026-01-01  before\n"
    assert shell("model", "back").out == f"{first} is live\n"
    assert shell("model", "list", "--json").json == {
        "versions": [
            {"id": second, "created": "2026-01-02", "live": False},
            {"id": first, "created": "2026-01-01", "live": True},
        ],
        "before": None,
    }
    refused = shell("model", "back")
    assert (refused.code, "no version to go back to" in refused.err) == (3, True)
    assert shell("model", "use", second, "--json").json == {"live": second}


def test_a_damaged_or_unknown_version_is_not_used(shell: Shell, ids: list[str]) -> None:
    first, second = ids
    assert shell("model", "use", "nothing").code == 3
    (BundleVersions("kgrec.bundle").folder_of(first) / "ids.json").write_text("{}")
    refused = shell("model", "use", first)
    assert (refused.code, "the bundle is damaged" in refused.err) == (3, True)
    assert BundleVersions("kgrec.bundle").live == second


def test_before_any_version(shell: Shell) -> None:
    said = shell("model", "list")
    assert (said.code, said.out) == (0, "")
    assert said.err == "note: no service has taken in a bundle at kgrec.bundle yet\n"
