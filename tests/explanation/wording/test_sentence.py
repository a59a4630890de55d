"""Explanations as people read them, in three lengths; and worlds whose texts were read one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kgrec.errors import ConfigError
from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import PastItem, PopularityReason, RefindReason, Relation, TrendReason
from kgrec.explanation.terms import Terms
from kgrec.explanation.wording.sentence import Length
from kgrec.recommendation import Recommender, sentence
from tests.support.bundles import film_bundle, film_schema, film_store
from tests.support.told_reasons import (
    BOUGHT,
    GENRE,
    HAS_GENRE,
    edge,
    entity,
    explained,
    falls,
    past,
    said_by,
)
from tests.support.told_worlds import WORLDS, texts_of, world_names

STAR_WARS, THX, LABYRINTH = past("Star Wars", stars=5), past("THX 1138", 0.6), past("Labyrinth", 0.4, verb=BOUGHT)
FULL = explained(
    entity("George Lucas", 0.34, STAR_WARS, THX, effect=falls("George Lucas", 3, 7)),
    entity("Fantasy", 0.12, STAR_WARS, THX, LABYRINTH, words=HAS_GENRE, noun=GENRE),
    edge(0.04, THX),
    said_by("taken_together", 0.2, THX),
    said_by("semantic_paths", 0.1, LABYRINTH),
    PopularityReason(0.05, 0.05, False),
    said_by("knowledge", -0.2, STAR_WARS),
    totals=[STAR_WARS, THX, LABYRINTH, past("Willow's Ghost", -0.4, stars=1.5, against=True)],
    counterfactual=falls("Star Wars", 3, 4),
)
NOTHING, HEAT = explained(), past("Heat", 0.3)


def test_standard() -> None:
    assert sentence(FULL) == (
        "Because you liked Star Wars and watched THX 1138: same director, George Lucas (34% of what speaks for it), "
        "and same genre, Fantasy, as with 1 more of yours (12%). "
        "People who chose THX 1138 often chose it, too (20%). "
        "Against it speaks that you rated Willow's Ghost ★½."
    )
    assert sentence(FULL, "zh") == (
        "因为您喜欢《Star Wars》，看过《THX 1138》：导演都是George Lucas（占推荐理由的34%），"
        "类型都是Fantasy（另有1个也是，12%）。"
        "选《THX 1138》的人也常选它（20%）。"
        "不利因素：您评价过《Willow's Ghost》★½。"
    )


def test_full() -> None:
    assert sentence(FULL, length="full").split(". ") == [
        "Because you liked Star Wars and watched THX 1138: same director, George Lucas (34% of what speaks for it), "
        "and same genre, Fantasy, as with 1 more of yours (12%)",
        "People who chose THX 1138 often chose it, too (20%)",
        "Its title and plot are like those of Labyrinth (10%)",
        "It is popular (5%)",
        "It is a sequel of THX 1138, which you watched (4%)",
        "Against it speaks that you rated Willow's Ghost ★½",
        "All in all it is unlike Star Wars, which takes 20% off",
        "If George Lucas did not count, it would fall from rank 3 to 7",
        "Without Star Wars, it would fall from rank 3 to 4.",
    ]


def test_a_fact_is_among_the_first_two_reasons_where_it_counts() -> None:
    by_others = [said_by("taken_together", 0.4, THX), said_by("semantic_paths", 0.3, LABYRINTH)]
    text = sentence(explained(*by_others, entity("George Lucas", 0.1, STAR_WARS)))
    assert text == (
        "Because you watched THX 1138: often chosen by the same people (40% of what speaks for it). "
        "Like Star Wars, it is directed by George Lucas (10%). "
        "Its title and plot are like those of Labyrinth (30%)."
    )


def test_reasons_of_the_same_past_items_are_one_sentence_as_far_as_there_is_room() -> None:
    kinds = {"taken_together": 0.3, "semantic_paths": 0.2, "knowledge": 0.1, "taken_next": 0.05}
    text = sentence(explained(*(said_by(kind, share, THX) for kind, share in kinds.items())))
    assert text == (
        "Because you watched THX 1138: often chosen by the same people (30% of what speaks for it), "
        "similar title and plot (20%) and a close match all in all (10%). Many choose it next after THX 1138 (5%)."
    )
    with_fact = explained(
        entity("George Lucas", 0.34, THX), said_by("semantic_paths", 0.2, THX), said_by("knowledge", 0.1, HEAT)
    )
    assert sentence(with_fact, "zh") == (
        "因为您看过《THX 1138》：导演都是George Lucas（占推荐理由的34%），片名和剧情相近（20%）。"
        "总体上，它与《Heat》很接近（10%）。"
    )


def test_what_the_schema_has_no_chinese_words_for_is_said_generally_or_as_it_stands() -> None:
    made_by, likes = {"en": "made by"}, past("Heat")
    no_words = replace(
        explained(entity("Acme", 0.4, likes, words=made_by, noun=None), said_by("semantic_paths", 0.3, likes)),
        terms=Terms("Film", {"Film": "titles"}, ({"en": "title", "zh": "片名"}, {"en": "long_text"}, {"en": "blurb"})),
    )
    assert sentence(no_words, "zh") == (
        "因为您看过《Heat》：都与Acme有关（made by）（占推荐理由的40%），片名和文字介绍相近（30%）。"
    )
    follows = replace(edge(0.4, likes), relation=Relation("S", "S", {"en": "is a sequel of"}, True, 0.4))
    assert sentence(explained(follows), "zh") == "它与您看过的《Heat》有关（is a sequel of）（占推荐理由的40%）。"


def test_what_others_take_back_is_measured_by_what_the_facts_suggest() -> None:
    """They may choose it often, and yet less than it has in common with the past item."""
    told = explained(entity("George Lucas", 0.9, THX), said_by("taken_together", -0.4, THX))
    assert "People who chose THX 1138 chose it less than this suggests, which takes 40% off." in sentence(told)
    assert "选《THX 1138》的人没有这么常选它，抵消40%。" in sentence(told, "zh")
    told = explained(entity("George Lucas", 0.9, THX), said_by("taken_next", -0.4, THX))
    assert "Fewer choose it next after THX 1138 than this suggests, which takes 40% off." in sentence(told)


def test_names_with_commas_stand_in_quotation_marks_in_chinese() -> None:
    bands = [
        said_by("semantic_paths", 0.3, past("Earth, Wind & Fire")),
        said_by("semantic_paths", 0.2, past("Nirvana")),
    ]
    people = replace(explained(*bands), terms=Terms("Artist", {"Artist": "people"}))
    assert sentence(people, "zh", "short") == "因为您看过“Earth, Wind & Fire”和Nirvana：文字介绍相近"


def test_what_limits_an_item_comes_before_a_third_reason() -> None:
    kinds = {"taken_together": THX, "semantic_paths": LABYRINTH, "taken_next": HEAT}
    reasons = [said_by(kind, 0.3, of) for kind, of in kinds.items()]
    assert sentence(explained(*reasons)).endswith("Many choose it next after Heat (30%).")
    far = explained(*reasons, counterfactual=falls("THX 1138", 3, 6))
    assert sentence(far).endswith("Without THX 1138, it would fall from rank 3 to 6.")
    out = explained(*reasons, counterfactual=falls("THX 1138", 3, 101))
    assert sentence(out).endswith("Without THX 1138, it would fall from rank 3 out of the first 100.")
    assert sentence(out, "zh").endswith("如果没有《THX 1138》，它会从第3位跌出前100位。")
    kept = explained(*reasons, counterfactual=falls("THX 1138", 3, 100))
    assert sentence(kept).endswith("it would fall from rank 3 to 100.")
    new = explained(*reasons, new=True, counterfactual=falls("THX 1138", 3, 6))
    assert sentence(new).endswith("New here: nobody had chosen it when the model was learned.")
    assert "often chose it" not in sentence(new)


@pytest.mark.parametrize(
    ("explanation", "english", "chinese"),
    [
        (
            explained(PopularityReason(1, 1, False), history=0),
            "There is no history to go by yet: what counts is its popularity.",
            "目前还没有您的历史记录可供参考，依据的是它的整体热度。",
        ),
        (
            explained(PopularityReason(1, 1, False)),
            "Nothing in your history speaks for it: what counts is its popularity.",
            "您的历史记录中没有支持它的内容，依据的是它的整体热度。",
        ),
        (
            explained(PopularityReason(1, 1, True), history=0, new=True),
            "There is no history to go by yet: what counts is the popularity expected of it. "
            "New here: nobody had chosen it when the model was learned.",
            "目前还没有您的历史记录可供参考，依据的是它的预期热度。新上架：训练模型时还没有人选过它。",
        ),
        (
            explained(PopularityReason(0.4, 0.4, False), TrendReason(0.6, 0.6, 7.0), history=0),
            "There is no history to go by yet: what counts is how much it has been chosen lately.",
            "目前还没有您的历史记录可供参考，依据的是它的近期热度。",
        ),
        (
            explained(PopularityReason(0.4, 0.4, False), TrendReason(-0.6, -0.6, 7.0)),
            "Nothing in your history speaks for it: what counts is its popularity.",
            "您的历史记录中没有支持它的内容，依据的是它的整体热度。",
        ),
        (
            explained(PopularityReason(-1, -1, False)),
            "Nothing in your history speaks for it.",
            "您的历史记录中没有支持它的内容。",
        ),
    ],
)
def test_without_reasons_in_the_history(explanation: Explanation, english: str, chinese: str) -> None:
    assert sentence(explanation) == english
    assert sentence(explanation, "zh") == chinese


def test_what_is_chosen_lately_is_said_with_the_time_after_which_it_counts_half() -> None:
    told = explained(said_by("taken_together", 0.6, THX), TrendReason(0.4, 0.4, 30.0))
    assert sentence(told).endswith("It has been chosen a lot lately, where a choice counts half after 30 days (40%).")
    assert sentence(told, "zh").endswith("近期选它的人很多，其中每过30天计入减半（40%）。")
    assert "counts half after a day" in sentence(explained(said_by("knowledge", 0.6, THX), TrendReason(0.4, 0.4, 1.0)))
    against = explained(said_by("taken_together", 0.6, THX), TrendReason(-0.4, -0.4, 30.0))
    for length in ("short", "standard", "full"):
        assert "lately" not in sentence(against, "en", length)


def test_an_item_that_was_met_before_is_said_first_where_that_counts() -> None:
    looked, carted = {"en": "looked at", "zh": "看过"}, {"en": "put in the cart", "zh": "加购过"}
    films = entity("George Lucas", 0.5, THX)

    def told(verb: dict[str, str], times: int, share: float = 0.4) -> Explanation:
        met = PastItem("willow", "Willow", share, verb)
        again = RefindReason(share, share, met, times, 0.123, BOUGHT)
        return explained(films, again, counterfactual=replace(falls("willow", 1, 30), uid="willow"))

    assert sentence(told(looked, 2), length="short") == "You looked at it twice"
    assert sentence(told(carted, 3), "zh", "short") == "您加购过它多次"
    assert sentence(told(carted, 3)).split(". ")[1:] == [
        "You put it in the cart 3 times, and the chance that somebody who came across it bought it is put at 12% (40%)",
        "Without what you did with it, it would fall from rank 1 to 30.",
    ]
    assert "您加购过它，接触过它的人购买过它的可能性估计为12%（40%）。" in sentence(told(carted, 1), "zh")
    assert "Lucas" in sentence(told(looked, 1, 0.05), length="short")


def test_names_that_could_be_read_as_two_stand_in_quotation_marks() -> None:
    both, pan = past("Love and War"), past("Pan, 28 cm", 0.9)
    alike = [said_by("semantic_paths", 0.3, both), said_by("semantic_paths", 0.2, THX)]
    assert "you watched “Love and War” and “THX 1138”: " in sentence(explained(*alike))
    assert "you watched Love and War: " in sentence(explained(alike[0]))
    assert "you watched “Pan, 28 cm”: " in sentence(explained(said_by("semantic_paths", 0.3, pan)))


@pytest.fixture
def films() -> Iterator[Recommender]:
    with film_store() as store:
        yield Recommender(film_bundle(film_schema(), store.graph_id), store)


def test_from_model_and_graph(films: Recommender) -> None:
    text = sentence(films.explain("ann", "aliens"))
    assert text.startswith("Because you watched Alien: often chosen by the same people (")


def test_another_language(films: Recommender) -> None:
    with pytest.raises(ConfigError) as caught:
        sentence(NOTHING, "fr")
    assert str(caught.value) == (
        "ConfigError: there are no sentences in this language.\n"
        "  found     'fr'\n"
        "  expected  one of en, zh\n"
        "  next      choose one of them, or install a package that adds it (entry point group kgrec.wording)"
    )


@pytest.mark.parametrize("world", world_names())
def test_worlds_are_told_as_they_were_read(world: str) -> None:
    kept = (WORLDS / f"{world}.txt").read_text(encoding="utf-8")
    assert texts_of(world) == kept, f"read what changed, then run python -m tests.support.told_worlds {world}"


def test_sixty_explanations_are_kept_and_keep_the_rules() -> None:
    kept = [line for world in world_names() for line in (WORLDS / f"{world}.txt").read_text("utf-8").splitlines()]
    assert sum(line.startswith("#") for line in kept) >= 60
    by_length: dict[Length, list[str]] = {
        length: [line.split(maxsplit=2)[2] for line in kept if f" {length} " in line[:14]] for length in _LENGTHS
    }
    assert len(by_length["short"]) == len(by_length["standard"]) >= 120
    for text in by_length["short"]:
        assert len(text) <= 120
        assert "%" not in text
    for text in by_length["standard"]:
        assert 1 <= len(re.findall(r"[.。](?= |$|[^\s\d])", text.replace("J. K.", "").replace("K. Le", ""))) <= 4, text
    assert not any(re.search(r"[+-]0\.00|stay at rank", line) for line in kept)
    english = [line.split(maxsplit=2)[2] for line in kept if line.startswith("en standard")]
    words = [len(one.split()) for text in english for one in re.split(r"(?<=[^A-Z.])\. ", text)]
    assert max(words) <= 45
    assert sum(words) / len(words) <= 18


_LENGTHS: tuple[Length, ...] = ("short", "standard")
