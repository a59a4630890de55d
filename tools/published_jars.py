"""Servers from their published jars: fetched by Maven once, kept in kgrec's cache folder, run by the machine's Java.

Maven's own configuration decides where they come from.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kgrec_loaders.wheels import cache_folder

SOON = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-BytecodeVerificationRemote",  # Maven has checked the jars
)
"""Compiling less well and collecting in one thread, Java starts and warms up in half the time."""

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"
_TIMEOUT_S = 600


class JarsMissingError(RuntimeError):
    """This machine lacks what a server from jars needs; the message says what to install."""


def java() -> str:
    """The Java to run: ``$JAVA_HOME``'s, else the one on the path.

    Raises:
        JarsMissingError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if not found:
        raise JarsMissingError("no Java: install Java 17 and Maven (Debian: openjdk-17-jre-headless maven)")
    return found


def jars(name: str, version: str, artifacts: Sequence[str]) -> Path:
    """Folder of a server's jars and of all that they need; the first call on a machine fetches them.

    Args:
        name: of the server.
        version: of each artifact.
        artifacts: as ``GROUP:ARTIFACT``.

    Raises:
        JarsMissingError: they are not in the cache and Maven is missing or cannot fetch them.
    """
    cache = cache_folder("")
    folder = cache / f"{name}-{version}"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{name}-{version}.lock"):
        if not folder.is_dir():
            # Fetched beside the cache and renamed when complete: a folder of this name is always whole.
            with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as work:
                _fetch(Path(work), _pom(name, version, artifacts))
                (Path(work) / "lib").rename(folder)
    return folder


def _pom(name: str, version: str, artifacts: Sequence[str]) -> str:
    needed = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact in (one.split(":") for one in artifacts)
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>kgrec</groupId>"
        f"<artifactId>{name}-test-server</artifactId><version>1</version><dependencies>{needed}</dependencies></project>"
    )


def _fetch(work: Path, pom: str) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise JarsMissingError("no Maven to fetch the server's jars: install Maven (Debian: maven)")
    (work / "pom.xml").write_text(pom)
    command = [maven, "-q", "-B", "--strict-checksums", _PLUGIN, "-DoutputDirectory=lib", "-DincludeScope=runtime"]
    try:
        done = subprocess.run(
            command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        output, failed = done.stdout + done.stderr, done.returncode != 0
    except subprocess.TimeoutExpired:
        output, failed = f"no end after {_TIMEOUT_S} s", True
    if failed:
        raise JarsMissingError("Maven could not fetch the server's jars: " + " ".join(output.split())[:600])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the file's lock, so that two runs at once fetch once; a run that dies gives it back."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
