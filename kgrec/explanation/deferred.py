"""Sequences that are made when somebody looks at them: most parts of an explanation are never read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar, overload

from kgrec.parallel.cached_attribute import cached_property

Part = TypeVar("Part", covariant=True)


class Deferred(Sequence[Part]):
    """A tuple that is made at the first look at it.

    Args:
        make: what makes it.
        length: of it, where it is known before.
    """

    def __init__(self, make: Callable[[], tuple[Part, ...]], length: int | None = None) -> None:
        self._make = make
        self._length = length

    @cached_property
    def _made(self) -> tuple[Part, ...]:
        return self._make()

    def __len__(self) -> int:
        return len(self._made) if self._length is None else self._length

    @overload
    def __getitem__(self, place: int) -> Part: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Part, ...]: ...
    def __getitem__(self, place: int | slice) -> Part | tuple[Part, ...]:
        return self._made[place]

    def __iter__(self) -> Iterator[Part]:
        return iter(self._made)

    def __eq__(self, other: object) -> bool:
        return self._made == (other._made if isinstance(other, Deferred) else other)

    def __hash__(self) -> int:
        return hash(self._made)

    def __repr__(self) -> str:
        return repr(self._made)

    def __reduce__(self) -> tuple[Any, ...]:
        return Deferred, (partial(tuple, self._made), len(self._made))
