"""Ids and names of a compacted bundle as arrays, which processes share; all else stays in its file of ids.

The arrays of ``users``, ``items``, ``nodes``, ``names`` and of names in further languages begin with ``texts.``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kgrec.data.dataset import Array
from kgrec.data.packed_texts import PackedTexts, PackedVocabulary, packed, slots_of
from kgrec.data.vocabulary import Vocabulary

_VOCABULARIES = "users", "items", "nodes"
_LANGUAGES = "names_by_language"
_PREFIX = "texts."


def packed_ids(ids: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Array]]:
    """What is left for the file of ids, and the arrays of the texts in it that are many."""
    many = {name: ids[name] for name in (*_VOCABULARIES, "names")}
    many |= {f"{_LANGUAGES}.{code}": names for code, names in ids[_LANGUAGES].items()}
    arrays: dict[str, Array] = {}
    for name, texts in many.items():
        arrays |= {f"{_PREFIX}{name}.{part}": array for part, array in packed(texts).items()}
        if name in _VOCABULARIES:
            arrays[f"{_PREFIX}{name}.slots"] = slots_of(texts)
    return {name: value for name, value in ids.items() if name not in (*many, _LANGUAGES)}, arrays


def with_packed(ids: Mapping[str, Any], arrays: Mapping[str, Array]) -> dict[str, Any]:
    """The ids of a bundle with the texts that are in its arrays, where there are such.

    Raises:
        KeyError, ValueError: parts are missing, or do not fit each other.
    """
    names = [name.removeprefix(_PREFIX).removesuffix(".content") for name in arrays if name.startswith(_PREFIX)]
    whole: dict[str, Any] = {**ids}
    for name in (name for name in names if f"{_PREFIX}{name}.content" in arrays):
        content, ends = (arrays[f"{_PREFIX}{name}.{part}"] for part in ("content", "ends"))
        field, _, code = name.partition(".")
        if code:
            whole.setdefault(field, {})[code] = PackedTexts(content, ends)
        else:
            whole[field] = PackedTexts(content, ends)
    return whole


def names_of(texts: Sequence[str]) -> Sequence[str]:
    """Names as a bundle has them: packed ones as they are."""
    return texts if isinstance(texts, PackedTexts) else tuple(texts)


def vocabulary_of(ids: Mapping[str, Any], arrays: Mapping[str, Array], name: str) -> Vocabulary:
    """A vocabulary of a bundle.

    Raises:
        KeyError, ValueError: it is missing, or its arrays do not fit each other.
    """
    texts = ids[name]
    if isinstance(texts, PackedTexts):
        return PackedVocabulary(texts, arrays[f"{_PREFIX}{name}.slots"])
    return Vocabulary(texts)
