"""People are out of a bundle, its versions, and what trainings left beside it; who was live is live."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kgrec.bundle import bundle_versions
from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.bundle.files import put_in_place
from kgrec.bundle.people_in_bundle import PeopleInBundle
from kgrec.errors import BundleError
from kgrec.privacy.byte_search import Needles
from tests.support.bundles import film_bundle

USERS = ("customer-ann", "customer-bob", "customer-cold")
ANN = {"customer-ann"}


def trained(path: Path, day: int) -> None:
    bundle = film_bundle(users=USERS)
    replace(bundle, manifest=replace(bundle.manifest, created=f"2026-01-{day:02}")).save(path)


@pytest.fixture
def versions(tmp_path: Path) -> BundleVersions:
    """Three versions, of which the middle one is live and the first was before; the newest is at the path."""
    versions, ids = BundleVersions(tmp_path / "shop.bundle"), []
    for day in (1, 2, 3):
        trained(versions.path, day)
        ids.append(versions.take_in())
        versions.use(ids[-1])
    versions.back()
    return versions


def days(versions: BundleVersions) -> list[str]:
    return [one.created for one in versions.listed()]


def bytes_left(place: PeopleInBundle) -> dict[str, int]:
    return {path.name: hits for path in place.files() if (hits := Needles.of(ANN).hits(path))}


def test_all_versions_are_written_anew(versions: BundleVersions) -> None:
    place = PeopleInBundle(versions.path)
    assert place.entries(ANN) == {"customer-ann": 4 * 3}
    assert bytes_left(place) == {"ids.json": 1}
    assert sum(Needles.of(ANN).hits(path) for path in place.files()) == 4
    old, (live, before) = {one.id for one in versions.listed()}, (versions.live, versions.before)
    (versions.path / "forgotten.txt").write_text("kept\n")
    place.remove(ANN)
    assert place.entries(ANN) == {"customer-ann": 0}
    assert bytes_left(place) == {}
    assert days(versions) == ["2026-01-03", "2026-01-02", "2026-01-01"]
    assert not old & {one.id for one in versions.listed()}
    assert (versions.live, versions.before) != (live, before)
    assert versions.live is not None
    assert versions.before is not None
    assert Bundle.load(versions.folder_of(versions.live)).manifest.created == "2026-01-02"
    assert Bundle.load(versions.folder_of(versions.before)).manifest.created == "2026-01-01"
    assert versions.has(versions.present() or "")  # a service does not take it for another one
    assert (versions.path / "forgotten.txt").read_text() == "kept\n"
    assert len(place.waits()) == 4
    assert "learned with 1 people who were forgotten since" in place.waits()[0]
    again = [one.id for one in versions.listed()]
    place.remove(ANN)
    assert [one.id for one in versions.listed()] == again


def test_stopped_anywhere_it_goes_on(versions: BundleVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every step that changes something on disk, before it and after it."""
    place, kept = PeopleInBundle(versions.path), list(days(versions))
    steps = [
        (Bundle, "save"),
        (bundle_versions, "put_in_place"),
        (BundleVersions, "_added"),
        (BundleVersions, "_remove"),
    ]

    class Stop(Exception):  # noqa: N818
        pass

    for owner, name in steps:
        for after in (False, True):
            do: Callable[..., object] = getattr(owner, name)

            def stopped(*given: object, do: Callable[..., object] = do, after: bool = after) -> None:
                if after:
                    do(*given)
                raise Stop

            monkeypatch.setattr(owner, name, stopped)
            with pytest.raises(Stop):
                place.remove(ANN)
            monkeypatch.undo()
            assert set(days(versions)) == set(kept)
            assert versions.to_open().manifest.created == "2026-01-02"
            Bundle.load(versions.path)
            if name != "_remove":
                trained(versions.path, 3)
    place.remove(ANN)
    assert bytes_left(place) == {}
    assert days(versions) == kept


def test_a_training_that_ends_meanwhile_is_not_written_over(
    versions: BundleVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Bundle.save

    def slow(bundle: Bundle, folder: Path) -> None:
        save(bundle, folder)
        monkeypatch.undo()
        trained(versions.path.with_name("other"), 4)
        put_in_place(versions.path.with_name("other"), versions.path)

    monkeypatch.setattr(Bundle, "save", slow)
    with pytest.raises(BundleError, match="was replaced meanwhile"):
        PeopleInBundle(versions.path).remove(ANN)
    assert Bundle.load(versions.path).manifest.created == "2026-01-04"
    PeopleInBundle(versions.path).remove(ANN)
    assert list(Bundle.load(versions.path).users) == ["customer-bob", "customer-cold"]


def test_what_trainings_left_is_deleted(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    place = PeopleInBundle(tmp_path / "shop.bundle")
    assert not place.exists
    for name in ("shop.bundle.checkpoint/refit", f".shop.bundle.{gone.pid}.new", f".shop.bundle.{os.getpid()}.new"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "ids.json").write_text('["customer-ann"]')
    assert place.exists
    assert len(bytes_left(place)) == 1
    place.remove(ANN)
    assert [path.name for path in tmp_path.iterdir()] == [f".shop.bundle.{os.getpid()}.new"]


def test_a_damaged_version_is_said(versions: BundleVersions) -> None:
    (versions.folder_of(versions.listed()[1].id) / "ids.json").write_text('["customer-ann"]')
    with pytest.raises(BundleError, match="damaged"):
        PeopleInBundle(versions.path).remove(ANN)
