"""`kgrec serve` in a process of its own, over copies of a bundle and a graph, so that it may be killed and broken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from kgrec.bundle.bundle import Bundle

_COMMAND = "from kgrec.cli.app import main; main()"
_START_S, _END_S = 300.0, 300.0
_LOOK_EVERY_S = 0.01


class Served:
    """A service that runs, and is ready.

    Args:
        folder: where its bundle, its graph and its event log are.
        options: of ``kgrec serve``, after its own.
        first: Python that runs before anything else, such as what sets the clock.

    Attributes:
        start_s: seconds until it was ready.

    Raises:
        RuntimeError: it ended, with what it said; or it was not ready in time.
    """

    def __init__(
        self,
        folder: Path,
        options: Sequence[str] = (),
        first: str = "",
    ) -> None:
        self.folder = folder
        own = ["--bundle", "a.bundle", "--store", "kglite:g.kgl", "--events", "events.db", "--port", "0", "--json"]
        command = [sys.executable, "-c", f"{first}\n{_COMMAND}", "serve", *own, *options]
        self._said, began = (folder / "serve.log").open("ab"), time.perf_counter()
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=self._said, text=True)
        assert self.process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = self.process.stdout.readline()
            if not line:
                break
            text += line
        self.url: str = json.loads(text or "{}").get("url", "")
        while not (self.url and _is_ready(self.url)):
            if not self.lives or time.perf_counter() - began > _START_S:
                self.kill()
                raise RuntimeError(f"the service did not start:\n{text}{(folder / 'serve.log').read_text()[-2_000:]}")
            time.sleep(_LOOK_EVERY_S)
        self.start_s = time.perf_counter() - began

    @property
    def memory_mb(self) -> float:
        """What it holds in memory and nobody else does, MB: mapped files are not counted."""
        return float(psutil.Process(self.process.pid).memory_full_info().uss) / 1e6

    @property
    def cpu_s(self) -> float:
        """Seconds of a processor that it has taken; whatever else the machine does, they stay the same."""
        return float(sum(psutil.Process(self.process.pid).cpu_times()[:2]))

    @property
    def lives(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self._ended()

    def stop(self) -> float:
        """End it after the requests under way; how many seconds that took."""
        began = time.perf_counter()
        self.process.terminate()
        try:
            self.process.wait(_END_S)
        finally:
            self.process.kill()
            self._ended()
        return time.perf_counter() - began

    def _ended(self) -> None:
        self.process.communicate()
        self._said.close()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=_START_S) as answer:
            return bool(answer.status == 200)
    except OSError:  # also an answer that it is not yet
        return False


def users_and_items(bundle: Path) -> tuple[list[str], list[str]]:
    """The ids in a bundle."""
    loaded = Bundle.load(bundle)
    return list(loaded.users), list(loaded.items)


@contextmanager
def copies(bundle: Path, graph: Path) -> Iterator[Path]:
    """A folder with copies of a bundle and a graph, under the names that :class:`Served` has for them."""
    with tempfile.TemporaryDirectory(prefix="kgrec-service-") as name:
        folder = Path(name)
        shutil.copytree(bundle, folder / "a.bundle")
        for file in graph.parent.glob(f"{graph.name}*"):
            if not file.name.endswith((".lock", ".lock-owner")):
                shutil.copy2(file, folder / file.name.replace(graph.name, "g.kgl", 1))
        yield folder
