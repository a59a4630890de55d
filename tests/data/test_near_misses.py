"""The id that was probably meant, named with what differs."""

from __future__ import annotations

import pytest

from kgrec.data.near_misses import longer_ids, near_miss, near_spellings


@pytest.mark.parametrize(
    ("uid", "known", "told"),
    [
        ("20.0", "20", "'20' exists"),
        ("20", "20.0", "'20.0' exists"),
        ("007", "7", "'7' exists"),
        ("7", "007", "'007' exists"),
        ("+7", "7", "'7' exists"),
        ("-7.00", "-7", "'-7' exists"),
        ("0.0", "0", "'0' exists"),
        ("Ame\u0301lie", "Am\u00e9lie", "'Am\u00e9lie' exists (the same letters composed otherwise)"),
        ("\uff21\uff22", "AB", "'AB' exists (the same letters composed otherwise)"),
        ("a\u200bb", "ab", "'ab' exists (without characters that nobody sees)"),
        ("a  b", "a b", "'a b' exists (without characters that nobody sees)"),
        ('"20"', "20", "'20' exists (without quotes)"),
        ("emma", "Emma", "'Emma' exists (in other letters, small or capital)"),
        ("movielens:50", "50", "'50' exists (without 'movielens:')"),
        ("True", "true", "'true' exists (in other letters, small or capital)"),
    ],
)
def test_another_way_to_write_it_is_named(uid: str, known: str, told: str) -> None:
    assert near_miss(uid, {known}.__contains__) == told
    assert known in near_spellings(uid)


@pytest.mark.parametrize(
    ("uid", "known"), [("20.5", "20"), ("a", "b"), ("20", "200"), ("1e1", "10"), ("a", "a"), ("-", "")]
)
def test_what_is_another_id_is_not_named(uid: str, known: str) -> None:
    assert near_miss(uid, {known}.__contains__) is None


def test_ids_that_end_with_it_are_named() -> None:
    known = ["movielens:50", "http://x/50", "http://x#50", "a:50", "a:150", "50:a"]
    assert longer_ids("50", known) == "'movielens:50', 'http://x/50', 'http://x#50' and others exist"
    assert longer_ids("150", known) == "'a:150' exists"
    assert longer_ids("5", known) is None
    assert longer_ids("", ["a:"]) is None


@pytest.mark.parametrize("basket", ["a;b", "a; b", "a|b", "a,b"])
def test_several_ids_in_one_text_are_told(basket: str) -> None:
    told = near_miss(basket, {"a", "b"}.__contains__)
    assert told == (
        f"'a', 'b' exist: one cell holds several ids, which a schema takes apart by {basket[1]!r} "
        "(`split`, of interactions `item_split`)"
    )
    assert near_miss(basket, {"a"}.__contains__) is None
