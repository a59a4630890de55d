"""What an interaction says of its item: more like it, less like it, not this one again, or nothing.

The schema says so for a kind, or for all kinds of a type. Where it does not, the name of the kind decides, then that of
the type, and then the weight: one below 0 speaks against the item, one of 0 says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kgrec.schema.forms import Repeats, Speaks
from kgrec.schema.model import GraphSchema, InteractionKind, InteractionType, WeightMeaning, Words

_TAKES_BACK = (
    "dislik|dis_lik|hat|unlik|un_lik|downvot|down_vot|votes?_down|thumbs?_down|unfavo|hid|block|mut|ban|bann|reject|"
    "cancel|refund|return|chargeback|remov|uninstall|uninterest|not_interest|complain|storno"
)
_STEMS = {
    "takes back": (_TAKES_BACK, "不喜欢|讨厌|踩|退货|退款|取消|屏蔽|拉黑|移除"),
    "passes over": ("skip|ignor|dismiss", "跳过|忽略"),
    "rates": ("rat|star|review|scor|vot|grad", "评分|评价|打分"),
}
"""By what a name with such a word says, in English (stems) and Chinese. What takes back, speaks against the item and
takes back what spoke for it: a dislike, ``thumbs_down``, ``orderCancelled``. What passes over says nothing: who skips a
song once may love it. The weight of what rates is a judgement: the last one counts, nobody adds them up."""
_ENDINGS = "(?:e|es|s|d|ed|den|ing|ion|ation|lation|[pltnm](?:ed|ing)|rite|urite)*"


@dataclass(frozen=True)
class Meaning:
    """What the interactions of a kind say.

    Attributes:
        speaks: what the kind says; where it speaks for its item, a weight can turn it.
        why: what decided that, in words.
        weights: what a weight says.
        repeats: how repeats add up.
        words: what a person did, read between user and item.
        words_say_it: the words were written for what the kind says; those of a type whose other kinds speak for their
            items were not written for one that speaks against.
    """

    speaks: Speaks
    why: str
    weights: WeightMeaning
    repeats: Repeats | None
    words: Words
    words_say_it: bool

    @property
    def limits(self) -> tuple[float, float]:
        """The weight up to which an interaction speaks against its item, and that from which on it speaks for it.

        Both in single precision, as weights are kept.
        """
        given, zero = self.weights, np.float32(0.0)
        up_to = np.nextafter(zero, np.float32(-1.0)) if given.against_up_to is None else np.float32(given.against_up_to)
        least = np.nextafter(max(zero, up_to), np.float32(np.inf)) if given.for_from is None else given.for_from
        return float(np.float32(up_to)), float(np.float32(least))

    def of(self, weight: float) -> Speaks:
        """What one interaction says."""
        if self.speaks != "for":
            return self.speaks
        up_to, least = self.limits
        weight = float(np.float32(weight))
        return "against" if weight <= up_to else "for" if weight >= least else "nothing"


def meaning(schema: GraphSchema, type: str, kind: str) -> Meaning:
    """What interactions of a type and kind say."""
    interaction = schema.interactions[type]
    of_kind = interaction.kinds.get(kind) if isinstance(interaction.kinds, dict) else None
    of_kind = of_kind or InteractionKind()
    speaks, why, of_type = _speaks(type, interaction, kind, of_kind)
    weights = of_kind.weights or interaction.weights
    return Meaning(
        speaks=speaks,
        why=why,
        weights=weights,
        repeats=of_kind.repeats or interaction.repeats,
        words=of_kind.words or interaction.words,
        words_say_it=of_kind.words is not None or of_type,
    )


def _speaks(type: str, interaction: InteractionType, kind: str, of_kind: InteractionKind) -> tuple[Speaks, str, bool]:
    """What a kind says, why, and whether all kinds of its type do."""
    for given, of_type in ((of_kind.speaks, False), (interaction.speaks, True)):
        if given is not None:
            return given, "as the schema says", of_type
    for name, what in ((kind, "kind"), (type, "interaction type")):
        if has_word(name, "takes back"):
            return "against", f"by the name of the {what}", name != kind
        if has_word(name, "passes over"):
            return "nothing", f"by the name of the {what}", name != kind
    return "for", "as all kinds do whose name says nothing else", True


@lru_cache(maxsize=4096)
def has_word(name: str, what: str) -> bool:
    """Whether a name has a word that ``takes back``, ``passes over`` or ``rates``, in any of its grammatical forms."""
    english, chinese = _STEMS[what]
    words = "_".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)).lower()
    return bool(re.search(f"(?:^|_)(?:{english}){_ENDINGS}(?:_|$)", words) or re.search(chinese, name))


def type_of_kind(schema: GraphSchema, kind: str) -> str:
    """The interaction type that a kind belongs to, where nothing but the kind is known.

    The first whose kinds have it, else the first that a source gives it to, else the first that allows any kind.
    """
    types = schema.interactions
    having = [name for name, one in types.items() if kind in one.kinds]
    having += [name for name, one in types.items() if any(source.kind == kind for source in one.sources)]
    having += [name for name, one in types.items() if not one.kinds]
    return next(iter(having), next(iter(types)))


VALIDITY = "valid_from", "valid_to"
"""Properties of a fact that say from when on, and before when, it holds."""


def context_columns(schema: GraphSchema, type: str = "") -> tuple[str, ...]:
    """The context columns that the sources of an interaction type declare, or those of all types, by name."""
    types = [schema.interactions[type]] if type in schema.interactions else [] if type else schema.interactions.values()
    return tuple(sorted({name for one in types for source in one.sources for name in source.context}))
