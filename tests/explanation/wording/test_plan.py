"""What is said of an explanation: the largest reasons, nothing that speaks against as if it spoke for."""

from __future__ import annotations

from dataclasses import replace

from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import OtherFactsReason, PopularityReason, Relation, TrendReason
from kgrec.explanation.wording.plan import Plan, plan_of
from kgrec.explanation.wording.sentence_parts import (
    DirectFact,
    Effect,
    Evidence,
    Name,
    OtherFacts,
    Popularity,
    SharedFacts,
    Statement,
    Trend,
    is_personal,
)
from tests.support.told_reasons import (
    FOLLOWS,
    GENRE,
    HAS_GENRE,
    WRITER,
    WROTE,
    edge,
    entity,
    explained,
    falls,
    past,
    said_by,
)

ALIEN, HEAT, RONIN, CATS = past("Alien"), past("Heat", 0.5), past("Ronin", 0.4), past("Cats", 0.3)


def plan(*reasons: object, **parts: object) -> Plan:
    return plan_of(explained(*reasons, **parts), 2, "en")  # type: ignore[arg-type]


def told(explanation: Explanation) -> list[Statement]:
    return list(plan_of(explanation, 2, "en").reasons)


def named(reason: Statement) -> list[str]:
    assert isinstance(reason, SharedFacts | Evidence)
    return [one.name.text for one in reason.past]


def test_the_largest_share_comes_first() -> None:
    reasons = plan(
        said_by("taken_together", 0.2, HEAT),
        entity("Scott", 0.3, ALIEN),
        PopularityReason(0.25, 0.25, False),
        OtherFactsReason(0.1, 0.1, 7),
        edge(0.05, RONIN),
    ).reasons
    assert [type(one) for one in reasons] == [SharedFacts, Popularity, Evidence, OtherFacts, DirectFact]
    assert [is_personal(one) for one in reasons] == [True, False, True, False, True]
    direct = reasons[-1]
    assert isinstance(direct, DirectFact)
    assert (direct.past.name.text, direct.words, direct.from_item, direct.share) == ("Ronin", FOLLOWS, True, 0.05)


def test_what_is_chosen_lately_is_said_with_its_half_life_and_never_where_it_speaks_against() -> None:
    lately = plan(said_by("taken_together", 0.2, HEAT), TrendReason(0.3, 0.3, 7.0)).reasons
    assert lately[0] == Trend(0.3, 7.0)
    assert not is_personal(lately[0])
    assert plan(TrendReason(-0.3, -0.3, 7.0)).reasons == ()


def test_facts_that_the_store_did_not_confirm_are_not_said() -> None:
    assert plan(entity("Scott", 0.3, ALIEN, confirmed=False), edge(0.3, ALIEN, confirmed=False)).reasons == ()


def test_a_fact_counts_from_a_thirty_third_on_and_one_that_all_films_have_from_a_twelfth_on() -> None:
    def says(share: float, holders: int) -> bool:
        films = [past(f"F{n}") for n in range(holders)]
        return bool(plan(entity("French", share, *films), history=12).reasons)

    assert [says(0.02, 1), says(0.04, 1), says(0.04, 6), says(0.04, 7), says(0.09, 7)] == [
        False,
        True,
        True,
        False,
        True,
    ]


def test_what_a_third_of_the_catalogue_has_is_no_telling_fact_either() -> None:
    def says(share: float, common: float) -> bool:
        return bool(plan(entity("French", share, ALIEN, common=common)).reasons)

    assert [says(0.04, 0.3), says(0.04, 0.4), says(0.09, 0.4)] == [True, False, True]


def test_facts_of_the_same_films_are_one_statement_and_those_of_one_relation_one_fact() -> None:
    (only,) = plan(
        entity("Scott", 0.3, ALIEN, HEAT),
        entity("Horror", 0.2, ALIEN, HEAT, RONIN, words=HAS_GENRE, noun=GENRE),
        entity("Crime", 0.1, ALIEN, HEAT, RONIN, words=HAS_GENRE, noun=GENRE),
    ).reasons
    assert isinstance(only, SharedFacts)
    assert named(only) == ["Alien", "Heat"]
    assert [[name.text for name in fact.entities] for fact in only.facts] == [["Scott"], ["Horror", "Crime"]]
    assert [(round(fact.share, 9), fact.more) for fact in only.facts] == [(0.3, 0), (0.3, 1)]
    assert round(only.share, 9) == 0.6


def test_one_film_is_named_where_it_has_clearly_more_in_common() -> None:
    scott = entity("Scott", 0.2, ALIEN, HEAT)
    for share, films in ((0.2, ["Heat"]), (0.04, ["Alien", "Heat"])):
        first = plan(scott, entity("Crime", share, HEAT, words=HAS_GENRE, noun=GENRE)).reasons[0]
        assert named(first) == films
    first = plan(scott, entity("Crime", 0.2, HEAT, words=HAS_GENRE, noun=GENRE)).reasons[0]
    assert isinstance(first, SharedFacts)
    assert [fact.more for fact in first.facts] == [1, 0]


def test_further_relations_to_an_entity_are_said_where_they_count() -> None:
    for part, nouns in ((0.3, ["director", "writer"]), (0.1, ["director"])):
        wrote = Relation("W", "W", WROTE, True, 0.3 * part, WRITER)
        (only,) = plan(entity("Allen", 0.3, ALIEN, also=[wrote])).reasons
        assert isinstance(only, SharedFacts)
        assert [noun["en"] for noun in only.facts[0].nouns] == nouns


def test_who_speaks_against_the_item_is_not_named_as_if_for_it() -> None:
    disliked = past("Cats", 0.9, against=True)
    reasons = told(
        explained(
            entity("Scott", 0.3, disliked, past("Brazil", 0.9), ALIEN),
            said_by("semantic_paths", 0.3, disliked),
            said_by("knowledge", -0.1, HEAT),
            said_by("dislikes", 0.2, disliked),
            totals=[ALIEN, past("Brazil", -0.2), past("Cats", -0.5, against=True)],
        )
    )
    assert [named(one) for one in reasons] == [["Alien"]]


def test_what_the_user_disliked_speaks_against() -> None:
    against = [past("Cats", -0.5, against=True), past("Brazil", -0.6), past("Emma", -0.7, against=True)]
    totals = sorted([ALIEN, *against], key=lambda one: -one.value)
    assert [one.name.text for one in plan(totals=totals).against] == ["Emma", "Cats"]


def test_evidence_is_for_or_against_as_a_whole() -> None:
    mixed = plan(said_by("taken_together", 0.3, ALIEN), said_by("taken_together", -0.1, HEAT))
    assert [(one.share, named(one)) for one in mixed.reasons] == [(0.3, ["Alien"])]
    assert mixed.takes_back == ()
    against = plan(
        said_by("taken_together", 0.3, ALIEN),
        said_by("taken_together", -0.4, HEAT),
        said_by("taken_together", -0.1, RONIN),
        said_by("semantic_paths", -0.1, HEAT),
        entity("Scott", 0.3, ALIEN),
    )
    assert [type(one) for one in against.reasons] == [SharedFacts]
    (takes_back,) = against.takes_back  # texts take back too little
    assert (takes_back.kind, round(takes_back.share, 9), named(takes_back)) == (
        "taken_together",
        -0.2,
        ["Heat", "Ronin"],
    )


def test_others_are_mentioned_where_they_say_a_good_part() -> None:
    def others(*shares: float) -> bool:
        films = [ALIEN, HEAT, RONIN, CATS]
        (only,) = plan(
            *(said_by("semantic_paths", share, film) for share, film in zip(shares, films, strict=False))
        ).reasons
        assert isinstance(only, Evidence)
        assert only.texts[1]["en"] == "plot"
        return only.others

    assert [others(0.4), others(0.4, 0.4, 0.1), others(0.4, 0.3, 0.3)] == [False, False, True]


def test_few_stars_are_no_reason_where_there_are_others() -> None:
    liked, bad = past("Alien", stars=5), past("Heat", 0.9, stars=2)
    alone = plan(entity("Mann", 0.2, bad)).reasons
    assert [named(one) for one in alone] == [["Heat"]]
    better = plan(entity("Mann", 0.2, bad), said_by("semantic_paths", 0.3, liked)).reasons
    assert [named(one) for one in better] == [["Alien"]]
    both = plan(entity("Mann", 0.2, past("Heat", 0.9, stars=2), liked)).reasons
    assert [named(one) for one in both] == [["Alien"]]
    most = plan(said_by("semantic_paths", 0.3, bad), said_by("semantic_paths", 0.1, liked)).reasons
    assert [named(one) for one in most] == [["Heat", "Alien"]]


def test_effects_are_told_where_the_item_falls() -> None:
    scott = entity("Scott", 0.2, ALIEN, effect=falls("Scott", 3, 9))
    rises = entity("Mann", 0.2, ALIEN, effect=falls("Mann", 3, 2))
    effects = plan(scott, rises, counterfactual=falls("Alien", 3, 5)).effects
    assert effects == (Effect(Name("Scott", "word"), True, 3, 9), Effect(Name("Alien"), False, 3, 5))
    assert [effect.far for effect in effects] == [True, False]
    gone = plan(replace(scott, paths=()), counterfactual=falls("Alien", 3, 3))
    assert gone.effects == ()
