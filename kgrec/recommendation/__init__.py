"""Bundle and graph to answers: numpy and Cypher, no torch."""

from kgrec.data.context import Context
from kgrec.explanation.explainer import Explanation
from kgrec.explanation.sentences import sentence
from kgrec.recommendation.filters import Condition, Filters
from kgrec.recommendation.fold_in import PastInteraction
from kgrec.recommendation.recommender import Recommendation, Recommender

__all__ = [
    "Condition",
    "Context",
    "Explanation",
    "Filters",
    "PastInteraction",
    "Recommendation",
    "Recommender",
    "sentence",
]
