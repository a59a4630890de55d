"""What was trained stays beside the bundle, can be named and gone back to, and nothing of it is ever mixed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kgrec.bundle import bundle_versions
from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import KEPT, BundleVersions
from kgrec.errors import BundleError
from tests.support.bundles import film_bundle


def trained(path: Path, day: int) -> None:
    """A training that replaces the bundle at a path."""
    bundle = film_bundle()
    replace(bundle, manifest=replace(bundle.manifest, created=f"2026-01-{day:02}")).save(path)


@pytest.fixture
def versions(tmp_path: Path) -> BundleVersions:
    return BundleVersions(tmp_path / "shop.bundle")


def served(versions: BundleVersions, *days: int) -> list[str]:
    ids = []
    for day in days:
        trained(versions.path, day)
        ids.append(versions.take_in())
        versions.use(ids[-1])
    return ids


def test_a_version_outlives_the_training_after_it(versions: BundleVersions) -> None:
    first, second = served(versions, 1, 2)
    assert first != second
    assert Bundle.load(versions.folder_of(first)).manifest.created == "2026-01-01"
    assert [(one.id, one.created, one.live) for one in versions.listed()] == [
        (second, "2026-01-02", True),
        (first, "2026-01-01", False),
    ]
    assert versions.present() == second
    (versions.path / "arrays.safetensors").write_bytes(b"written over")
    assert Bundle.load(versions.folder_of(second)).manifest.created == "2026-01-02"


def test_back_leads_to_the_one_before_and_is_not_undone_by_itself(versions: BundleVersions) -> None:
    first, second, third = served(versions, 1, 2, 3)
    assert (versions.live, versions.before) == (third, second)
    assert (versions.back(), versions.back()) == (second, first)
    assert (versions.live, versions.before) == (first, None)
    with pytest.raises(BundleError, match="no version to go back to"):
        versions.back()
    versions.use(third)
    assert (versions.live, versions.before) == (third, first)
    versions.use(third)
    assert versions.back() == first


def test_before_anything_was_used(versions: BundleVersions) -> None:
    assert (versions.listed(), versions.live, versions.before, versions.present()) == ([], None, None, None)
    with pytest.raises(BundleError, match="no version to go back to"):
        versions.back()
    with pytest.raises(BundleError, match="no bundle here"):
        versions.take_in()


def test_an_unknown_version_is_refused(versions: BundleVersions) -> None:
    (known,) = served(versions, 1)
    with pytest.raises(BundleError) as refused:
        versions.use(known[:-1] + "?")
    assert f"did you mean '{known}'?" in str(refused.value)
    assert versions.live == known
    for name in ("../shop.bundle", ".lock", ""):
        with pytest.raises(BundleError, match="no such version"):
            versions.folder_of(name)


def test_a_damaged_bundle_is_not_taken_in(versions: BundleVersions) -> None:
    (known,) = served(versions, 1)
    trained(versions.path, 2)
    with (versions.path / "arrays.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x99")
    with pytest.raises(BundleError, match="damaged"):
        versions.take_in()
    assert [one.id for one in versions.listed()] == [known]


def test_a_bundle_that_is_replaced_while_it_is_taken_in_is_not_mixed(
    versions: BundleVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(versions.path, 1)
    copy, copied = bundle_versions._copy, list[Path]()

    def copy_one(source: Path, target: Path, stopped: Callable[[], bool]) -> None:
        copy(source, target, stopped)
        copied.append(target)
        if len(copied) == 2:  # arrays and ids
            bundle = film_bundle()
            replace(bundle, names=tuple(reversed(bundle.names))).save(versions.path)

    monkeypatch.setattr(bundle_versions, "_copy", copy_one)
    with pytest.raises(BundleError, match="damaged"):
        versions.take_in()
    assert versions.listed() == []
    monkeypatch.undo()
    assert versions.take_in() == versions.present()


def test_old_versions_go_but_never_those_in_use(versions: BundleVersions) -> None:
    ids = served(versions, *range(1, KEPT + 3))
    assert [one.id for one in versions.listed()] == ids[: -KEPT - 1 : -1]
    for _ in range(KEPT - 1):
        versions.back()
    oldest = versions.live
    assert oldest == ids[-KEPT]
    trained(versions.path, 20)
    versions.use(versions.take_in())
    assert oldest in [one.id for one in versions.listed()]
    assert versions.back() == oldest


def test_what_a_service_begins_with(versions: BundleVersions) -> None:
    first, second = served(versions, 1, 2)
    assert versions.to_open().version == second
    versions.back()
    assert versions.to_open().version == first  # and not what is at the path
    (versions.folder_of(first) / "ids.json").write_text("{}")
    assert versions.to_open().version == second
    (versions.path / "ids.json").write_text("{}")
    with pytest.raises(BundleError, match="damaged"):
        versions.to_open()


_KILLED = """
import os, signal, sys
from kgrec.bundle import bundle_versions
of = getattr(bundle_versions, sys.argv[2])

def killed(*arguments):
    of(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(bundle_versions, sys.argv[2], killed)
bundle_versions.BundleVersions(sys.argv[1]).take_in()
"""


def test_what_a_killed_service_has_copied_goes_with_the_next_copy(versions: BundleVersions) -> None:
    trained(versions.path, 1)
    for _ in range(2):
        died = subprocess.run([sys.executable, "-c", _KILLED, str(versions.path), "_copy"], check=False)
        assert died.returncode == -signal.SIGKILL
        assert len([folder for folder in versions.folder.iterdir() if folder.name.endswith(".new")]) == 1
    (known,) = served(versions, 1)
    assert sorted(found.name for found in versions.folder.iterdir()) == [".lock", ".taking", known, "used.json"]


def test_a_version_that_was_half_written_is_not_listed(versions: BundleVersions) -> None:
    (whole,) = served(versions, 1)
    damaged = versions.folder / "0123456789abcdef"
    damaged.mkdir()
    (damaged / "manifest.json").write_text('{"crea')
    assert [version.id for version in versions.listed()] == [whole]


def test_a_version_that_was_half_removed_is_not_listed(
    versions: BundleVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def killed_there(path: Path, ignore_errors: bool) -> None:
        if path.parent == versions.folder and not path.name.endswith(".new"):
            (path / "arrays.safetensors").unlink()
        else:
            remove(path, ignore_errors)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed_there)
        ids = served(versions, *range(1, KEPT + 2))
    assert [one.id for one in versions.listed()] == ids[:0:-1]
    with pytest.raises(BundleError, match="no such version"):
        versions.use(ids[0])
    served(versions, KEPT + 2)
    assert not [folder for folder in versions.folder.iterdir() if ids[0] in folder.name]


def test_of_two_processes_one_copies(versions: BundleVersions) -> None:
    (known,) = served(versions, 1)
    assert BundleVersions(versions.path).take_in(lambda: True) == known  # no part is copied


def test_a_copy_is_given_up(versions: BundleVersions) -> None:
    trained(versions.path, 1)
    with pytest.raises(BundleError, match="given up"):
        versions.take_in(lambda: True)
    assert [found.name for found in versions.folder.iterdir()] == [".taking"]
    assert versions.take_in() == versions.present()
