"""Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from kgrec.explanation.evidence_paths import ShownPath
from kgrec.explanation.reasons import Counterfactual, PastItem, PastItemReason
from kgrec.explanation.wording.languages import Labels, in_language
from kgrec.explanation.wording.lists import by_verb, listed, with_stars
from kgrec.graph.store_types import NodeRef


class Chinese:
    """See :class:`kgrec.explanation.wording.languages.Wording`."""

    code = "zh"
    between = ""
    labels = Labels(
        rank="名次",
        id="编号",
        title="名称",
        score="得分",
        new="新",
        why="理由",
        total="合计",
        others="其余 {n} 项",
        reason="理由",
        adds="贡献",
        share="占比",
        entity="{name}（{words}），您的 {n} 项与之相关",
        taken_together="选过 {name} 的人",
        taken_next="{name} 之后的选择",
        similar_text="{name} 的文字介绍",
        embeddings="{name} 的图谱嵌入",
        disliked="不喜欢 {name} 的人",
        other_facts="其他 {n} 项事实",
        constant="标准化常数",
        no_paths="该得分没有任何部分来自图谱中的路径。",
        popularity="整体热度",
        expected_popularity="预期热度",
        paths="图谱中的路径",
        without="没有 {name} 时：得分 {score:.4f}，在 {candidates} 项中由第 {rank_before} 位变为第 {rank_after} 位",
        via="经由",
        yes="是",
        nothing_passes="没有符合条件的内容。",
        chose="选过",
        declined="拒绝过",
    )

    def because(self, past: Sequence[PastItem]) -> str:
        """推荐理由：您看过《Alien》（+2.58）和《Heat》（+1.00）。"""
        return f"推荐理由：您{_done(past, self.code)}。"

    def without_reasons(self, history: bool, cold: bool) -> str:
        """目前还没有您的历史记录可供参考，依据的是它的整体热度。"""
        popularity = "预期热度" if cold else "整体热度"
        why = "您的历史记录中没有支持它的内容" if history else "目前还没有您的历史记录可供参考"
        return f"{why}，依据的是它的{popularity}。"

    def against(self, past: Sequence[PastItem]) -> str:
        """不利因素：您不喜欢《Cats》（-0.42）。"""
        return f"不利因素：您{_done(past, self.code)}。"

    def shared_fact(self, past: Sequence[str], item: str, words: str, entity: str) -> str:
        """《Alien》和《Blade Runner》的导演是Ridley Scott。"""
        return f"{_and([_title(name) for name in [*past, item]])}{words}{entity}。"

    def path(self, path: ShownPath) -> str:
        """图谱中：《Aliens》的前作是《Alien》。"""
        item_type = path.nodes[0].type
        facts = [
            f"{_named(step.source, item_type)}{in_language(step.words, self.code)}{_named(step.target, item_type)}"
            for step in path.steps
        ]
        return f"图谱中：{'；'.join(facts)}。"

    def text_evidence(self, part: PastItemReason) -> str:
        """在您的历史记录中，《Alien》的文字介绍对它的支持最大（+0.91）。"""
        return f"在您的历史记录中，{_title(part.past.name)}的文字介绍对它的支持最大（+{part.value:.2f}）。"

    def cold_item(self) -> str:
        """新上架：训练模型时还没有人选过它。"""
        return "新上架：训练模型时还没有人选过它。"

    def counterfactual(self, effect: Counterfactual) -> str:
        """如果没有《Alien》，它会从第2位降到第5位。"""
        if effect.rank_after == effect.rank_before:
            return f"如果没有{_title(effect.name)}，它仍会排在第{effect.rank_before}位。"
        verb = "降到" if effect.rank_after > effect.rank_before else "升到"
        return f"如果没有{_title(effect.name)}，它会从第{effect.rank_before}位{verb}第{effect.rank_after}位。"


def _and(words: Sequence[str]) -> str:
    return listed(words, "、", "和")


def _done(past: Sequence[PastItem], language: str) -> str:
    return "，".join(f"{verb}{_and(names)}" for verb, names in by_verb(past, language, _with_value))


def _with_value(item: PastItem) -> str:
    return f"{with_stars(_title(item.name), item.stars)}（{item.value:+.2f}）"


def _title(name: str) -> str:
    return f"《{name}》"


def _named(node: NodeRef, item_type: str) -> str:
    return _title(node.name) if node.type == item_type else node.name
