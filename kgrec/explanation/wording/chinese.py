"""Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kgrec.data.context_columns import OF_MOMENT
from kgrec.explanation.wording.languages import Labels, in_language
from kgrec.explanation.wording.lists import by_verb, listed, percent, stars
from kgrec.explanation.wording.sentence_parts import (
    SEEN,
    Again,
    DirectFact,
    Effect,
    Evidence,
    InContext,
    Name,
    OtherFacts,
    Past,
    Popularity,
    Shared,
    SharedFacts,
    Statement,
    Trend,
    past_of,
)


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
        similar_text="与 {name} 相近的{texts}",
        embeddings="{name} 的图谱嵌入",
        disliked="不喜欢 {name} 的人",
        again="此前接触过（{verb}）",
        other_facts="其他 {n} 项事实",
        constant="标准化常数",
        no_paths="该得分没有任何部分来自图谱中的路径。",
        popularity="整体热度",
        expected_popularity="预期热度",
        trend="近期热度（半衰期{days}天）",
        context="在此情境下的热度（{column}：{value}）",
        paths="图谱中的路径",
        without="没有 {name} 时：得分 {score:.4f}，在 {candidates} 项中由第 {rank_before} 位变为第 {rank_after} 位",
        yes="是",
        nothing_passes="没有符合条件的内容。",
        chose="选过",
        declined="拒绝过",
    )

    def card(self, reason: Statement) -> str:
        """因为您喜欢《Alien》：导演都是Ridley Scott。"""
        match reason:
            case SharedFacts():
                return f"{self._because(reason.past)}：{'，'.join(self._in_common(fact) for fact in reason.facts)}"
            case Evidence():
                return f"{self._because(reason.past, others=reason.others)}：{self._likewise(reason)}"
            case Again():
                return f"您{self._verb(reason.past)}它{_often(reason.times, in_figures=False)}"
            case Popularity():
                return "新上架，预计会受欢迎" if reason.expected else "热门之选"
            case Trend():
                return "近期热门"
            case InContext():
                return "在此类情境下更受欢迎"
            case _:
                return self._clause(reason)

    def first(self, reasons: Sequence[Statement]) -> str:
        """因为您喜欢《Alien》：导演都是Ridley Scott（占推荐理由的34%），剧情相近（9%）。"""
        said: list[str] = []
        for reason in reasons:
            if isinstance(reason, SharedFacts):
                for fact in reason.facts:
                    said.append(f"{self._in_common(fact)}{_part(fact.share, fact.more, whole=not said)}")
            elif isinstance(reason, Evidence):
                said.append(f"{self._likewise(reason)}{_part(reason.share, whole=not said)}")
            else:
                return f"{self._clause(reason)}{_part(reason.share, whole=True)}。"
        past, others = past_of(reasons[0])
        return f"{self._because(past, others=others)}：{'，'.join(said)}。"

    def further(self, reason: Statement) -> str:
        """它与《Alien》的导演都是Ridley Scott（34%）。"""
        if not isinstance(reason, SharedFacts):
            return f"{self._clause(reason)}{_part(reason.share)}。"
        past = f"它与{_names([one.name for one in reason.past])}"
        facts = [f"{self._in_common(fact)}{_part(fact.share, fact.more)}" for fact in reason.facts]
        if not reason.facts[0].from_item:
            return f"{past}：{'，'.join(facts)}。"
        return f"{past}{'' if facts[0].startswith('都') else '的'}{'，'.join(facts)}。"

    def without_reasons(self, history: bool, instead: Popularity | Trend | None) -> str:
        """目前还没有您的历史记录可供参考，依据的是它的整体热度。"""
        why = "您的历史记录中没有支持它的内容" if history else "目前还没有您的历史记录可供参考"
        match instead:
            case None:
                return f"{why}。"
            case Trend():
                return f"{why}，依据的是它的近期热度。"
            case Popularity():
                return f"{why}，依据的是它的{'预期热度' if instead.expected else '整体热度'}。"

    def against(self, past: Sequence[Past]) -> str:
        """不利因素：您不喜欢《Cats》。"""
        return f"不利因素：您{self._done(past)}。"

    def cold_item(self) -> str:
        """新上架：训练模型时还没有人选过它。"""
        return "新上架：训练模型时还没有人选过它。"

    def counterfactual(self, effect: Effect) -> str:
        """如果没有《Alien》，它会从第2位降到第5位。"""
        without = f"如果不考虑{_marked(effect.name)}" if effect.is_entity else f"如果没有{_marked(effect.name)}"
        if effect.is_itself:
            without = "如果不考虑您与它的这些记录"
        to = f"跌出前{SEEN}位" if effect.out_of_sight else f"降到第{effect.rank_after}位"
        return f"{without}，它会从第{effect.rank_before}位{to}。"

    def _because(self, past: Sequence[Past], *, others: bool = False) -> str:
        return f"因为您{self._done(past)}{'等' if others else ''}"

    def _done(self, past: Sequence[Past]) -> str:
        """喜欢《Alien》，评价过《Heat》★★。"""
        runs = []
        for verb, run in by_verb(past, self._verb):
            shown = [f"{_marked(one.name)}{'' if one.liked else stars(one.stars)}" for one in run]
            runs.append((verb, shown))
        return "，".join(f"{verb}{_and(shown)}" for verb, shown in runs)

    def _verb(self, past: Past) -> str:
        return "喜欢" if past.liked else in_language(past.verb, self.code)

    def _in_common(self, fact: Shared) -> str:
        """导演都是李安；都属于丛书哈利·波特；Kate Winslet都参演了。"""
        words, entities = in_language(fact.words, self.code), _names(fact.entities)
        if not fact.nouns and self.code not in fact.words:
            return f"都与{entities}有关（{words}）"
        if not fact.from_item:
            return f"{entities}都{words}"
        if fact.nouns:
            nouns = _and([in_language(noun, self.code) for noun in fact.nouns])
            return f"{nouns}都{'有' if words.endswith('有') or len(fact.entities) > 1 else '是'}{entities}"
        is_or_has = words.endswith(("是", "有"))
        return f"{words[:-1]}都{words[-1]}{entities}".removeprefix("的") if is_or_has else f"都{words}{entities}"

    def _likewise(self, reason: Evidence) -> str:
        """选它们的人也常选这个。"""
        match reason.kind:
            case "taken_together":
                return f"选{_them(reason)}的人也{'偏爱这一类' if reason.cold else '常选这个'}"
            case "taken_next":
                return "很多人接下来选这一类" if reason.cold else "很多人接下来选了这个"
            case "semantic" | "semantic_paths":
                return f"{self.texts(reason.texts)}相近"
            case "knowledge":
                return "总体上很接近"
            case kind:
                return f"按“{kind}”相配"

    def _clause(self, reason: DirectFact | OtherFacts | Evidence | Again | Popularity | Trend | InContext) -> str:
        match reason:
            case DirectFact():
                words = in_language(reason.words, self.code)
                past = f"您{self._verb(reason.past)}的{_marked(reason.past.name)}"
                if self.code not in reason.words:
                    return f"它与{past}有关（{words}）"
                return f"它{words}{past}" if reason.from_item else f"{past}{words}它"
            case Again():
                did, took = self._verb(reason.past), in_language(reason.taken, self.code)
                return f"您{did}它{_often(reason.times)}，接触过它的人{took}它的可能性估计为{percent(reason.rate)}"
            case OtherFacts():
                return "它与您历史记录中的内容还有其他共同之处"
            case Popularity():
                return "它预计会受欢迎" if reason.expected else "它很受欢迎"
            case Trend():
                return f"近期选它的人很多，其中每过{reason.days:g}天计入减半"
            case InContext():
                return f"{_where(reason.column, reason.circumstance)}，它比平时更常被选择"
            case Evidence():
                others = "等" if reason.others else ""
                return self._evidence(reason, f"{_names([one.name for one in reason.past])}{others}")

    def _evidence(self, reason: Evidence, past: str) -> str:
        speaks_for = reason.share > 0
        match reason.kind:
            case "taken_together":
                it = "与它相似的内容" if reason.cold else "它"
                return f"选{past}的人{'也常选' if speaks_for else '没有这么常选'}{it}"
            case "taken_next":
                it = "与它相似的内容" if reason.cold else "它"
                return f"选了{past}之后，{'很多人' if speaks_for else '没有这么多人'}接着选{it}"
            case "semantic" | "semantic_paths":
                return f"它的{self.texts(reason.texts)}与{past}{'相近' if speaks_for else '相去较远'}"
            case "knowledge":
                return f"总体上，它与{past}{'很接近' if speaks_for else '相去较远'}"
            case kind:
                return f"按“{kind}”，{past}{'支持它' if speaks_for else '不支持它'}"

    def texts(self, texts: Sequence[Mapping[str, str]]) -> str:
        """片名和剧情；模式中没有中文说法的部分统称文字介绍。"""
        return _and(list(dict.fromkeys(text.get(self.code, "文字介绍") for text in texts)) or ["文字介绍"])


def _often(times: int, *, in_figures: bool = True) -> str:
    if times <= 2:
        return "两次" if times == 2 else ""
    return f"{times}次" if in_figures else "多次"


def _and(words: Sequence[str]) -> str:
    return listed(words, "、", "和")


def _names(names: Sequence[Name]) -> str:
    return _and([_marked(name) for name in names])


def _marked(name: Name) -> str:
    """A name in the quotation marks that it has in Chinese: 《》 are those of works.

    Other names have some where they are things, or where a reader could take them for two.
    """
    if name.kind == "title":
        return f"《{name.text}》"
    return f"“{name.text}”" if name.kind == "thing" or re.search("[,，、]| and ", name.text) else name.text


def _part(share: float, more: int = 0, *, whole: bool = False) -> str:
    if share < 0:
        return f"，抵消{percent(-share)}"
    others = f"另有{more}个也是，" if more else ""
    return f"（{others}{'占推荐理由的' if whole else ''}{percent(share)}）"


def _them(reason: Evidence) -> str:
    return "它们" if len(reason.past) > 1 or reason.others else "它"


def _where(column: str, circumstance: str) -> str:
    match column:
        case "hour":
            return f"在{circumstance}点之间（协调世界时）"
        case "weekday":
            return f"在星期{'一二三四五六日'[OF_MOMENT[column].index(circumstance)]}"
        case "month":
            return f"在{1 + OF_MOMENT[column].index(circumstance)}月"
        case _:
            return f"当{column}为{circumstance}时"
