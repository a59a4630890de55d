"""A deferred sequence is the tuple that it makes, once, at the first look."""

from __future__ import annotations

import pickle

from kgrec.explanation.deferred import Deferred


def test_it_is_made_once_and_when_it_is_looked_at() -> None:
    made: list[int] = []

    def make() -> tuple[int, ...]:
        made.append(1)
        return 3, 1, 2

    parts = Deferred(make, 3)
    assert (len(parts), bool(parts), made) == (3, True, [])
    assert (list(parts), parts[0], parts[1:], list(reversed(parts))) == ([3, 1, 2], 3, (1, 2), [2, 1, 3])
    assert made == [1]
    assert parts == (3, 1, 2)
    assert parts == Deferred(lambda: (3, 1, 2))
    assert parts != (3, 1)
    assert (repr(parts), hash(parts)) == ("(3, 1, 2)", hash((3, 1, 2)))


def test_without_a_length_it_is_counted() -> None:
    assert not Deferred(tuple)
    assert len(Deferred(lambda: ("a",))) == 1


def test_a_copy_needs_nothing_of_what_it_was_made_from() -> None:
    assert pickle.loads(pickle.dumps(Deferred(lambda: (1, 2), 2))) == (1, 2)
