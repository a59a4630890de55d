"""A Neo4j server in a Docker container of the official image."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.neo4j.running import Neo4jMissingError, Neo4jServer, Neo4jServerError, dismiss, run, watch

IMAGE = "neo4j:5.26"


def docker_answers() -> bool:
    """Whether there is a Docker daemon to ask."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class DockerServer(Neo4jServer):
    """The official image in a container; neo4j-admin sees the host's temporary folder under the same path."""

    managed = True

    def __init__(self, settings: Mapping[str, str], port: int, password: str, data: Path | None, lasting: bool) -> None:
        super().__init__(f"neo4j://127.0.0.1:{port}", "neo4j", password)
        self._name = f"kgrec-test-{secrets.token_hex(6)}"
        self._watcher: subprocess.Popen[bytes] | None = None
        settings = {"server.bolt.advertised_address": f"127.0.0.1:{port}"} | dict(settings)
        command = ["docker", "run", "-d", "--name", self._name, "-p", f"127.0.0.1:{port}:7687"]
        command += ["-v", f"{data.absolute()}:/data"] if data else []
        command += ["-e", "NEO4J_AUTH"]
        for key, value in settings.items():
            command += ["-e", f"NEO4J_{key.replace('_', '__').replace('.', '_')}={value}"]
        try:
            run([*command, IMAGE], os.environ | {"NEO4J_AUTH": f"{self.user}/{password}"})
        except Neo4jServerError as error:
            self.close()
            raise Neo4jMissingError(f"Docker could not run {IMAGE}: {error}") from error
        self._watcher = watch('docker rm -f -v "$1"', self._name)
        try:
            self.wait()
        except BaseException:
            self.close()
            raise

    @property
    def running(self) -> bool:
        shown = ["docker", "inspect", "-f", "{{.State.Running}}", self._name]
        return run(shown).strip() == "true"

    def kill(self) -> None:
        if self.running:
            run(["docker", "kill", self._name])

    def stop(self) -> None:
        run(["docker", "stop", "-t", "60", self._name])

    def restart(self) -> None:
        self.stop()
        run(["docker", "start", self._name])
        self.wait()

    def admin(self, *arguments: str) -> str:
        folder = tempfile.gettempdir()
        command = ["docker", "run", "--rm", "--volumes-from", self._name, "-v", f"{folder}:{folder}"]
        return run([*command, "--entrypoint", "/var/lib/neo4j/bin/neo4j-admin", IMAGE, *arguments])

    def close(self) -> None:
        subprocess.run(["docker", "rm", "-f", "-v", self._name], capture_output=True, check=False)
        if self._watcher is not None:
            dismiss(self._watcher)

    def _log_tail(self) -> str:
        return run(["docker", "logs", "--tail", "30", self._name])
