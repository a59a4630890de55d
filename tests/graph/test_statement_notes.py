"""Which sources an import replaces: those of its own names, or the one other that it can only mean."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kgrec.errors import ReplacementError
from kgrec.graph.statement_notes import ReplacementPlan, Stated, note_name, notes_in, replacement_plan

FILMS: Stated = ("nodes", "Film", "lens")
WATCHED: Stated = ("interactions", "WATCHED", "lens")


def plan(now: Mapping[Stated, set[str]], *before: tuple[Stated, str, int]) -> ReplacementPlan:
    ledger = {f"L{n} {note_name(what, source)}": number for n, (what, source, number) in enumerate(before)}
    return replacement_plan(notes_in(ledger | {"L0": 5, "L0 complete": 1}), "L9", now, "the store")


def test_a_source_replaces_what_it_stated() -> None:
    found = plan({FILMS: {"a"}}, (FILMS, "a", 1), (WATCHED, "a", 1), (WATCHED, "b", 0))
    assert found.what == {FILMS, WATCHED}
    assert (found.replaced, found.told) == (None, ())
    assert found.outdated == (f"L1 {note_name(WATCHED, 'a')}",)


def test_what_it_states_for_the_first_time_replaces_nothing_of_others() -> None:
    assert plan({FILMS: {"a"}, WATCHED: {"a"}}, (FILMS, "a", 1), (WATCHED, "b", 1)).what == {FILMS}


def test_a_new_name_replaces_the_only_other_source() -> None:
    found = plan({FILMS: {"new"}}, (FILMS, "old", 1), (WATCHED, "old", 1))
    assert found.what == {FILMS}
    assert found.replaced == "old"
    assert found.told == ("new was not imported before and replaces old",)
    assert found.outdated == (f"L0 {note_name(FILMS, 'old')}",)


def test_an_import_that_has_not_replaced_yet_was_not_before() -> None:
    found = plan({FILMS: {"new"}}, (FILMS, "old", 1), (FILMS, "new", 2))
    assert found.what == {FILMS}
    assert (found.replaced, found.pending) == ("old", ())


def test_there_may_be_nothing_to_replace() -> None:
    found = plan({FILMS: {"a"}}, (WATCHED, "b", 1))
    assert found.what == frozenset()
    assert found.first == {FILMS}
    assert found.told == ("the sources were not imported before, so there is nothing to replace",)


def test_others_that_state_the_same_are_named() -> None:
    found = plan({FILMS: {"a"}}, (FILMS, "a", 1), (FILMS, "b", 1), (WATCHED, "c", 1))
    assert found.what == {FILMS}
    assert found.shared == {"b"}
    assert plan({FILMS: {"a", "b"}}, (FILMS, "a", 1), (FILMS, "b", 1)).shared == frozenset()


def test_a_new_name_among_several_is_refused() -> None:
    before = (FILMS, "b", 1), (FILMS, "c", 1)
    with pytest.raises(ReplacementError, match=r"cannot be told from what others state") as caught:
        plan({FILMS: {"a"}}, *before)
    assert caught.value.found is not None
    assert "b" in caught.value.found
    assert plan({FILMS: {"a", "b", "c"}}, *before).what == {FILMS}
