"""A reason in a few words, for a line of a table."""

from __future__ import annotations

from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import (
    EdgeReason,
    EntityReason,
    OtherFactsReason,
    PastItem,
    PastItemReason,
    PopularityReason,
    Reason,
)
from kgrec.explanation.wording.languages import Wording, in_language
from kgrec.plain_text import short

_LONGEST = 40


def reason_label(reason: Reason, wording: Wording, explanation: Explanation) -> str:
    """What a reason of an explanation is: ``George Lucas (directed by), in 2 of yours``, ``others who took Alien``."""
    labels = wording.labels

    def past(of: PastItem) -> str:
        return short(explanation.item_name_in(wording.code, of.item, of.name), _LONGEST)

    match reason:
        case EntityReason():
            relation = reason.relations[0]
            says_noun = relation.from_item and relation.noun is not None and wording.code in relation.noun
            words = in_language(relation.noun if says_noun and relation.noun else relation.words, wording.code)
            entity = reason.entity
            name = explanation.name_in(wording.code, entity.type, entity.uid, entity.name)
            return labels.entity.format(name=short(name, _LONGEST), words=words, n=len(reason.past))
        case EdgeReason():
            words = in_language(reason.relation.words, wording.code)
            arrow = f"-[{words}]->" if reason.relation.from_item else f"<-[{words}]-"
            return f"{arrow} {past(reason.past)}"
        case PastItemReason():
            by_evidence = {
                "taken_together": labels.taken_together,
                "taken_next": labels.taken_next,
                "semantic": labels.similar_text,
                "semantic_paths": labels.similar_text,
                "knowledge": labels.embeddings,
                "dislikes": labels.disliked,
            }
            template = by_evidence.get(reason.evidence, f"{{name}}: {reason.evidence}")
            return template.format(name=past(reason.past), texts=wording.texts(explanation.terms.texts))
        case PopularityReason():
            return labels.expected_popularity if reason.expected else labels.popularity
        case OtherFactsReason():
            return labels.other_facts.format(n=reason.entities)
