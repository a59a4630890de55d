"""A Neo4j Community server from its published jars, under the machine's Java.

The jars are fetched by Maven once and kept in kgrec's cache folder.
Maven's own configuration decides where they come from. The server is GPLv3: the tests start it, kgrec ships none of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kgrec_loaders.wheels import cache_folder
from tools.neo4j.running import START_TIMEOUT_S, Neo4jMissingError, Neo4jServer, dismiss, run, watch

VERSION = "5.26.30"

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"
_POM = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>kgrec</groupId>
  <artifactId>neo4j-test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{VERSION}</version></dependency>
    <dependency>
      <groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId><version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
_TIMEOUT_S = 600
_SOON = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-BytecodeVerificationRemote",  # Maven has checked the jars
)
"""Compiling less well and collecting in one thread, Java starts and warms up in half the time."""
_HOME_BYTES = 2 * 2**30
_MODULES = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch")


class JarServer(Neo4jServer):
    """The Community server from its jars, in a temporary home folder unless one is given."""

    managed = True

    def __init__(self, settings: Mapping[str, str], port: int, password: str, home: Path | None, lasting: bool) -> None:
        super().__init__(f"neo4j://127.0.0.1:{port}", "neo4j", password)
        self._java, self._jars = java(), jars()
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
        options += ["-XX:+UseG1GC"] if self._lasting else _SOON
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
        return run([*self._command("org.neo4j.cli.AdminTool", heap, *_SOON), *arguments], self._environment())

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


def java() -> str:
    """The Java to run: ``$JAVA_HOME``'s, else the one on the path.

    Raises:
        Neo4jMissingError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if not found:
        raise Neo4jMissingError("no Java: install Java 17 and Maven (Debian: openjdk-17-jre-headless maven)")
    return found


def jars() -> Path:
    """Folder of the server's jars; the first call on a machine fetches them (about 125 MB).

    Raises:
        Neo4jMissingError: they are not in the cache and Maven is missing or cannot fetch them.
    """
    cache = cache_folder("")
    folder = cache / f"neo4j-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"neo4j-{VERSION}.lock"):
        if not folder.is_dir():
            # Fetched beside the cache and renamed when complete: a folder of this name is always whole.
            with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as work:
                _fetch(Path(work))
                (Path(work) / "lib").rename(folder)
    return folder


def _fetch(work: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise Neo4jMissingError("no Maven to fetch the server's jars: install Maven (Debian: maven)")
    (work / "pom.xml").write_text(_POM)
    command = [maven, "-q", "-B", "--strict-checksums", _PLUGIN, "-DoutputDirectory=lib", "-DincludeScope=runtime"]
    try:
        done = subprocess.run(
            command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        output, failed = done.stdout + done.stderr, done.returncode != 0
    except subprocess.TimeoutExpired:
        output, failed = f"no end after {_TIMEOUT_S} s", True
    if failed:
        raise Neo4jMissingError("Maven could not fetch the server's jars: " + " ".join(output.split())[:600])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the file's lock, so that two runs at once fetch once; a run that dies gives it back."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
