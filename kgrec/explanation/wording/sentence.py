"""An explanation as text, in any installed language. Every fact in it stands in the Explanation."""

from __future__ import annotations

from collections.abc import Sequence

from kgrec.explanation.evidence_paths import ShownPath
from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import PastItemReason
from kgrec.explanation.wording.languages import Wording, in_language, wording_of
from kgrec.scoring.channel_names import SEMANTIC

_ITEMS_NAMED = 3
_FACTS_NAMED = 3


def sentence(explanation: Explanation, language: str = "en") -> str:
    """An explanation in a language, such as ``en`` or ``zh``.

    The reasons come first, the strongest before the others, then what speaks against the item and the counterfactual.

    Raises:
        ConfigError: the language is not installed.
    """
    wording = wording_of(language)
    strongest = [past for past in explanation.past[:_ITEMS_NAMED] if past.value > 0]
    if strongest:
        parts = [wording.because(strongest)]
    else:
        parts = [wording.without_reasons(explanation.history > 0, explanation.new)]
    opposing = [past for past in reversed(explanation.past) if past.against and past.value < 0]
    if opposing:
        parts.append(wording.against(opposing[:_ITEMS_NAMED]))
    parts += _facts(explanation.paths, wording)
    texts = [one for one in explanation.reasons if isinstance(one, PastItemReason) and one.evidence == SEMANTIC]
    if texts and texts[0].value > 0:
        parts.append(wording.text_evidence(texts[0]))
    if explanation.new:
        parts.append(wording.cold_item())
    if explanation.counterfactual and explanation.counterfactual.moves:
        parts.append(wording.counterfactual(explanation.counterfactual))
    return wording.between.join(parts)


def _facts(paths: Sequence[ShownPath], wording: Wording) -> list[str]:
    """Paths in words; those over one shared entity, both ends related to it alike, are said once for each entity."""
    shared: dict[tuple[str, str], list[str]] = {}
    others = []
    for path in paths:
        first, last = path.steps[0], path.steps[-1]
        if len(path.steps) == 2 and first.words == last.words and first.target == last.target == path.nodes[1]:
            past = shared.setdefault((in_language(first.words, wording.code), path.nodes[1].name), [])
            if path.nodes[0].name not in past:
                past.append(path.nodes[0].name)
        else:
            others.append(wording.path(path))
    item = paths[0].nodes[-1].name if paths else ""
    together = [wording.shared_fact(past, item, words, entity) for (words, entity), past in shared.items()]
    return (together + others)[:_FACTS_NAMED]
