"""A reason in a few words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kgrec.explanation.reasons import (
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItem,
    PastItemReason,
    PopularityReason,
    Reason,
    Relation,
    TrendReason,
)
from kgrec.explanation.wording.languages import wording_of
from kgrec.explanation.wording.reason_labels import ReasonLabels
from kgrec.graph.store_types import NodeRef
from tests.support.told_reasons import explained

ALIEN = PastItem("a", "Alien", 0.5, {"en": "watched"})
DIRECTED = Relation("DIRECTED_BY", "DIRECTED_BY", {"en": "directed by", "zh": "导演是"}, True, 0.5)
SEQUEL = Relation("SEQUEL_OF", "SEQUEL_OF", {"en": "is a sequel of"}, False, 0.5)


@pytest.mark.parametrize(
    ("reason", "english"),
    [
        (
            EntityReason(0.5, 0.1, NodeRef("Person", "s", "Ridley Scott"), (DIRECTED,), (ALIEN, ALIEN)),
            "Ridley Scott (directed by), in 2 of yours",
        ),
        (EdgeReason(0.5, 0.1, ALIEN, SEQUEL), "<-[is a sequel of]- Alien"),
        (EdgeReason(0.5, 0.1, ALIEN, DIRECTED), "-[directed by]-> Alien"),
        (PastItemReason(0.5, 0.1, "taken_together", ALIEN), "others who took Alien"),
        (PastItemReason(0.5, 0.1, "taken_next", ALIEN), "what is taken after Alien"),
        (PastItemReason(0.5, 0.1, "semantic", ALIEN), "title and plot like those of Alien"),
        (PastItemReason(0.5, 0.1, "a_plug_in", ALIEN), "Alien: a_plug_in"),
        (PopularityReason(0.5, 0.1, False), "popularity"),
        (PopularityReason(0.5, 0.1, True), "expected popularity"),
        (TrendReason(0.5, 0.1, 7.0), "how much it is chosen lately (half-life 7 d)"),
        (OtherFactsReason(0.5, 0.1, 3), "3 other facts"),
    ],
    ids=str,
)
def test_labels(reason: Reason, english: str) -> None:
    assert ReasonLabels(explained(reason), wording_of("en")).of(reason) == english
    chinese = ReasonLabels(explained(reason), wording_of("zh")).of(reason)
    assert chinese != english or isinstance(reason, EdgeReason) or "plug" in english


def test_an_entity_is_called_what_it_is_where_there_is_a_word() -> None:
    noun = replace(DIRECTED, noun={"en": "director", "zh": "导演"})
    labels = []
    for relation in (noun, replace(noun, from_item=False), replace(noun, noun={"en": "director"})):
        reason = EntityReason(0.5, 0.1, NodeRef("Person", "s", "Ridley Scott"), (relation,), (ALIEN,))
        labels.append([ReasonLabels(explained(reason), wording_of(code)).of(reason) for code in ("en", "zh")])
    assert labels == [
        ["Ridley Scott (director), in 1 of yours", "Ridley Scott（导演），您的 1 项与之相关"],
        ["Ridley Scott (directed by), in 1 of yours", "Ridley Scott（导演是），您的 1 项与之相关"],
        ["Ridley Scott (director), in 1 of yours", "Ridley Scott（导演是），您的 1 项与之相关"],
    ]


def test_names_in_the_language_of_the_reader() -> None:
    reasons = (
        EntityReason(0.5, 0.1, NodeRef("Person", "s", "Ridley Scott"), (DIRECTED,), (ALIEN,)),
        PastItemReason(0.5, 0.1, "taken_together", ALIEN),
    )
    names = {"zh-Hans": {"Person:s": "雷德利·斯科特", "Film:a": "异形"}, "de": {"Film:a": "Das unheimliche Wesen"}}
    told = replace(explained(*reasons), names_by_language=names)
    labels = [[ReasonLabels(told, wording_of(code)).of(reason) for reason in reasons] for code in ("zh", "en")]
    assert labels == [
        ["雷德利·斯科特（导演是），您的 1 项与之相关", "选过 异形 的人"],
        ["Ridley Scott (directed by), in 1 of yours", "others who took Alien"],
    ]
