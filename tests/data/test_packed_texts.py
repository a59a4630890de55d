"""Packed texts are those that were packed, and packed vocabularies find each at its row and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.data.packed_texts import PackedTexts, PackedVocabulary, packed, slots_of
from kgrec.data.vocabulary import Vocabulary

IDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=40, unique=True)


def texts_of(texts: list[str]) -> PackedTexts:
    return PackedTexts(**packed(texts))


def vocabulary_of(ids: list[str]) -> PackedVocabulary:
    return PackedVocabulary(texts_of(ids), slots_of(ids))


@given(IDS)
def test_texts_come_back(texts: list[str]) -> None:
    again = texts_of(texts)
    assert list(again) == texts
    assert (again == texts, hash(again)) == (True, hash(tuple(texts)))
    assert again[1:4] == tuple(texts[1:4])
    assert again != [*texts, ""]


@given(IDS, st.text(st.characters(codec="utf-8"), max_size=5))
def test_rows_are_those_of_a_vocabulary(ids: list[str], other: str) -> None:
    again, before = vocabulary_of(ids), Vocabulary(ids)
    assert again == before
    assert again.rows([*ids, other]).tolist() == before.rows([*ids, other]).tolist()
    assert (other in again, again.row(other)) == (other in before, before.row(other))


def test_ids_of_one_checksum_are_told_apart() -> None:
    ids = ["plumless", "buckeroo"]  # the same CRC-32
    assert vocabulary_of(ids).rows([*ids, "other"]).tolist() == [0, 1, -1]


def test_letters_may_be_composed_either_way() -> None:
    assert vocabulary_of(["é"]).row("e\u0301") == 0


def test_a_text_that_is_none_is_unknown() -> None:
    assert vocabulary_of(["a"]).row("\ud800") is None
    assert 7 not in vocabulary_of(["a"])


def test_the_last_counts_from_the_end() -> None:
    texts = texts_of(["a", "", "ccc"])
    assert (texts[-1], texts[-3]) == ("ccc", "a")
    with pytest.raises(IndexError):
        texts[3]


@pytest.mark.parametrize("ends", [[2, 3], [4, 2], [0, 4], []])
def test_ends_that_do_not_fit_are_refused(ends: list[int]) -> None:
    content = packed(["a", "b"])["content"]
    with pytest.raises(ValueError, match="ends of texts do not fit"):
        PackedTexts(content, np.array(ends, np.uint32))


@pytest.mark.parametrize("n", [2, 6])
def test_slots_that_do_not_fit_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"{n} slots for 2 ids"):
        PackedVocabulary(texts_of(["a", "b"]), np.full(n, -1, np.int32))
