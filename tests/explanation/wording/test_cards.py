"""One line on a card: the most telling reason, no numbers, at most 120 characters."""

from __future__ import annotations

from itertools import product

import pytest

from kgrec.explanation.reasons import OtherFactsReason, PopularityReason, Reason, TrendReason
from kgrec.explanation.wording.cards import LONGEST
from kgrec.explanation.wording.sentence import sentence
from tests.support.told_reasons import ACTED, GENRE, HAS_GENRE, edge, entity, explained, past, said_by

ALIEN, HEAT = past("Alien"), past("Heat", 0.5)
ALIKE = said_by("semantic_paths", 0.6, HEAT)


def card(*reasons: Reason, language: str = "en", history: int = 10) -> str:
    return sentence(explained(*reasons, history=history), language, "short")


@pytest.mark.parametrize(
    ("reasons", "english", "chinese"),
    [
        (
            [entity("Ridley Scott", 0.1, ALIEN), ALIKE],
            "Because you watched Alien: same director, Ridley Scott",
            "因为您看过《Alien》：导演都是Ridley Scott",
        ),
        (
            [entity("Ridley Scott", 0.09, ALIEN), ALIKE],
            "Because you watched Heat: similar title and plot",
            "因为您看过《Heat》：片名和剧情相近",
        ),
        (
            [entity("Sigourney Weaver", 0.2, ALIEN, HEAT, words=ACTED, noun=None, from_item=False)],
            "Because you watched Alien and Heat: Sigourney Weaver acted in both",
            "因为您看过《Alien》和《Heat》：Sigourney Weaver都参演了",
        ),
        ([edge(0.2, ALIEN), ALIKE], "A sequel of Alien, which you watched", "它的前作是您看过的《Alien》"),
        (
            [edge(0.2, ALIEN, from_item=False)],
            "Alien, which you watched, is a sequel of this",
            "您看过的《Alien》的前作是它",
        ),
        ([PopularityReason(0.9, 0.9, False), ALIKE], "Because you watched Heat: similar title and plot", None),
        ([PopularityReason(0.9, 0.9, False)], "Popular with others", "热门之选"),
        ([TrendReason(0.9, 0.9, 7.0), PopularityReason(0.8, 0.8, False)], "Chosen a lot lately", "近期热门"),
        ([TrendReason(0.7, 0.7, 7.0), PopularityReason(0.8, 0.8, False)], "Popular with others", "热门之选"),
        ([TrendReason(-0.7, -0.7, 7.0)], "Nothing in your history speaks for it", "您的历史记录中没有支持它的内容"),
        ([TrendReason(0.9, 0.9, 7.0), ALIKE], "Because you watched Heat: similar title and plot", None),
        ([PopularityReason(0.9, 0.9, True)], "New, and likely to become popular", "新上架，预计会受欢迎"),
        (
            [OtherFactsReason(0.9, 0.9, 3)],
            "Shares further details with your history",
            "它与您历史记录中的内容还有其他共同之处",
        ),
        ([], "Nothing in your history speaks for it", "您的历史记录中没有支持它的内容"),
    ],
)
def test_a_card_tells_the_most_telling_reason(reasons: list[Reason], english: str, chinese: str | None) -> None:
    assert card(*reasons) == english
    assert chinese is None or card(*reasons, language="zh") == chinese


def test_without_a_history_a_card_says_so() -> None:
    assert card(history=0) == "There is no history to go by yet"


def test_detail_goes_before_names_are_cut() -> None:
    film, other = past("A film with a name of middling length"), past("Another film with such a name")
    scott = entity("Ridley Scott", 0.3, film, other)
    horror = entity("Horror", 0.2, film, other, words=HAS_GENRE, noun=GENRE)
    start = "Because you watched A film with a name of middling length"
    assert card(scott, horror) == f"{start} and Another film with such a name: same director, Ridley Scott"
    longer = past("A third film with a name of more than middling length")
    assert card(entity("Ridley Scott", 0.3, film, longer)) == f"{start}: same director, Ridley Scott"
    endless = card(entity("Ridley Scott", 0.3, past(40 * "very ")))
    assert endless == "Because you watched very very very very very very very very…: same director, Ridley Scott"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_card_is_too_long_whatever_the_names(language: str) -> None:
    for films, entities, size in product((1, 2), (1, 3), (1, 60, 500)):
        of = [past(f"{n}" * size) for n in range(films)]
        facts = [entity(f"{n}" * size, 0.3, *of, noun=None) for n in range(entities)]
        for reasons in (facts, [said_by("semantic_paths", 0.3, one) for one in of], [edge(0.3, of[0])]):
            assert 0 < len(card(*reasons, language=language)) <= LONGEST
