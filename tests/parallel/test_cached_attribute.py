"""An attribute that is kept: worked out once for whoever looks later, and never with a lock in hand."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kgrec.parallel.cached_attribute import cached_property


class Sum:
    """What is worked out from an attribute of something else, each in a thread that the other waits for."""

    def __init__(self, made: Callable[[], object]) -> None:
        self.made = made
        self.looks = 0

    @cached_property
    def left(self) -> object:
        """One kind."""
        self.looks += 1
        return self.made()

    @cached_property
    def right(self) -> object:
        """Another kind."""
        return self.made()


def test_it_is_worked_out_once_and_kept() -> None:
    part = Sum(object)
    assert part.left is part.left
    assert (part.looks, list(vars(part))) == (1, ["made", "looks", "left"])
    assert isinstance(Sum.left, cached_property)
    part.__dict__["left"] = "put there"
    assert part.left == "put there"


def test_answers_that_look_at_each_others_kinds_do_not_wait_for_each_other() -> None:
    both_began, found = threading.Barrier(2, timeout=20), list[object]()

    def made(inner: Callable[[], object]) -> Callable[[], object]:
        def then() -> object:
            both_began.wait()
            return inner()

        return then

    first = Sum(made(lambda: Sum(lambda: "right of the first").right))
    second = Sum(made(lambda: Sum(lambda: "left of the second").left))
    threads = [
        threading.Thread(target=lambda: found.append(first.left), daemon=True),
        threading.Thread(target=lambda: found.append(second.right), daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(map(str, found)) == ["left of the second", "right of the first"]


def test_threads_that_look_at_once_get_the_same() -> None:
    together = threading.Barrier(2, timeout=20)

    def made() -> object:
        together.wait()  # both work it out
        return object()

    part, found = Sum(made), list[object]()
    threads = [threading.Thread(target=lambda: found.append(part.left)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert part.looks == 2
    assert found == [part.left, part.left]
