"""Bundle and graph to answers: numpy and Cypher, no torch."""

from kgrec.query.explain import Explanation
from kgrec.query.fold_in import PastInteraction
from kgrec.query.recommender import Recommendation, Recommender
from kgrec.query.sentences import sentence

__all__ = ["Explanation", "PastInteraction", "Recommendation", "Recommender", "sentence"]
