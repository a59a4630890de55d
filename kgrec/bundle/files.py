"""The files of a bundle: which there are, whether they are whole and whether they fit each other."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgrec.bundle.old_names import OLDEST_FORMAT
from kgrec.data.dataset import Array
from kgrec.errors import BundleError

FORMAT = 5
MANIFEST, ARRAYS, IDS = "manifest.json", "arrays.safetensors", "ids.json"
_VERSION_LENGTH = 16
_RENAME_EXCHANGE = 2


def read_manifest(root: Path) -> dict[str, Any]:
    """The manifest of a bundle whose files are as it says.

    Raises:
        BundleError: it is missing, damaged, or of a format that is not read.
    """
    path = root / MANIFEST
    if not path.is_file():
        raise BundleError(
            "there is no bundle here.",
            where=str(root),
            found="no manifest.json" if root.is_dir() else "no such folder",
            expected="a folder that `kgrec train --out` wrote",
            next="check the path, or run `kgrec train`",
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(
            "the bundle's manifest cannot be read.",
            where=str(path),
            found=f"{type(error).__name__}: {error}",
            expected="a JSON object with format and files",
            next="train again, or copy the whole folder again",
        ) from error
    if version not in range(OLDEST_FORMAT, FORMAT + 1):
        raise BundleError(
            "the bundle has a format that this kgrec does not know.",
            where=str(path),
            found=f"format {version}",
            expected=f"format {OLDEST_FORMAT} to {FORMAT}",
            next="upgrade kgrec" if isinstance(version, int) and version > FORMAT else "train again",
        )
    for name in (ARRAYS, IDS):
        if name not in files:
            raise BundleError(
                "the bundle is damaged.",
                where=str(path),
                found=f"no hash of {name}",
                expected=f"a sha256 for each of {ARRAYS}, {IDS}",
                next="train again, or copy the whole folder again",
            )
        expected = files[name]
        found = sha256(root / name) if (root / name).is_file() else "no such file"
        if found != expected:
            raise BundleError(
                "the bundle is damaged.",
                where=str(root / name),
                found=found[:16],
                expected=f"{expected[:16]} (sha256, from manifest.json)",
                next="train again, or copy the whole folder again",
            )
    return dict(manifest)


def check_sizes(arrays: Mapping[str, Array], ids: Mapping[str, Any]) -> None:
    """Make sure that every array has a row for each id that it is about, and names no row beyond them.

    Raises:
        ValueError: one does not.
    """
    nodes = "node_embeddings" if "node_embeddings" in arrays else "node_embeddings.whole"
    about = {"prior": "items", "is_cold": "items", nodes: "nodes", "relation_embeddings": "relations"}
    for name, kind in about.items():
        if len(arrays[name]) != len(ids[kind]):
            raise ValueError(f"{name} has {len(arrays[name])} rows, there are {len(ids[kind])} {kind}")
    if len(ids["names"]) != len(ids["nodes"]):
        raise ValueError(f"there are {len(ids['names'])} names and {len(ids['nodes'])} nodes")
    for code, names in ids.get("names_by_language", {}).items():
        if len(names) != len(ids["nodes"]):
            raise ValueError(f"there are {len(names)} names in the language {code} and {len(ids['nodes'])} nodes")
    rows = {"user": "users", "item": "items", "kind": "kinds", "platform": "platforms"}
    for field, kind in (rows | ({"type": "types"} if "types" in ids else {})).items():
        array = arrays[f"interactions.{field}"]
        if len(array) and not 0 <= array.min() <= array.max() < len(ids[kind]):
            beyond = array.min() if array.min() < 0 else array.max()
            raise ValueError(f"interactions.{field} names row {beyond}, there are {len(ids[kind])}")


def put_in_place(fresh: Path, target: Path) -> None:
    """Make a folder stand where another does, which is removed. There is one at every moment, where Linux does it."""
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    shutil.rmtree(old, ignore_errors=True)
    if not target.exists():
        fresh.rename(target)
        return
    if _exchanged(fresh, target):
        fresh.rename(old)
    else:
        target.rename(old)
        fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two paths have changed places, which is one step; False where the system cannot do that."""
    exchange = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here = -100  # AT_FDCWD: relative paths start at the current folder
    return exchange is not None and exchange(here, os.fsencode(one), here, os.fsencode(other), _RENAME_EXCHANGE) == 0


def which_manifest(root: Path) -> tuple[int, int] | None:
    """What tells a manifest from one that has taken its place; None where there is none."""
    try:
        status = (root / MANIFEST).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def version_of(root: Path) -> str:
    """Id of the bundle in a folder: the first digits of its manifest's hash, which names the hashes of its files.

    Raises:
        OSError: there is none.
    """
    return sha256(root / MANIFEST)[:_VERSION_LENGTH]


def sha256(path: Path) -> str:
    """Hash of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
