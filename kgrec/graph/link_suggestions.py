"""Suggested links: accounts that may be one person, with what speaks for it; nothing is linked by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.data.persons import Persons
from kgrec.graph.account_features import AccountFeatures
from kgrec.graph.person_links import LinkRules, read_persons, stated_links
from kgrec.graph.store import GraphExporter, schema_of

LEAST_SHARED = 2
"""Rare things that two accounts must have in common."""
LEAST_SCORE = 0.3
_CANDIDATES, _ROWS_AT_ONCE, _TOLD = 3, 2_000, 3


@dataclass(frozen=True)
class SuggestedLink:
    """Two accounts that may be one person.

    Attributes:
        account, other: ids, in their order.
        score: from 0 to 1: the cosine of what they have in common, or the confidence of a link that is too little to
            count.
        evidence: what speaks for it, the strongest first.
    """

    account: str
    other: str
    score: float
    evidence: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def suggest_links(store: GraphExporter, most: int = 20, least: float = LEAST_SCORE) -> list[SuggestedLink]:
    """Pairs of accounts that are not one person yet and may be, the likeliest first.

    Of accounts that have rare things in common, those are paired of which each is most like the other.

    Args:
        most: how many.
        least: the smallest score.
    """
    persons = read_persons(store)
    found = {(one.account, one.other): one for one in _unsure(store, persons)}
    for pair in _alike(AccountFeatures.of(store), persons):
        other = found.get((pair.account, pair.other))
        if other is not None:
            score, evidence = max(pair.score, other.score), other.evidence + pair.evidence
            pair = SuggestedLink(pair.account, pair.other, score, evidence)
        found[pair.account, pair.other] = pair
    likely = [pair for pair in found.values() if pair.score >= least]
    return sorted(likely, key=lambda pair: (-pair.score, pair.account, pair.other))[:most]


def _unsure(store: GraphExporter, persons: Persons) -> Iterator[SuggestedLink]:
    """Links that are stated with too little confidence."""
    rules = LinkRules.of(schema_of(store))
    for link in stated_links(store):
        apart = persons.person_of(link.account) != persons.person_of(link.other)
        if link.confidence is not None and 0 < link.confidence < rules.least_confidence and apart:
            account, other = sorted((link.account, link.other))
            stating = f"{' and '.join(link.platforms) or 'somebody'} is {link.confidence:g} sure"
            yield SuggestedLink(
                account, other, link.confidence, (f"{stating}, of {rules.least_confidence:g} asked for",)
            )


def _alike(features: AccountFeatures, persons: Persons) -> Iterator[SuggestedLink]:
    accounts = features.accounts
    person = [persons.person_of(account) for account in accounts]
    best: dict[int, tuple[float, int]] = {}
    for row, others in _candidates(features.has):
        for other in others:
            things, weights = features.shared(row, other)
            if person[row] != person[other] and len(things) >= LEAST_SHARED:
                best[row] = max(best.get(row, (0.0, 0)), (float(weights.sum()), -other))
    for row, (score, negative) in best.items():
        other = -negative
        if row < other and best.get(other, (0.0, 1))[1] == -row:
            things, _ = features.shared(row, other)
            first, second = sorted((accounts[row], accounts[other]))
            told = tuple(_in_words(features, row, other, thing) for thing in things[:_TOLD].tolist())
            more = (f"and {len(things) - _TOLD} more",) if len(things) > _TOLD else ()
            yield SuggestedLink(first, second, min(score, 1.0), told + more)


def _candidates(has: sparse.csr_matrix) -> Iterator[tuple[int, list[int]]]:
    """Of each account the few that have most in common with it."""
    turned = has.T.tocsr()
    for start in range(0, has.shape[0], _ROWS_AT_ONCE):
        block = (has[start : start + _ROWS_AT_ONCE] @ turned).tocsr()
        for n in range(block.shape[0]):
            entries = slice(block.indptr[n], block.indptr[n + 1])
            others, common = block.indices[entries], block.data[entries]
            keep = others != start + n
            others, common = others[keep], common[keep]
            order = np.lexsort((others, -common))[:_CANDIDATES]
            yield start + n, others[order].tolist()


def _in_words(features: AccountFeatures, account: int, other: int, thing: int) -> str:
    if thing >= features.n_items:
        return f"both have {features.names[thing]}"
    near = ", within a day" if features.near(account, other, thing) else ""
    return f"both took {features.names[thing]}{near}"
