"""Processes that work the shards of one training together, each some of them: what goes between them at a step.

A team meets at a TCPStore of its first member and exchanges by gloo, on the address that its board gives: nothing
listens elsewhere. Whoever is gone, or does not answer for two minutes, ends the team of all others with an error.
"""

from __future__ import annotations

import platform
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from kgrec.learn.neural.shard_sums import WorkShard, added

_TIMEOUT = timedelta(seconds=120)
_c10d: Any = dist
"""Of some builds of torch it has nothing."""


def arithmetic() -> str:
    """What decides about the last bits of products and sums: the processor and the libraries."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []  # not Linux
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else f"{platform.machine()} {platform.processor()}"
    return f"{processor}, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}, numpy {np.__version__}"


def meeting_place(host: str) -> Any:
    """A store for a team to meet at, on a free port of an address of this machine."""
    with socket.create_server((host, 0)) as listener:
        port = listener.getsockname()[1]
        return _c10d.TCPStore(
            host,
            port,
            is_master=True,
            wait_for_workers=False,
            timeout=_TIMEOUT,
            master_listen_fd=listener.detach(),
        )


@dataclass(frozen=True)
class Team:
    """One member's end of a team.

    Attributes:
        group: of gloo.
        rank: this member's number; the first, 0, leads.
        size: number of members.
    """

    group: Any
    rank: int
    size: int

    @classmethod
    def met(cls, store: Any, host: str, rank: int, size: int) -> Team:
        """The team, once all members are there.

        Args:
            host: an address of this machine that the others reach.

        Raises:
            RuntimeError: some did not come in time.
        """
        gloo = _c10d.ProcessGroupGloo
        options = gloo._Options()
        options._timeout = _TIMEOUT
        options._devices = [gloo.create_device(hostname=host)]
        return cls(gloo(store, rank, size, options), rank, size)

    @classmethod
    def joined(cls, address: tuple[str, int], host: str, rank: int, size: int) -> Team:
        """The team that meets at an address, once all members are there.

        Raises:
            RuntimeError: nobody is at the address, or some did not come in time.
        """
        return cls.met(_c10d.TCPStore(*address, is_master=False, timeout=_TIMEOUT), host, rank, size)

    def told(self, content: bytes = b"") -> bytes:
        """What the first member says, a byte at least; the others' own content does not count.

        Raises:
            RuntimeError: somebody is gone.
        """
        length = torch.tensor([len(content)])
        self.group.broadcast([length], _from_first()).wait()
        said = torch.empty(int(length), dtype=torch.uint8)
        if self.rank == 0:
            said = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        self.group.broadcast([said], _from_first()).wait()
        return said.numpy().tobytes()

    def summed(self, shards: int, work: WorkShard) -> list[Tensor]:
        """The sum over the shards, added up in their order. Each member works every size-th shard from its rank on.

        Raises:
            RuntimeError: somebody is gone.
        """
        own = [work(shard) for shard in range(self.rank, shards, self.size)]
        shapes = [part.shape for part in own[0]]
        # As many rows from everybody: those that have a shard less fill up with zeros, which nobody reads.
        sent = torch.zeros(-(-shards // self.size), sum(shape.numel() for shape in shapes))
        for row, parts in zip(sent, own, strict=False):
            torch.cat([part.flatten() for part in parts], out=row)
        received = [torch.empty_like(sent) for _ in range(self.size)]
        self.group.allgather([received], [sent]).wait()
        (total,) = added([received[shard % self.size][shard // self.size]] for shard in range(shards))
        return _divided(total, shapes)


def _from_first() -> Any:
    options = _c10d.BroadcastOptions()
    options.rootRank = 0
    return options


def _divided(flat: Tensor, shapes: Sequence[torch.Size]) -> list[Tensor]:
    """The tensors of some shapes that were laid end to end."""
    parts = torch.split(flat, [shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
