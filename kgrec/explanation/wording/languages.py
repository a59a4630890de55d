"""Languages: what each must be able to say, and which are installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Protocol

from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError, shorten

if TYPE_CHECKING:
    from kgrec.explanation.wording.sentence_parts import Effect, Past, Popularity, Statement, Trend

WORDING_GROUP = "kgrec.wording"
"""Entry points of this group are languages: the code, such as ``en``, and a class with the methods of Wording."""


@dataclass(frozen=True)
class Labels:
    """The words of tables and lines.

    Attributes:
        chose: what somebody did with an item, where no graph schema says it.
        declined: likewise with one that they disliked, returned, hid or the like.
        others: the sum of ``{n}`` further rows.
        adds, share: what a reason adds to the score, and its share of what speaks for the item.
        entity: ``{n}`` past items and the item are related by ``{words}`` to ``{name}``.
        taken_together, taken_next: those who took the past item ``{name}`` took the item too, or after it.
        similar_text: the ``{texts}`` of the item are like those of ``{name}``.
        embeddings: its embedding from the graph is like the item's.
        disliked: who dislikes ``{name}`` likes the item less.
        again: the user ``{verb}`` the item itself before.
        other_facts: ``{n}`` entities that are not named.
        constant: of scaling.
        no_paths: nothing of the score flows through paths in the graph.
        popularity, expected_popularity: of a known and of a cold item.
        trend: how much it is chosen lately; after ``{days}`` days a choice counts half.
        context: how much more than usual it is chosen where ``{column}`` is ``{value}``.
        without: ``{score}``, ``{rank_before}`` and ``{rank_after}`` of ``{candidates}`` without ``{name}``.
    """

    rank: str
    id: str
    title: str
    score: str
    new: str
    why: str
    total: str
    others: str
    reason: str
    adds: str
    share: str
    entity: str
    taken_together: str
    taken_next: str
    similar_text: str
    embeddings: str
    disliked: str
    again: str
    other_facts: str
    constant: str
    no_paths: str
    popularity: str
    expected_popularity: str
    trend: str
    context: str
    paths: str
    without: str
    yes: str
    nothing_passes: str
    chose: str
    declined: str


class Wording(Protocol):
    """A language: one method per place in a text; what it may have to say there is in ``sentence_parts``.

    Attributes:
        code: by which words of the graph schema are taken, such as ``en``; the name of the entry point.
        labels: words of tables.
        between: what stands between two sentences.
    """

    @property
    def code(self) -> str: ...

    @property
    def labels(self) -> Labels: ...

    @property
    def between(self) -> str: ...

    def card(self, reason: Statement) -> str:
        """A reason that stands alone, without shares or counts and without a full stop."""
        ...

    def first(self, reasons: Sequence[Statement]) -> str:
        """The first reasons, with their shares: one, or several of the same past items, which are named once."""
        ...

    def further(self, reason: Statement) -> str:
        """Any other reason, with its share; where that is below 0, evidence that speaks against the item."""
        ...

    def texts(self, texts: Sequence[Mapping[str, str]]) -> str:
        """What the texts of items are made of, such as title and plot; a general word where nothing is known."""
        ...

    def without_reasons(self, history: bool, instead: Popularity | Trend | None) -> str:
        """Nothing that the user did speaks for the item.

        Args:
            history: there is a history, which says nothing for the item.
            instead: what counts most instead; None where nothing speaks for the item.
        """
        ...

    def against(self, past: Sequence[Past]) -> str:
        """Past items that speak against the item, at least one."""
        ...

    def cold_item(self) -> str:
        """Nobody had chosen the item when the model was learned."""
        ...

    def counterfactual(self, effect: Effect) -> str:
        """What the item would fall without; the only place for causal words: this is computed by scoring again."""
        ...


def known_languages() -> tuple[str, ...]:
    """Codes of the languages that are installed."""
    return tuple(sorted(_points()))


def wording_of(language: str) -> Wording:
    """The words of a language, by its code.

    Raises:
        ConfigError: the language is not installed, or what is installed cannot be loaded.
    """
    if language not in _points():
        raise ConfigError(
            "there are no sentences in this language.",
            found=shorten(language),
            expected=f"one of {', '.join(known_languages())}",
            next=f"choose one of them, or install a package that adds it (entry point group {WORDING_GROUP})",
        )
    return _loaded(_points()[language])


def installed_wordings() -> dict[str, Wording]:
    """Every installed language by its code; one that cannot be loaded is left out, so that the others can speak."""
    wordings = {}
    for language in known_languages():
        with suppress(ConfigError):
            wordings[language] = wording_of(language)
    return wordings


@lru_cache(maxsize=1)  # sentences are asked for by the thousand
def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=WORDING_GROUP)}


@lru_cache
def _loaded(point: EntryPoint) -> Wording:
    try:
        wording: Wording = point.load()()
    except Exception as error:  # a plug-in may fail in any way
        raise ConfigError(
            f"the language '{point.name}' cannot be loaded.",
            where=f"entry point {point.name} = {point.value}, group {WORDING_GROUP}",
            found=f"{type(error).__name__}: {error}",
            next="mend or remove the package that declares it",
        ) from error
    return wording


def in_language(words: Mapping[str, str], language: str) -> str:
    """The words of a graph schema in a language, English where it has none in that one.

    Where a sentence has no place for words of another language, ask for ``words.get(language)``, and say it generally.
    """
    return words.get(language) or words["en"]
