"""`kgrec serve` in a process of its own, over copies of a bundle and a graph, so that it may be killed and broken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

_COMMAND = "from kgrec.cli.app import main; main()"
_END_S = 300.0


class Served:
    """A service that runs.

    Args:
        folder: where its bundle, its graph and its event log are.
        options: of ``kgrec serve``, after its own.
        first: Python that runs before anything else, such as what sets the clock.
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
        self._said = (folder / "serve.log").open("ab")
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=self._said, text=True)
        assert self.process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = self.process.stdout.readline()
            if not line:
                break
            text += line
        self.url: str = json.loads(text or "{}").get("url", "")
        if not self.url:
            raise RuntimeError(f"the service did not start:\n{text}{(folder / 'serve.log').read_text()[-2_000:]}")

    @property
    def memory_mb(self) -> float:
        """What it holds in memory and nobody else does, MB: mapped files are not counted."""
        return float(psutil.Process(self.process.pid).memory_full_info().uss) / 1e6

    @property
    def lives(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self._ended()

    def stop(self) -> None:
        """End it after the requests under way."""
        self.process.terminate()
        try:
            self.process.wait(_END_S)
        finally:
            self.process.kill()
            self._ended()

    def _ended(self) -> None:
        self.process.communicate()
        self._said.close()


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
