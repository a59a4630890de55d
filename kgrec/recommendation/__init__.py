"""Lists for people, from a bundle beside its graph; answering needs no deep-learning framework."""

from kgrec.data.context import Context
from kgrec.explanation.explanation import Explanation
from kgrec.explanation.wording.sentence import sentence
from kgrec.recommendation.answer_types import NameMatch, RankChange, Recommendation, WhatIf
from kgrec.recommendation.filters import Condition, Filters
from kgrec.recommendation.fold_in import PastInteraction
from kgrec.recommendation.recommender import Recommender

__all__ = [
    "Condition",
    "Context",
    "Explanation",
    "Filters",
    "NameMatch",
    "PastInteraction",
    "RankChange",
    "Recommendation",
    "Recommender",
    "WhatIf",
    "sentence",
]
