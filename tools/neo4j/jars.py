"""A Neo4j Community server from its published jars, under the machine's Java.

The server is GPLv3: the tests start it, kgrec ships none of it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.neo4j.running import START_TIMEOUT_S, Neo4jMissingError, Neo4jServer, dismiss, run, watch
from tools.published_jars import SOON, JarsMissingError, jars, java

VERSION = "5.26.30"

_ARTIFACTS = ("org.neo4j:neo4j", "org.neo4j.app:neo4j-server")
_HOME_BYTES = 2 * 2**30
_MODULES = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch")


class JarServer(Neo4jServer):
    """The Community server from its jars, in a temporary home folder unless one is given."""

    managed = True

    def __init__(self, settings: Mapping[str, str], port: int, password: str, home: Path | None, lasting: bool) -> None:
        super().__init__(f"neo4j://127.0.0.1:{port}", "neo4j", password)
        try:
            self._java, self._jars = java(), jars("neo4j", VERSION, _ARTIFACTS)  # about 125 MB
        except JarsMissingError as error:
            raise Neo4jMissingError(str(error)) from error
        self._settings = dict(settings)
        self._kept = home is not None
        self._lasting = lasting
        self.home = home.absolute() if home else Path(tempfile.mkdtemp(prefix="kgrec-neo4j-", dir=_memory_folder()))
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        try:
            self._prepare(f"127.0.0.1:{port}")
            self._launch()
        except BaseException:
            self.close()
            raise

    def _prepare(self, address: str) -> None:
        """Writes the configuration and sets the first password; a kept folder keeps the password that it has."""
        for name in ("conf", "data", "import", "logs", "plugins"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        settings = {
            "server.default_listen_address": "127.0.0.1",
            "server.default_advertised_address": "127.0.0.1",
            "server.bolt.listen_address": address,
            "server.bolt.advertised_address": address,
        } | self._settings
        (self.home / "conf" / "neo4j.conf").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        kept = self.home / "password"
        if kept.is_file():
            self.password = kept.read_text()
            return
        self.admin("dbms", "set-initial-password", self.password)
        kept.touch(mode=0o600)
        kept.write_text(self.password)

    def _command(self, entry: str, *options: str) -> list[str]:
        return [self._java, *options, "-cp", f"{self._jars}/*", entry]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}

    def _launch(self) -> None:
        memory = {"-Xms": "server.memory.heap.initial_size", "-Xmx": "server.memory.heap.max_size"}
        options = [flag + self._settings[key] for flag, key in memory.items()]
        options += ["-XX:+UseG1GC"] if self._lasting else SOON
        options += [f"--add-opens={module}=ALL-UNNAMED" for module in _MODULES]
        command = self._command("org.neo4j.server.CommunityEntryPoint", *options)
        command += [f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}"]
        with (self.home / "logs" / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        forget = "" if self._kept else 'sleep 1; rm -rf -- "$2"'
        self._watcher = watch(f'kill -9 "$1"; {forget}', str(self._process.pid), str(self.home))
        self.wait()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        self.stop()
        self._launch()

    def _end(self, how: signal.Signals) -> None:
        if self._watcher is not None:
            dismiss(self._watcher)  # before the server's number is free for another process
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(START_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._watcher = None

    def admin(self, *arguments: str) -> str:
        heap = "-Xmx" + self._settings["server.memory.heap.max_size"]
        return run([*self._command("org.neo4j.cli.AdminTool", heap, *SOON), *arguments], self._environment())

    def close(self) -> None:
        if self._kept:
            self.stop()
        else:
            self.kill()
            shutil.rmtree(self.home, ignore_errors=True)

    def _log_tail(self) -> str:
        logs = [self.home / "logs" / name for name in ("console.log", "neo4j.log")]
        lines = [line for log in logs if log.is_file() for line in log.read_text(errors="replace").splitlines()[-20:]]
        return "\n".join(lines)


def _memory_folder() -> Path | None:
    """Where files are memory, with room for a home: a commit waits for no disk there. None where there is no such."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > _HOME_BYTES else None
