"""What kinds of reasons there are, and when a counterfactual has anything to say."""

from __future__ import annotations

from kgrec.explanation.reasons import (
    Counterfactual,
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItem,
    PastItemReason,
    PopularityReason,
    Relation,
    TrendReason,
)
from kgrec.graph.store_types import NodeRef


def test_each_sort_of_reason_says_what_it_is() -> None:
    past, relation = PastItem("a", "A", 1.0, {"en": "saw"}), Relation("R", "R", {"en": "r"}, True, 1.0)
    reasons = (
        EntityReason(1.0, 0.1, NodeRef("E", "e", "E"), (relation,), (past,)),
        EdgeReason(1.0, 0.1, past, relation),
        PastItemReason(1.0, 0.1, "semantic", past),
        PopularityReason(1.0, 0.1, False),
        TrendReason(1.0, 0.1, 7.0),
        OtherFactsReason(1.0, 0.1, 2),
    )
    assert [one.kind for one in reasons] == ["entity", "edge", "past_item", "popularity", "trend", "other_facts"]


def test_there_is_something_to_say_where_the_rank_is_another() -> None:
    assert Counterfactual("a", "A", 0.0, 3, 11, 20).moves
    assert not Counterfactual("a", "A", 0.0, 3, 3, 20).moves
