"""A Kafka broker from its published jars: one node without ZooKeeper, listening on 127.0.0.1, gone with its process."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tools.neo4j.running import dismiss, watch
from tools.published_jars import SOON, jars, java

VERSION = "4.1.0"
START_TIMEOUT_S = 60.0
_ARTIFACTS = ("org.apache.kafka:kafka_2.13",)
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={home}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
log.retention.check.interval.ms=100
"""


class KafkaBroker:
    """A broker that runs while this is open; it can be killed and started again on the same data.

    Attributes:
        address: host and port.

    Raises:
        JarsMissingError: this machine lacks Java, Maven or the jars; says what to install.
    """

    def __init__(self) -> None:
        self._java, self._jars = java(), jars("kafka", VERSION, _ARTIFACTS)  # about 43 MB
        self._home = Path(tempfile.mkdtemp(prefix="kgrec-kafka-"))
        port, controller = _free_ports(2)
        self.address = f"127.0.0.1:{port}"
        self._settings = self._home / "server.properties"
        self._settings.write_text(_SETTINGS.format(port=port, controller=controller, home=self._home))
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            formatted = self._command("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._settings))
            subprocess.run(formatted, capture_output=True, check=True)
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Return when it answers.

        Raises:
            RuntimeError: it does not in time, with what it said.
        """
        log = self._home / "console.log"
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", str(self._settings)),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        self._watcher = watch('kill -9 "$1"; sleep 1; rm -rf -- "$2"', str(self._process.pid), str(self._home))
        until = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError(f"Kafka does not answer:\n{log.read_text(errors='replace')[-2_000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as kill -9 does."""
        if self._watcher is not None:
            dismiss(self._watcher)  # before the process's number is free for another one
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._process = self._watcher = None

    def close(self) -> None:
        """End it and remove what it kept."""
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def topic(self, name: str, partitions: int = 1, **settings: str) -> None:
        """Make a topic; it is there when this returns."""
        admin = AdminClient({"bootstrap.servers": self.address})
        of_topic = {key.replace("_", "."): value for key, value in settings.items()}
        made = admin.create_topics([NewTopic(name, partitions, 1, config=of_topic)])
        made[name].result(30)

    def _answers(self) -> bool:
        try:
            host, port = self.address.split(":")
            socket.create_connection((host, int(port)), timeout=1).close()
            return bool(AdminClient({"bootstrap.servers": self.address}).list_topics(timeout=2).brokers)
        except (OSError, KafkaException):
            return False

    def _command(self, entry: str, *arguments: str) -> list[str]:
        return [self._java, *SOON, "-Xmx384m", "-cp", f"{self._jars}/*", entry, *arguments]


def _free_ports(count: int) -> list[int]:
    """Ports that nobody uses, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
