"""Work on blocks of something large: each block is a call, results come in the order of the blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass
from itertools import zip_longest
from typing import Generic, TypeVar

from kgrec.parallel.allocator import memory_kept
from kgrec.parallel.executor import Executor, Pending, Shared, here
from kgrec.progress import Progress, silent

Value = TypeVar("Value")
Block = TypeVar("Block", bound=Sized)
Result = TypeVar("Result")

_AHEAD = 2
"""Blocks under way for each worker: the next one is there when a worker is done, and results do not pile up."""


@dataclass(frozen=True)
class _OfBlock(Generic[Value, Block, Result]):
    """What is worked out of one block."""

    work: Callable[[Value, Block], Result]
    shared: Shared[Value]
    block: Block

    def __call__(self, progress: Progress) -> Result:
        with memory_kept():
            return self.work(self.shared.value(), self.block)


def map_blocks(
    executor: Executor,
    work: Callable[[Value, Block], Result],
    shared: Value,
    blocks: Sequence[Block],
    progress: Progress = silent,
    step: str = "rows",
    unit: str = "rows",
) -> Iterator[Result]:
    """``work(shared, block)`` of each block, in the order of the blocks.

    Sums over them come out the same, to the last bit, whatever runs them. So does each result where the work itself
    does not depend on the number of threads. Where all workers are busy with other calls, this process does the work.

    Args:
        work: a function of a module, picklable; it must not write to what is shared.
        shared: what all of them read; workers of this machine map its arrays and copy nothing.
        blocks: small, such as ranges of rows.
        step, unit: what progress is told of; of the units a block has as many as it is long.
    """
    done, total, free = 0, sum(map(len, blocks)), executor.free()
    executor, ahead = (executor, _AHEAD * free) if free > 0 else (here, 1)
    with executor.share(shared) as handle:

        def begun(block: Block) -> Pending[Result]:
            return executor.submit(_OfBlock(work, handle, block))

        under_way = deque(map(begun, blocks[:ahead]))
        for block, later in zip_longest(blocks, blocks[ahead:]):
            result = under_way.popleft().result(progress)
            if later is not None:
                under_way.append(begun(later))
            done += len(block)
            progress(step, done, total, unit=unit)
            yield result


def ranges(n: int, size: int) -> list[range]:
    """The numbers below n in blocks of a size; the last may be shorter.

    Example:
        >>> ranges(5, 2)
        [range(0, 2), range(2, 4), range(4, 5)]
    """
    return [range(start, min(start + size, n)) for start in range(0, n, size)]
