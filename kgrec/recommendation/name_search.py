"""Names that fit a text, as somebody types it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.parallel.cached_attribute import cached_property
from kgrec.plain_text import folded
from kgrec.recommendation.answer_types import NameMatch


class NameSearch:
    """Items by name and id, users by id; letters small or capital, with marks or without, are the same.

    Whole names come first, then beginnings of names, beginnings of words, and what stands within; among items that fit
    alike the popular ones come first.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def items(self, text: str, k: int) -> list[NameMatch]:
        """The ``k`` best items."""
        bundle = self._bundle
        languages = bundle.names_by_language
        return [
            NameMatch(
                "item",
                bundle.items[row],
                bundle.names[row],
                {code: names[row] for code, names in languages.items() if names[row]},
            )
            for row in _best(text, self._item_texts, -bundle.model.prior, k)
        ]

    def users(self, text: str, k: int, is_gone: Callable[[str], bool] = lambda user: False) -> list[NameMatch]:
        """The ``k`` best users, without those who are gone."""
        users = self._accounts
        best = _best(text, self._user_texts, np.zeros(len(users)), len(users))
        here = (users[row] for row in best if not is_gone(users[row]))
        return [NameMatch("user", user, user) for user in islice(here, k)]

    @cached_property
    def _item_texts(self) -> list[list[str]]:
        """Of each item what it may be called, folded."""
        bundle = self._bundle
        n = len(bundle.items)
        kinds = [bundle.names[:n], tuple(bundle.items), *(names[:n] for names in bundle.names_by_language.values())]
        return [[folded(text) for text in texts if text] for texts in zip(*kinds, strict=True)]

    @cached_property
    def _user_texts(self) -> list[list[str]]:
        return [[folded(user)] for user in self._accounts]

    @cached_property
    def _accounts(self) -> list[str]:
        return self._bundle.persons.every_account(self._bundle.users)


def _best(text: str, texts: Sequence[Sequence[str]], order: np.ndarray, k: int) -> list[int]:
    """Rows of what fits best; at the same fit the least of ``order`` first."""
    wanted = folded(text)
    if not wanted:
        return []
    found = [
        (fit, float(order[row]), row)
        for row, own in enumerate(texts)
        if (fit := min((_fit(wanted, name) for name in own), default=_NO_FIT)) < _NO_FIT
    ]
    return [row for _, _, row in sorted(found)[:k]]


_NO_FIT = 4


def _fit(wanted: str, name: str) -> int:
    """0 for the whole name, 1 for its beginning, 2 for beginnings of words, 3 for what is within, 4 for none."""
    if wanted not in name:
        words = f" {name}"
        return 2 if all(f" {word}" in words for word in wanted.split()) else _NO_FIT
    if name.startswith(wanted):
        return 0 if name == wanted else 1
    return 2 if f" {wanted}" in name else 3
