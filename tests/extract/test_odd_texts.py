"""Texts that stand for nothing, or for a list, are told; names of people are not."""

from __future__ import annotations

import pytest

from kgrec.data.records import NodeRecord
from kgrec.extract.odd_texts import OddTexts, reads_like_a_list, reads_like_nothing


@pytest.mark.parametrize("text", ["nan", "NaN", "None", "NULL", "null", "N/A", "n/a", "<NA>", "\\N", "NaT", "#N/A"])
def test_what_programs_write_for_nothing(text: str) -> None:
    assert reads_like_nothing(text)


@pytest.mark.parametrize("text", ["Nan", "Nil", "Nancy", "0", "nothing", "none of them", "naan", ""])
def test_what_is_something(text: str) -> None:
    assert not reads_like_nothing(text)


@pytest.mark.parametrize(
    "text", ["['Jazz', 'Live']", '["Jazz"]', "['Jazz' 'Live']", "['a',]", '{"en": "b0"}', "{'a': 1, 'b': [2]}"]
)
def test_what_programs_write_for_lists_and_objects(text: str) -> None:
    assert reads_like_a_list(text)


@pytest.mark.parametrize("text", ["[REC]", "[1]", "[]", "{}", "Jazz", "['Jazz", "[email 'a'] b", ""])
def test_what_is_a_text_in_brackets(text: str) -> None:
    assert not reads_like_a_list(text)


def test_each_node_counts_once_and_the_first_is_named() -> None:
    odd = OddTexts()
    odd.note(NodeRecord("Tag", "Jazz", {"name": "Jazz"}))
    odd.note(NodeRecord("Tag", "nan", {"name": "nan"}))
    odd.note(NodeRecord("Film", "1", {"name": "None", "tags": "['a', 'b']"}))
    assert (odd.nodes, list(odd.found())) == (
        3,
        [("nothing", 2, "Tag 'nan': 'nan'"), ("a list or object", 1, "Film '1': \"['a', 'b']\"")],
    )
