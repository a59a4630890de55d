"""Explanations made by hand, reason by reason, of films that somebody watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kgrec.explanation.evidence_paths import ShownPath, ShownStep
from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import (
    Counterfactual,
    EdgeReason,
    EntityReason,
    PastItem,
    PastItemReason,
    Reason,
    Relation,
)
from kgrec.explanation.terms import Terms
from kgrec.graph.store_types import NodeRef

WATCHED, BOUGHT, RATED = (
    {"en": "watched", "zh": "看过"},
    {"en": "bought", "zh": "购买过"},
    {"en": "rated", "zh": "评价过"},
)
DIRECTED, DIRECTOR = {"en": "directed by", "zh": "的导演是"}, {"en": "director", "zh": "导演"}
WROTE, WRITER = {"en": "written by", "zh": "的编剧是"}, {"en": "writer", "zh": "编剧"}
HAS_GENRE, GENRE = {"en": "has the genre", "zh": "属于类型"}, {"en": "genre", "zh": "类型"}
ACTED = {"en": "acted in", "zh": "参演了"}
FOLLOWS = {"en": "is a sequel of", "zh": "的前作是"}
TERMS = Terms(
    "Film",
    {"Film": "titles", "Person": "people", "Genre": "things"},
    ({"en": "title", "zh": "片名"}, {"en": "plot", "zh": "剧情"}),
)
WILLOW = NodeRef("Film", "Willow", "Willow")


def past(
    name: str,
    value: float = 1.0,
    *,
    verb: Mapping[str, str] = WATCHED,
    stars: float | None = None,
    against: bool = False,
) -> PastItem:
    """Somebody watched a film or, where there are stars of five, rated it."""
    liked = stars is not None and stars > 3 and not against
    return PastItem(name, name, value, verb if stars is None else RATED, stars, against, liked)


def entity(
    name: str,
    share: float,
    *of: PastItem,
    words: Mapping[str, str] = DIRECTED,
    noun: Mapping[str, str] | None = DIRECTOR,
    from_item: bool = True,
    confirmed: bool = True,
    effect: Counterfactual | None = None,
    also: Sequence[Relation] = (),
    common: float = 0.01,
) -> EntityReason:
    """What past items and Willow have in common."""
    node = NodeRef("Person", name, name)
    films = [NodeRef("Film", one.item, one.name) for one in of]
    paths = [
        ShownPath(
            (film, node, WILLOW), tuple(ShownStep(end, node, "R", "R", dict(words)) for end in (film, WILLOW)), 1.0
        )
        for film in films
    ]
    relation = Relation("R", "R", words, from_item, share * 0.7 if also else share, noun)
    return EntityReason(share, share, node, (relation, *also), of, common, tuple(paths) if confirmed else (), effect)


def edge(share: float, of: PastItem, *, from_item: bool = True, confirmed: bool = True) -> EdgeReason:
    """Willow is a sequel of a past item, or the other way round."""
    film = NodeRef("Film", of.item, of.name)
    source, target = (WILLOW, film) if from_item else (film, WILLOW)
    path = ShownPath((film, WILLOW), (ShownStep(source, target, "S", "S", FOLLOWS),), share)
    return EdgeReason(share, share, of, Relation("S", "S", FOLLOWS, from_item, share), (path,) if confirmed else ())


def said_by(evidence: str, share: float, of: PastItem) -> PastItemReason:
    """What a past item says otherwise; its share is its value."""
    return PastItemReason(
        share, share, evidence, PastItem(of.item, of.name, share, of.verb, of.stars, of.against, of.liked)
    )


def explained(
    *reasons: Reason,
    totals: Sequence[PastItem] = (),
    new: bool = False,
    history: int = 10,
    counterfactual: Counterfactual | None = None,
) -> Explanation:
    """Why Willow has its score; ``totals`` are what past items add in all."""
    ordered = tuple(sorted(reasons, key=lambda reason: -reason.value))
    return Explanation(
        user="ann",
        item="willow",
        name="Willow",
        new=new,
        history=history,
        score=1.0,
        reasons=ordered,
        constant=0.0,
        base=0.0,
        contributions=(),
        past=tuple(totals),
        channels={},
        counterfactual=counterfactual,
        degraded=None,
        terms=TERMS,
    )


def falls(name: str, before: int, after: int) -> Counterfactual:
    """The effect of leaving something out."""
    return Counterfactual(name, name, 0.0, before, after, 900)
