"""axe-core, which finds what keeps people out of a page: fetched by npm once, kept in kgrec's cache folder.

Its licence (MPL-2.0) lets everybody use it; it is no part of kgrec.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from kgrec_loaders.wheels import cache_folder

VERSION = "4.14.1"
_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
_TIMEOUT_S = 60


def axe_script() -> str:
    """The script to run in a page; the test is skipped where it cannot be had."""
    kept = cache_folder("") / f"axe-core-{VERSION}.min.js"
    if not (kept.is_file() and _is_axe(kept.read_bytes())):
        script = _fetched()
        if not _is_axe(script):
            pytest.fail(f"npm brought another axe-core than {VERSION}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        beside = kept.with_suffix(".part")
        beside.write_bytes(script)
        beside.replace(kept)
    return kept.read_text(encoding="utf-8")


def _is_axe(script: bytes) -> bool:
    return hashlib.sha256(script).hexdigest() == _SHA256


def _fetched() -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"axe-core {VERSION} is not in the cache, and there is no npm to fetch it")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", f"axe-core@{VERSION}"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_TIMEOUT_S)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"axe-core {VERSION} is not in the cache, and npm cannot fetch it: {error}")
        (packed,) = Path(folder).glob("*.tgz")
        with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            return member.read()
