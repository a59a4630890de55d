"""What every language of explanations promises, as tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from kgrec.explanation.wording.languages import Labels, Wording
from kgrec.explanation.wording.sentence_parts import (
    Again,
    DirectFact,
    Effect,
    Evidence,
    InContext,
    Name,
    OtherFacts,
    Past,
    Popularity,
    Shared,
    SharedFacts,
    Statement,
    Trend,
)

_FIELDS: dict[str, dict[str, object]] = {
    "others": {"n": 7},
    "entity": {"name": "Ridley Scott", "words": "made by", "n": 7},
    "taken_together": {"name": "Alien"},
    "taken_next": {"name": "Alien"},
    "similar_text": {"name": "Alien", "texts": "title and plot"},
    "embeddings": {"name": "Alien"},
    "disliked": {"name": "Alien"},
    "again": {"verb": "watched"},
    "other_facts": {"n": 7},
    "trend": {"days": 30},
    "context": {"column": "weather", "value": "rain"},
    "without": {"name": "Alien", "score": 1.25, "rank_before": 3, "rank_after": 41, "candidates": 900},
}
_EVIDENCE = ("taken_together", "taken_next", "semantic_paths", "knowledge", "same_day")
_SHARE = 0.34


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

    def test_a_card_names_what_counts_and_no_number(self, wording: Wording) -> None:
        for reason in _statements(wording):
            text = wording.card(reason)
            _mentions(text, *_names(reason))
            assert not re.search(r"\d|%", text), text
            assert text == text.strip().rstrip(".。")

    def test_sentences_name_what_counts_with_its_share(self, wording: Wording) -> None:
        for reason in _statements(wording):
            for text in (wording.first([reason]), wording.further(reason)):
                _mentions(text, *_names(reason), "34%")

    def test_reasons_of_the_same_past_items_name_them_once(self, wording: Wording) -> None:
        facts, alike = _facts(wording, (_past(wording),)), Evidence("semantic_paths", (_past(wording),), False, 0.12)
        text = wording.first([facts, alike])
        _mentions(text, "Ridley Scott", "34%", "12%")
        assert text.count("Alien") == 1

    def test_past_items_are_named_with_what_was_done_where_they_come_first(self, wording: Wording) -> None:
        bought = replace(_past(wording, "Ronin", "bought"), stars=2.5)
        past = (_past(wording, "Alien", "watched"), _past(wording, "Heat", "watched"), bought)
        for reason in (Evidence("knowledge", past, True, _SHARE), _facts(wording, past)):
            for text in (wording.card(reason), wording.first([reason])):
                _mentions(text, "Alien", "Heat", "watched", "Ronin", "★★½", "bought")
        liked = wording.card(_facts(wording, (replace(bought, stars=5.0, liked=True),)))
        _mentions(liked, "Ronin")
        assert "bought" not in liked
        assert "★" not in liked

    def test_a_schema_without_this_language_is_read_in_english(self, wording: Wording) -> None:
        past = Past(Name("Alien"), {"en": "watched"})
        _mentions(wording.card(Evidence("knowledge", (past,), False, _SHARE)), "Alien", "watched")

    def test_kinds_of_evidence_read_differently(self, wording: Wording) -> None:
        reasons = [Evidence(kind, (_past(wording),), False, _SHARE) for kind in _EVIDENCE]
        for say in _ways_to_say_it(wording):
            assert len(set(map(say, reasons))) == len(reasons)

    def test_a_cold_item_was_never_chosen_itself(self, wording: Wording) -> None:
        for kind in ("taken_together", "taken_next"):
            known = Evidence(kind, (_past(wording),), False, _SHARE)
            for say in _ways_to_say_it(wording):
                assert say(known) != say(replace(known, cold=True))
        assert wording.cold_item().strip()

    def test_evidence_against_an_item_does_not_read_as_if_for_it(self, wording: Wording) -> None:
        for kind in _EVIDENCE:
            speaks_for = Evidence(kind, (_past(wording),), False, _SHARE)
            text = wording.further(replace(speaks_for, share=-_SHARE))
            _mentions(text, "Alien", "34%")
            assert text.partition("34%")[0] != wording.further(speaks_for).partition("34%")[0]

    def test_the_text_is_named_by_its_parts(self, wording: Wording) -> None:
        texts = (_words(wording, "title"), _words(wording, "plot"))
        reason = Evidence("semantic_paths", (_past(wording),), False, _SHARE, texts)
        for text in (wording.card(reason), wording.further(reason)):
            _mentions(text, "Alien", "title", "plot")

    def test_popularity_is_the_reason_in_four_ways(self, wording: Wording) -> None:
        popularity = [Popularity(1.0, expected) for expected in (False, True)]
        ways = [wording.without_reasons(history, one) for history in (False, True) for one in popularity]
        nothing = [wording.without_reasons(history, None) for history in (False, True)]
        assert all(text.strip() for text in ways + nothing)
        assert len(set(ways + nothing)) == 6

    def test_what_is_chosen_lately_is_no_popularity_of_all_time(self, wording: Wording) -> None:
        lately, popular = Trend(_SHARE, 30.0), Popularity(_SHARE, False)
        for say in _ways_to_say_it(wording):
            assert say(lately) != say(popular)
        _mentions(wording.further(lately), "30", "34%")
        assert wording.further(lately) != wording.further(replace(lately, days=7.0))
        for history in (False, True):
            others = [wording.without_reasons(history, one) for one in (None, popular, replace(popular, expected=True))]
            assert wording.without_reasons(history, lately) not in others

    def test_circumstances_are_named_and_read_differently(self, wording: Wording) -> None:
        rain = InContext(_SHARE, "weather", "rain")
        _mentions(wording.further(rain), "weather", "rain", "34%")
        _mentions(wording.further(InContext(_SHARE, "hour", "18-21")), "18", "21", "34%")
        others = [("weather", "sun"), ("weekday", "Friday"), ("weekday", "Monday"), ("month", "May"), ("month", "June")]
        said = [wording.further(one) for one in (rain, *(InContext(_SHARE, *other) for other in others))]
        assert len(set(said)) == len(said)

    def test_what_speaks_against_an_item_is_named_with_its_stars(self, wording: Wording) -> None:
        past = [replace(_past(wording, "Cats", "rated"), stars=1.5), _past(wording, "Heat", "returned")]
        _mentions(wording.against(past), "rated", "Cats", "★½", "returned", "Heat")

    def test_an_item_that_was_met_before_is_said_with_how_often_and_how_many_took_it(self, wording: Wording) -> None:
        once = _again(wording)
        often = replace(once, times=3)
        for say in _ways_to_say_it(wording):
            assert len({say(replace(once, times=times)) for times in (1, 2, 3)}) == 3
        for text in (wording.first([often]), wording.further(often)):
            _mentions(text, "watched", "3", "12%", "bought", "34%")
        itself = Effect(Name("Alien"), False, 3, 41, is_itself=True)
        _mentions(wording.counterfactual(itself), "3", "41")
        assert "Alien" not in wording.counterfactual(itself)

    def test_a_counterfactual_names_what_is_left_out_and_both_ranks(self, wording: Wording) -> None:
        texts = [wording.counterfactual(Effect(Name("Alien"), is_entity, 3, 41)) for is_entity in (False, True)]
        for text in texts:
            _mentions(text, "Alien", "3", "41")
            assert text.index("3") < text.index("41")
        assert len(set(texts)) == 2


def _ways_to_say_it(wording: Wording) -> tuple[Callable[[Statement], str], ...]:
    """On a card, first, and further on."""
    return wording.card, lambda reason: wording.first([reason]), wording.further


def _statements(wording: Wording) -> Iterator[Statement]:
    """One of each kind of reason."""
    past = (_past(wording), _past(wording, "Heat"))
    yield _facts(wording, past)
    yield replace(_facts(wording, past[:1]), facts=(replace(_shared(wording), nouns=()),))
    yield replace(_facts(wording, past[:1]), facts=(replace(_shared(wording), nouns=(), from_item=False),))
    for from_item in (False, True):
        yield DirectFact(past[0], _words(wording, "is a sequel of"), from_item, _SHARE)
    for kind in _EVIDENCE:
        for cold in (False, True):
            yield Evidence(kind, past, True, _SHARE, cold=cold)
    yield _again(wording)
    yield OtherFacts(_SHARE)
    yield from (Popularity(_SHARE, expected) for expected in (False, True))
    yield from (Trend(_SHARE, days) for days in (1.0, 30.0))
    circumstances = ("hour", "18-21"), ("weekday", "Friday"), ("month", "December"), ("weather", "rain")
    yield from (InContext(_SHARE, *circumstance) for circumstance in circumstances)


def _again(wording: Wording) -> Again:
    return Again(_past(wording), 1, 0.12, _words(wording, "bought"), _SHARE)


def _facts(wording: Wording, past: tuple[Past, ...]) -> SharedFacts:
    return SharedFacts(past, (_shared(wording),))


def _shared(wording: Wording) -> Shared:
    nouns = (_words(wording, "maker"),)
    return Shared((Name("Ridley Scott", "word"),), _words(wording, "is made by"), nouns, True, _SHARE)


def _past(wording: Wording, name: str = "Alien", verb: str = "watched") -> Past:
    return Past(Name(name), _words(wording, verb))


def _names(reason: Statement) -> list[str]:
    """Whatever a text of the reason has to name."""
    match reason:
        case SharedFacts():
            return [*(one.name.text for one in reason.past), "Ridley Scott"]
        case DirectFact():
            return [reason.past.name.text, "sequel of"]
        case Again():
            return ["watched"]
        case Evidence():
            return [one.name.text for one in reason.past]
        case _:
            return []


def _words(wording: Wording, words: str) -> dict[str, str]:
    """Words of a schema that has this language; where English is taken instead, that is seen."""
    return {"en": "in English"} | {wording.code: words}


def _mentions(text: str, *parts: str) -> None:
    for part in parts:
        assert part in text, f"{part!r} is missing from {text!r}"
