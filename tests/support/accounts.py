"""Worlds of accounts: the same behaviour under accounts that are linked, and under the persons whom an oracle finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np

from kgrec.data.records import EdgeRecord, Interaction, NodeRecord
from kgrec.graph import GraphStore, open_store
from kgrec.schema.identity_rules import PersonRules
from kgrec.schema.model import GraphSchema
from kgrec.testing.sample_graph import SampleGraph, link, linked_films_schema, node

N_ACCOUNTS, N_FILMS = 14, 16
PLATFORMS = ("lens", "wiki")


def schema_of_accounts(least: float = 0.8, most: int = 20) -> GraphSchema:
    """The linked films under other bounds."""
    schema = linked_films_schema()
    rules = PersonRules(keys=("email",), least_confidence=least, most_accounts=most)
    user = schema.nodes["User"].model_copy(update={"persons": rules})
    return schema.model_copy(update={"nodes": {**schema.nodes, "User": user}})


@dataclass(frozen=True)
class Accounts:
    """Accounts with what they did, their links and keys."""

    schema: GraphSchema
    interactions: Sequence[Interaction]
    links: Sequence[EdgeRecord] = ()
    keys: Sequence[str] = ()
    """Of each account, empty where it has none."""
    names: Sequence[str] = tuple(f"a{n:02}" for n in range(N_ACCOUNTS))

    def store(self, url: str = "kglite::memory:") -> GraphStore:
        """The graph of it."""
        keys = self.keys or [""] * len(self.names)
        users = [
            NodeRecord("User", name, {"email": key} if key else {}, PLATFORMS[n % 2])
            for n, (name, key) in enumerate(zip(self.names, keys, strict=True))
        ]
        films = [node("Film", f"f{n}", f"Film {n}") for n in range(N_FILMS)]
        store = open_store(url)
        SampleGraph(self.schema, [*users, *films], self.links, self.interactions).put_into(store)
        return store

    def persons(self) -> dict[str, tuple[str, ...]]:
        """The accounts of each account's person, by networkx."""
        rules = self.schema.nodes["User"].persons
        assert rules is not None
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(self.names)
        for edge in self.links:
            if float(str(edge.properties.get("confidence", 1.0))) >= rules.least_confidence:
                graph.add_edge(edge.source, edge.target)
        for key in filter(None, set(self.keys)):
            sharing = [name for name, own in zip(self.names, self.keys, strict=True) if own == key]
            if len(sharing) <= rules.most_accounts:
                nx.add_path(graph, sharing)
        found: dict[str, tuple[str, ...]] = {}
        for component in nx.connected_components(graph):
            large = len(component) > rules.most_accounts
            found |= {name: (name,) if large else tuple(sorted(component)) for name in component}
        return found

    def merged(self) -> Accounts:
        """The same as done by the persons themselves, who have one account each, and no links."""
        first = {name: accounts[0] for name, accounts in self.persons().items()}
        done = [replace(one, user=first[one.user]) for one in self.interactions]
        return replace(self, interactions=done, links=(), keys=(), names=tuple(sorted(set(first.values()))))


def random_accounts(rng: np.random.Generator, *, links: int = 6, most: int = 20) -> Accounts:
    """Accounts on two platforms with several kinds of behaviour, some of which takes back what was done before."""
    done = []
    for moment in range(60):
        user, film = rng.integers(N_ACCOUNTS), rng.integers(N_FILMS)
        kind = str(rng.choice(["rate", "rate", "rate", "dislike"]))
        platform = PLATFORMS[user % 2]
        weight = float(rng.integers(1, 6))
        done.append(Interaction("RATED", f"a{user:02}", f"f{film}", kind, platform, 1e9 + 3600.0 * moment, weight))
    pairs = np.unique(np.sort(rng.integers(0, N_ACCOUNTS, (links, 2))), axis=0).tolist()
    stated = [link(f"a{a:02}", f"a{b:02}", float(rng.choice([0.3, 0.8, 1.0]))) for a, b in pairs]
    keys = [str(rng.choice(["", "", "", "k1", "k2"])) for _ in range(N_ACCOUNTS)]
    return Accounts(schema_of_accounts(most=most), done, stated, keys)


def shuffled(rng: np.random.Generator, links: Iterable[EdgeRecord]) -> list[EdgeRecord]:
    """The same links in another order, some of them turned round."""
    given = list(links)
    turned = [replace(one, source=one.target, target=one.source) if rng.random() < 0.5 else one for one in given]
    return [turned[n] for n in rng.permutation(len(turned))]
