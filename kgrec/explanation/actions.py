"""What a user did with each past item, in the words of the graph schema for that very interaction."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import FOR, IntArray, Interactions
from kgrec.explanation.wording.languages import installed_wordings
from kgrec.schema.meanings import Meaning, meaning, type_of_kind
from kgrec.schema.model import GraphSchema


@dataclass(frozen=True, slots=True)
class Action:
    """What a user did with an item.

    Attributes:
        verb: by language, read between user and item: 'bought'; where the schema has no words, the language's own.
        stars: how many they gave; None where they gave none, or the schema does not say that weights are stars.
        against: it speaks against the item, or hides it.
        liked: they gave more than the middle of the stars that there are.
        times: how often they did something of this sort with the item.
        platform: where they did it, if that is another platform than the one asked about; else empty.
    """

    verb: Mapping[str, str]
    stars: float | None = None
    against: bool = False
    liked: bool = False
    times: int = 1
    platform: str = ""


def past_actions(interactions: Interactions, bundle: Bundle, asked: str | None = None) -> dict[int, Action]:
    """The action of each past item, by the item's row; ``asked`` is the platform whose list is explained, if any.

    Of several interactions with one item, the sort that is rarest in the bundle is said, as it says most (a purchase
    rather than a view); of one sort, the latest.
    """
    sort, names = _sorts(interactions)
    often = np.zeros(len(names), np.int64)
    for n in range(len(names)) if len(names) > 1 else ():
        often[n] = _occurrences(bundle, *names[n])
    order = np.lexsort((np.nan_to_num(interactions.time, nan=-np.inf), -often[sort]))  # what is said comes last
    actions = each_action(interactions, bundle)
    times = Counter(zip(interactions.item.tolist(), sort.tolist(), strict=True))
    said = dict(zip(interactions.item[order].tolist(), order.tolist(), strict=True))
    if asked is not None:
        where = [interactions.platforms[n] for n in interactions.platform.tolist()]
        elsewhere = [name if name != asked else "" for name in where]
        actions = [replace(one, platform=name) if name else one for one, name in zip(actions, elsewhere, strict=True)]
    return {item: _repeated(actions[n], times[item, int(sort[n])]) for item, n in said.items()}


def verb_of(kinds: Collection[str], bundle: Bundle) -> Mapping[str, str]:
    """What doing something of some kinds is called, by language: that of the most frequent kind."""
    often = {key: count for key, count in bundle.occurrences.items() if key[1] in kinds}
    type, kind, _ = max(often, key=lambda key: often[key], default=("", "", ""))
    return _action(_meaning(bundle.manifest.schema, type, kind) if kind else None, None, False).verb


def _repeated(action: Action, times: int) -> Action:
    return action if times == 1 else replace(action, times=times)


def each_action(interactions: Interactions, bundle: Bundle) -> list[Action]:
    """The action of each interaction, in their order."""
    sort, names = _sorts(interactions)
    meanings = [_meaning(bundle.manifest.schema, *name) for name in names]
    weights = np.where(interactions.weighed, interactions.weight, np.nan).tolist()
    alike: dict[tuple[int, float | None, bool], Action] = {}
    actions = []
    for of_sort, weight, against in zip(sort.tolist(), weights, (interactions.says != FOR).tolist(), strict=True):
        what = of_sort, None if math.isnan(weight) else weight, against
        if what not in alike:
            alike[what] = _action(meanings[of_sort], what[1], against)
        actions.append(alike[what])
    return actions


def _sorts(interactions: Interactions) -> tuple[IntArray, list[tuple[str, str]]]:
    """The sort of each interaction, as a place among the types and kinds that there are."""
    n_kinds = max(len(interactions.kinds), 1)
    found, sort = np.unique(interactions.type * n_kinds + interactions.kind, return_inverse=True)
    return sort, [(interactions.types[n // n_kinds], interactions.kinds[n % n_kinds]) for n in found.tolist()]


def _occurrences(bundle: Bundle, type: str, kind: str) -> int:
    """How many interactions there are of a type and kind; of the kind alone, where no types were kept."""
    return sum(count for (t, k, _), count in bundle.occurrences.items() if k == kind and t in (type, ""))


def _meaning(schema: GraphSchema | None, type: str, kind: str) -> Meaning | None:
    """What the schema says of a type and kind; of the type that has the kind, where no types were kept."""
    if schema is None:
        return None
    return meaning(schema, type if type in schema.interactions else type_of_kind(schema, kind), kind)


def _action(means: Meaning | None, weight: float | None, against: bool) -> Action:
    most = None if means is None else means.weights.stars
    stars = weight if most else None
    labels = {language: wording.labels for language, wording in installed_wordings().items()}
    words = {language: of.declined if against else of.chose for language, of in labels.items()}
    if means is not None and (not against or stars is not None or (means.speaks != "for" and means.words_say_it)):
        liked = most is not None and stars is not None and not against and stars > (1 + most) / 2
        return Action(words | means.words.model_dump(), stars, against, liked)
    return Action(words, None, against)
