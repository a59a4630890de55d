"""What accounts have that few have: items that few took, values of properties that few share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kgrec.data.dataset import FOR, Array, IntArray, Interactions
from kgrec.data.persons import Persons
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph.cypher.link_statements import key_names
from kgrec.graph.dataset_reader import read_interactions
from kgrec.graph.store import GraphExporter, schema_of

MOST_SHARING = 50
"""Accounts that may have something for it to be rare."""
NEAR_S = 86_400.0
"""Seconds within which two accounts took an item on the same day."""
FAR = 0.5
"""What an item counts that two accounts took on different days, or at times that are unknown."""


@dataclass(frozen=True)
class AccountFeatures:
    """Accounts by rare things, each worth its inverse document frequency.

    Sparck Jones, "A statistical interpretation of term specificity", 1972.

    Attributes:
        accounts: ids.
        has: accounts x things, log(accounts / accounts that have it) where an account has it and few do.
        lengths: Euclidean length of all that an account has, rare or not.
        names: of the things, in words.
        times: unix seconds by account and item; none where times are unknown.
    """

    accounts: Vocabulary
    has: sparse.csr_matrix
    lengths: Array
    names: Sequence[str]
    n_items: int
    times: dict[tuple[int, int], Array]

    @classmethod
    def of(cls, store: GraphExporter) -> AccountFeatures:
        """Those of a graph; keys are left out, as they are links."""
        schema = schema_of(store)
        accounts = Vocabulary(uid for batch in store.export_nodes(schema.user_type) for uid in batch["uid"].to_pylist())
        items: dict[str, str] = {}
        for batch in store.export_nodes(schema.item_type):
            items |= dict(zip(batch["uid"].to_pylist(), batch["name"].to_pylist(), strict=True))
        done = read_interactions(store, schema, accounts, Vocabulary(items), Persons())
        done = done.select((done.says == FOR) & (done.user >= 0) & (done.item >= 0))
        values, described = _values(store, accounts)
        has = sparse.hstack([done.matrix(len(accounts), len(items)), described], "csr")
        sharing = np.bincount(has.indices, minlength=has.shape[1])
        rarity = np.log(max(len(accounts), 1) / np.maximum(sharing, 1))
        lengths: Array = np.sqrt(has @ rarity**2)
        has.data = np.where((sharing > 1) & (sharing <= MOST_SHARING), rarity, 0.0)[has.indices]
        has.eliminate_zeros()
        of = f"of {len(accounts):,} accounts"
        names = [f"{name}, which {count:,} {of} took" for name, count in zip(items.values(), sharing, strict=False)]
        names += [
            f"{name} {value}, which {count:,} {of} have"
            for (name, value), count in zip(values, sharing[len(items) :], strict=True)
        ]
        return cls(accounts, has, lengths, names, len(items), _times(done, np.unique(has.indices)))

    def shared(self, account: int, other: int) -> tuple[IntArray, Array]:
        """Rare things that two accounts have, those that weigh most first, and what each adds to their cosine."""
        rows = (self.has.indices[self.has.indptr[row] : self.has.indptr[row + 1]] for row in (account, other))
        things = np.intersect1d(*rows)
        rarity = self.has[account, things].toarray().ravel()
        near = [1.0 if thing >= self.n_items or self.near(account, other, thing) else FAR for thing in things.tolist()]
        weights: Array = rarity**2 * np.array(near) / (self.lengths[account] * self.lengths[other])
        order = np.argsort(-weights, kind="stable")
        return things[order], weights[order]

    def near(self, account: int, other: int, item: int) -> bool:
        """Whether two accounts took an item within a day."""
        none = np.zeros(0)
        gaps = np.subtract.outer(self.times.get((account, item), none), self.times.get((other, item), none))
        return bool((np.abs(gaps) <= NEAR_S).any())


def _values(store: GraphExporter, accounts: Vocabulary) -> tuple[list[tuple[str, str]], sparse.csr_matrix]:
    """Values of users' properties that are texts, and which accounts have them."""
    schema = schema_of(store)
    specs, keys = schema.nodes[schema.user_type].properties, key_names(schema)
    wanted = [name for name, spec in specs.items() if spec.type in ("id", "category", "text") and name not in keys]
    columns: dict[tuple[str, str], int] = {}
    pairs = set[tuple[int, int]]()
    for batch in store.export_nodes(schema.user_type) if wanted else ():
        rows = accounts.rows(batch["uid"].to_pylist()).tolist()
        for name in wanted:
            for row, value in zip(rows, batch[name].to_pylist(), strict=True):
                for one in value if isinstance(value, list) else [value]:
                    if one and (name, one) != ("name", accounts[row]):
                        pairs.add((row, columns.setdefault((name, one), len(columns))))
    at = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    shape = len(accounts), len(columns)
    return list(columns), sparse.csr_matrix((np.ones(len(at)), (at[:, 0], at[:, 1])), shape=shape)


def _times(done: Interactions, rare: IntArray) -> dict[tuple[int, int], Array]:
    if not done.in_unix_seconds:
        return {}
    done = done.select(np.isin(done.item, rare))
    times = defaultdict[tuple[int, int], list[float]](list)
    for user, item, time in zip(done.user.tolist(), done.item.tolist(), done.time.tolist(), strict=True):
        times[user, item].append(time)
    return {pair: np.array(of_pair) for pair, of_pair in times.items()}
