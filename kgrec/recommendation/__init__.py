"""Bundle and graph to answers: numpy and Cypher, no torch."""

from kgrec.explanation.explainer import Explanation
from kgrec.explanation.sentences import sentence
from kgrec.recommendation.fold_in import PastInteraction
from kgrec.recommendation.recommender import Recommendation, Recommender

__all__ = ["Explanation", "PastInteraction", "Recommendation", "Recommender", "sentence"]
