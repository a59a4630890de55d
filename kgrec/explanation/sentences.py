"""An explanation as a sentence, in English and Chinese. Every fact in it stands in the Explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from kgrec.errors import ConfigError
from kgrec.explanation.evidence_paths import ShownPath
from kgrec.explanation.explainer import Counterfactual, Explanation, PastItem
from kgrec.graph.store import NodeRef
from kgrec.schema.model import LANGUAGES

_ITEMS_NAMED = 3
_FACTS_NAMED = 3


def sentence(explanation: Explanation, language: str = "en") -> str:
    """Say an explanation in ``en`` or ``zh``.

    Causal words ("would") are used for the counterfactual only: that one is computed by scoring again.

    Raises:
        ConfigError: another language.
    """
    if language not in LANGUAGES:
        raise ConfigError(
            "there are no sentences in this language.",
            found=repr(language),
            expected=f"one of {', '.join(LANGUAGES)}",
            next='pass language="en" or language="zh"',
        )
    return _english(explanation) if language == "en" else _chinese(explanation)


def _english(it: Explanation) -> str:
    parts = []
    strongest = _strongest(it)
    if strongest:
        did = _did(strongest, lambda verb, names: f"{verb} {_listed(names, ', ', ' and ')}", "en", " (", ")")
        parts.append(f"Recommended because you {_listed(did, ', ', ' and ')}.")
    else:
        popularity = "the popularity expected of it" if it.new else "its popularity"
        why = "Nothing in your history speaks for it" if it.history else "There is no history to go by yet"
        parts.append(f"{why}: what counts is {popularity}.")
    parts += _facts(it.paths, "en")
    if it.semantic:
        parts.append(f"Of what you know, the text of {it.semantic.name} speaks most for it (+{it.semantic.value:.2f}).")
    if it.new:
        parts.append("New here: nobody had chosen it when the model was learned.")
    if it.counterfactual:
        parts.append(_counterfactual_en(it.counterfactual))
    return " ".join(parts)


def _chinese(it: Explanation) -> str:
    parts = []
    strongest = _strongest(it)
    if strongest:
        did = _did(strongest, lambda verb, names: f"{verb}{_listed(names, '、', '和')}", "zh", "（", "）")
        parts.append(f"推荐理由：您{'，'.join(did)}。")
    else:
        popularity = "预期热度" if it.new else "整体热度"
        why = "您的历史记录中没有支持它的内容" if it.history else "目前还没有您的历史记录可供参考"
        parts.append(f"{why}，依据的是它的{popularity}。")
    parts += _facts(it.paths, "zh")
    if it.semantic:
        parts.append(f"在您的历史记录中，《{it.semantic.name}》的文字介绍对它的支持最大（+{it.semantic.value:.2f}）。")
    if it.new:
        parts.append("新上架：训练模型时还没有人选过它。")
    if it.counterfactual:
        parts.append(_counterfactual_zh(it.counterfactual))
    return "".join(parts)


def _strongest(it: Explanation) -> list[PastItem]:
    return [past for past in it.past[:_ITEMS_NAMED] if past.value > 0]


def _did(
    past: Sequence[PastItem], clause: Callable[[str, list[str]], str], language: str, opening: str, closing: str
) -> list[str]:
    """One clause for each run of past items with the same verb."""
    clauses = []
    for verb, run in groupby(past, key=lambda item: item.verb[language]):
        named = [f"{_title(item.name, language)}{opening}+{item.value:.2f}{closing}" for item in run]
        clauses.append(clause(verb, named))
    return clauses


def _facts(paths: Sequence[ShownPath], language: str) -> list[str]:
    """Paths in words; those over one shared entity, both ends related to it alike, are said once for each entity."""
    shared: dict[tuple[str, str], list[str]] = {}
    others = []
    for path in paths:
        first, last = path.steps[0], path.steps[-1]
        if len(path.steps) == 2 and first.words == last.words and first.target == last.target == path.nodes[1]:
            past = shared.setdefault((first.words[language], path.nodes[1].name), [])
            if path.nodes[0].name not in past:
                past.append(path.nodes[0].name)
        else:
            others.append(_chain(path, language))
    item = paths[0].nodes[-1].name if paths else ""
    together = [_like(past, item, words, entity, language) for (words, entity), past in shared.items()]
    return (together + others)[:_FACTS_NAMED]


def _like(past: Sequence[str], item: str, words: str, entity: str, language: str) -> str:
    if language == "en":
        return f"Like {_listed(past, ', ', ' and ')}, {item} {_finite(words)} {entity}."
    return f"{_listed([_title(name, 'zh') for name in [*past, item]], '、', '和')}{words}{entity}。"


def _chain(path: ShownPath, language: str) -> str:
    if language == "en":
        facts = [f"{step.source.name} {_finite(step.words['en'])} {step.target.name}" for step in path.steps]
        return f"The graph says: {'; '.join(facts)}."
    item_type = path.nodes[0].type
    facts = [
        f"{_named(step.source, item_type)}{step.words['zh']}{_named(step.target, item_type)}" for step in path.steps
    ]
    return f"图谱中：{'；'.join(facts)}。"


def _named(node: NodeRef, item_type: str) -> str:
    return _title(node.name, "zh") if node.type == item_type else node.name


def _finite(words: str) -> str:
    """Words of a relation as a verb: schemas write ``directed by``, a sentence says ``is directed by``."""
    return f"is {words}" if words.endswith(" by") and not words.startswith("is ") else words


def _counterfactual_en(it: Counterfactual) -> str:
    if it.rank_after == it.rank_before:
        return f"Without {it.name} it would stay at rank {it.rank_before}."
    verb = "fall" if it.rank_after > it.rank_before else "rise"
    return f"Without {it.name} it would {verb} from rank {it.rank_before} to {it.rank_after}."


def _counterfactual_zh(it: Counterfactual) -> str:
    if it.rank_after == it.rank_before:
        return f"如果没有《{it.name}》，它仍会排在第{it.rank_before}位。"
    verb = "降到" if it.rank_after > it.rank_before else "升到"
    return f"如果没有《{it.name}》，它会从第{it.rank_before}位{verb}第{it.rank_after}位。"


def _title(name: str, language: str) -> str:
    return f"《{name}》" if language == "zh" else name


def _listed(words: Sequence[str], comma: str, last: str) -> str:
    return words[0] if len(words) == 1 else f"{comma.join(words[:-1])}{last}{words[-1]}"
