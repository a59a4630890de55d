"""A PostgreSQL server of one test run: Debian's package, a cluster in a temporary folder, a socket and no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = "nobody"


class PostgresMissingError(Exception):
    """There is no PostgreSQL on this machine."""


def programs() -> Path:
    """The folder of the server's programs.

    Raises:
        PostgresMissingError: it is not installed.
    """
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    for folder in [*known, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise PostgresMissingError("no initdb; Debian has it in the package postgresql")


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server's database, which goes when the block ends.

    Raises:
        PostgresMissingError: it is not installed.
    """
    folder = programs()
    # A socket's path has at most 107 characters, which pytest's own folders may exceed.
    root = Path(tempfile.mkdtemp(prefix="kgrec-pg-"))
    as_user: list[str] = []
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(root, NOBODY)
        as_user = ["setpriv", f"--reuid={NOBODY}", "--regid=nogroup", "--clear-groups"]
    data = root / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd=root)

    try:
        run(str(folder / "initdb"), "-D", str(data), "-U", "kgrec", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {root} -c listen_addresses='' -c fsync=off"
        run(str(folder / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(root / "log"), "-w", "start")
        try:
            yield f"postgresql+pg8000://kgrec@/postgres?unix_sock={root}/.s.PGSQL.5432"
        finally:
            run(str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)
