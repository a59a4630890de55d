"""Interactions with what each says of its item, as the schema has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.data.dataset import AGAINST, FOR, HIDES, Interactions
from kgrec.schema.meanings import meaning
from kgrec.schema.model import GraphSchema

_CODES = {"for": FOR, "filter": HIDES, "against": AGAINST}


def with_polarity(interactions: Interactions, schema: GraphSchema) -> Interactions:
    """The interactions that say anything of their items, each with what it says, and of those what holds in the end.

    Args:
        interactions: with the names of interaction types of the schema as ``types``; what they say is not read. Where
            a weight is nan, it is not known and the kind alone decides.
    """
    says = np.full(len(interactions), FOR, np.int8)
    counts = np.ones(len(interactions), np.bool_)
    n_kinds = max(len(interactions.kinds), 1)
    pairs, group = np.unique(interactions.type * n_kinds + interactions.kind, return_inverse=True)
    for number, pair in enumerate(pairs.tolist()):
        means = meaning(schema, interactions.types[pair // n_kinds], interactions.kinds[pair % n_kinds])
        of_pair = group == number
        if means.speaks == "nothing":
            counts[of_pair] = False
        elif means.speaks != "for":
            says[of_pair] = _CODES[means.speaks]
        else:
            up_to, least = means.limits
            against = of_pair & (interactions.weight <= up_to)
            says[against] = AGAINST
            counts &= ~of_pair | against | ~(interactions.weight < least)
    if counts.all() and (says == interactions.says).all():
        return interactions.settled()
    return replace(interactions, says=says).select(counts).settled()
