"""What every language of explanations promises, as tests."""

from __future__ import annotations

import re
from dataclasses import fields

from kgrec.explanation.evidence_paths import ShownPath, ShownStep
from kgrec.explanation.reasons import Counterfactual, PastItem, PastItemReason
from kgrec.explanation.wording.languages import Labels, Wording
from kgrec.graph.store_types import NodeRef

_FIELDS: dict[str, dict[str, object]] = {
    "others": {"n": 7},
    "entity": {"name": "Ridley Scott", "words": "made by", "n": 7},
    "taken_together": {"name": "Alien"},
    "taken_next": {"name": "Alien"},
    "similar_text": {"name": "Alien"},
    "embeddings": {"name": "Alien"},
    "disliked": {"name": "Alien"},
    "other_facts": {"n": 7},
    "without": {"name": "Alien", "score": 1.25, "rank_before": 3, "rank_after": 41, "candidates": 900},
}


class WordingContract:
    """Tests of a language; a subclass whose name starts with ``Test`` has the fixture ``wording`` that makes it.

    .. code-block:: python

        class TestFrench(WordingContract):
            @pytest.fixture
            def wording(self) -> Wording:
                return French()
    """

    def test_its_code_is_that_of_a_language(self, wording: Wording) -> None:
        assert re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", wording.code)

    def test_every_label_has_words_and_shows_its_figures(self, wording: Wording) -> None:
        for field in fields(Labels):
            template: str = getattr(wording.labels, field.name)
            text = template.format(**_FIELDS.get(field.name, {}))
            assert text.strip()
            assert "{" not in text
            for value in _FIELDS.get(field.name, {}).values():
                assert str(value) in text

    def test_past_items_are_named_with_their_value_and_what_was_done(self, wording: Wording) -> None:
        past = [
            PastItem("a", "Alien", 2.576, _words(wording, "watched")),
            PastItem("h", "Heat", 1.0, _words(wording, "watched")),
            PastItem("r", "Ronin", 0.25, _words(wording, "bought")),
        ]
        for n in (1, 2, 3):
            text = wording.because(past[:n])
            _mentions(text, *(part for item in past[:n] for part in (item.name, f"+{item.value:.2f}")), "watched")
        _mentions(text, "bought")

    def test_what_speaks_against_an_item_is_named_with_its_value_and_stars(self, wording: Wording) -> None:
        past = [
            PastItem("c", "Cats", -0.42, _words(wording, "rated"), 1.5, True),
            PastItem("h", "Heat", -0.4, _words(wording, "returned"), None, True),
        ]
        _mentions(wording.against(past), "rated", "Cats", "★½", "-0.42", "returned", "Heat", "-0.40")

    def test_a_schema_without_this_language_is_read_in_english(self, wording: Wording) -> None:
        _mentions(wording.because([PastItem("a", "Alien", 1.0, {"en": "watched"})]), "Alien", "watched")

    def test_popularity_is_the_reason_in_four_ways(self, wording: Wording) -> None:
        ways = [wording.without_reasons(history, cold) for history in (False, True) for cold in (False, True)]
        assert all(text.strip() for text in ways)
        assert len(set(ways)) == 4

    def test_a_shared_fact_names_everything(self, wording: Wording) -> None:
        for past in (["Alien"], ["Alien", "Heat"], ["Alien", "Heat", "Ronin"]):
            text = wording.shared_fact(past, "Blade Runner", "is made by", "Ridley Scott")
            _mentions(text, *past, "Blade Runner", "made by", "Ridley Scott")

    def test_a_path_names_every_fact(self, wording: Wording) -> None:
        alien, scott, runner = (
            NodeRef("Film", "a", "Alien"),
            NodeRef("Person", "s", "Scott"),
            NodeRef("Film", "b", "B R"),
        )
        made, led = _words(wording, "made by"), _words(wording, "led to")
        path = ShownPath(
            (alien, scott, runner),
            (ShownStep(alien, scott, "M", "M", made), ShownStep(scott, runner, "L", "L", led)),
            0.5,
        )
        _mentions(wording.path(path), "Alien", "made by", "Scott", "led to", "B R")

    def test_the_text_that_speaks_most_is_named_with_its_value(self, wording: Wording) -> None:
        _mentions(
            wording.text_evidence(
                PastItemReason(0.914, 0.5, "semantic", PastItem("a", "Alien", 0.914, {"en": "watched"}))
            ),
            "Alien",
            "+0.91",
        )

    def test_a_cold_item_is_said_to_be_one(self, wording: Wording) -> None:
        assert wording.cold_item().strip()

    def test_a_counterfactual_says_which_way_the_item_goes(self, wording: Wording) -> None:
        falls, rises, stays = (
            wording.counterfactual(Counterfactual("a", "Alien", 0.0, before, after, 900))
            for before, after in ((3, 41), (41, 3), (3, 3))
        )
        for text in (falls, rises):
            _mentions(text, "Alien", "3", "41")
        _mentions(stays, "Alien", "3")
        neutral = {text.replace("41", "N").replace("3", "N") for text in (falls, rises, stays)}
        assert len(neutral) == 3


def _words(wording: Wording, words: str) -> dict[str, str]:
    """Words of a schema that has this language; where English is taken instead, that is seen."""
    return {"en": "in English"} | {wording.code: words}


def _mentions(text: str, *parts: str) -> None:
    for part in parts:
        assert part in text, f"{part!r} is missing from {text!r}"
