"""A reason in a few words, for a line of a table."""

from __future__ import annotations

from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import (
    ContextReason,
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItem,
    PastItemReason,
    PopularityReason,
    Reason,
    RefindReason,
    TrendReason,
)
from kgrec.explanation.wording.languages import Wording, in_language
from kgrec.parallel.cached_attribute import cached_property
from kgrec.plain_text import short

_LONGEST = 40


class ReasonLabels:
    """What each reason of an explanation is: ``George Lucas (directed by), in 2 of yours``, ``others who took Alien``.

    Args:
        explanation: what the reasons are of.
    """

    def __init__(self, explanation: Explanation, wording: Wording) -> None:
        self._explanation = explanation
        self._wording = wording
        self._past: dict[str, str] = {}

    def of(self, reason: Reason) -> str:
        """The label of a reason."""
        wording, labels = self._wording, self._wording.labels
        match reason:
            case PastItemReason():
                return self._template(reason.evidence).format(name=self._name(reason.past), texts=self._texts)
            case EntityReason():
                relation = reason.relations[0]
                says_noun = relation.from_item and relation.noun is not None and wording.code in relation.noun
                words = in_language(relation.noun if says_noun and relation.noun else relation.words, wording.code)
                entity = reason.entity
                name = self._explanation.name_in(wording.code, entity.type, entity.uid, entity.name)
                return labels.entity.format(name=short(name, _LONGEST), words=words, n=len(reason.past))
            case EdgeReason():
                words = in_language(reason.relation.words, wording.code)
                arrow = f"-[{words}]->" if reason.relation.from_item else f"<-[{words}]-"
                return f"{arrow} {self._name(reason.past)}"
            case RefindReason():
                return labels.again.format(verb=in_language(reason.past.verb, wording.code))
            case PopularityReason():
                return labels.expected_popularity if reason.expected else labels.popularity
            case TrendReason():
                return labels.trend.format(days=f"{reason.half_life_days:g}")
            case ContextReason():
                return labels.context.format(column=reason.column, value=reason.circumstance)
            case OtherFactsReason():
                return labels.other_facts.format(n=reason.entities)

    def _name(self, of: PastItem) -> str:
        if of.item not in self._past:
            name = self._explanation.item_name_in(self._wording.code, of.item, of.name)
            self._past[of.item] = short(name, _LONGEST)
        return self._past[of.item]

    def _template(self, evidence: str) -> str:
        labels = self._wording.labels
        by_evidence = {
            "taken_together": labels.taken_together,
            "taken_next": labels.taken_next,
            "semantic": labels.similar_text,
            "semantic_paths": labels.similar_text,
            "knowledge": labels.embeddings,
            "dislikes": labels.disliked,
        }
        return by_evidence.get(evidence, f"{{name}}: {evidence}")

    @cached_property
    def _texts(self) -> str:
        return self._wording.texts(self._explanation.terms.texts)
