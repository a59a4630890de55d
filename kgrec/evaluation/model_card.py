"""The model card of a bundle: what it was learned from, what its scores flow through, and what its paths weigh."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy import sparse

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array
from kgrec.evaluation.explained_lists import explained_lists
from kgrec.evaluation.explanation_measures import ListShares
from kgrec.metrics.path_quality import LIST_LENGTH
from kgrec.metrics.rankers import ModelRanker
from kgrec.metrics.ranking import rank_users
from kgrec.scoring.channel_names import NEXT_ITEM_FACTORS
from kgrec.scoring.evidence import evidence_of
from kgrec.scoring.path_matrix import EDGE_FROM_PAST, EDGE_TO_PAST, SHARED_HEAD, SHARED_TAIL, PathMatrix
from kgrec.scoring.trend import DAY_S

RESTS_ON = {
    "paths": "facts in common in the graph",
    "semantic_paths": "texts that are alike",
    "semantic": "texts that are alike",
    "taken_together": "others who chose the same",
    "taken_next": "what others choose next",
    "knowledge": "embeddings of the graph",
    "dislikes": "what others who dislike the same like less",
    "refind": "what was viewed, or put in a cart, and not taken yet",
    "popularity": "popularity",
    "trend": "what is chosen lately",
    "context": "what is chosen in the same circumstances",
}
"""What scores rest on, by evidence, in words."""
USERS = 200
"""As many users' lists are taken apart, at most, drawn with the bundle's seed."""
WAYS = {
    SHARED_TAIL: "both lead to it",
    SHARED_HEAD: "it leads to both",
    EDGE_TO_PAST: "leads to the past item",
    EDGE_FROM_PAST: "the past item leads to it",
}
"""How past item and candidate meet, in words."""


def model_card(bundle: Bundle, users: int = USERS) -> dict[str, Any]:
    """The card as plain data.

    Returns:
        ``bundle`` (created, seed, versions, the graph, and how many people it was learned with who were forgotten
        since), ``compacted`` (from what and how it was made smaller; empty where it was not), ``sizes``, ``evidence``
        (share of the positive score of top lists by what it rests on), ``explanations`` (see
        :class:`~kgrec.evaluation.explanation_measures.ListShares`), ``validation`` (what paths carried there, and what
        they cost; see ``reasons`` of :class:`~kgrec.learn.fit_result.FitResult`), ``test`` (metrics of kgrec and of
        baselines, by system, where it was measured before it was learned from all), ``channels``, ``not_learned`` (why
        a channel that is trained where it may be of use was not, by its name), ``trend`` (its half-life in days and
        its mean gate; empty where it is closed), ``contexts`` (weight of each context column), ``platforms`` (by
        platform whose lists have a model of their own, what the others weigh beside 1 of its own, the trend's half-life
        and validation ndcg@10 without and with them) and ``paths`` (weight of each kind of path, the largest first).
    """
    manifest, model = bundle.manifest, bundle.model
    why_none = manifest.settings.get("chosen", {}).get("next_items")
    shares, measured = _shares(bundle, users)
    gates = model.gates.by_history.channels.reshape(-1, len(model.channels)).mean(axis=0)
    return {
        "bundle": {
            "created": manifest.created,
            "seed": manifest.seed,
            "kgrec": manifest.versions.get("kgrec"),
            "graph_id": manifest.graph_id,
            "domain": None if manifest.schema is None else manifest.schema.domain,
            "data_until": _moment(bundle),
            "people_forgotten_since": manifest.forgotten,
        },
        "compacted": dict(manifest.compacted),
        "sizes": {
            "users": len(bundle.users),
            "items": len(bundle.items),
            "cold items": int(model.is_cold.sum()),
            "nodes": len(bundle.nodes),
            "relations": len(bundle.relations),
            "interactions": len(bundle.interactions),
        },
        "evidence": shares.by_evidence,
        "explanations": {**shares.means, "users": measured},
        "validation": dict(manifest.metrics.get("reasons") or {}),
        "test": dict(manifest.metrics.get("test") or {}),
        "channels": [
            {
                "channel": channel.name,
                "evidence": evidence_of(channel.name),
                "matrix": channel.matrix.kind,
                "mean gate": float(gate),
            }
            for channel, gate in zip(model.channels, gates, strict=True)
        ],
        "not_learned": {NEXT_ITEM_FACTORS: why_none} if why_none else {},
        "trend": _trend(bundle),
        "contexts": {bias.column: bias.weight for bias in model.contexts},
        "platforms": {name: dict(of) for name, of in manifest.settings.get("chosen", {}).get("platforms", {}).items()},
        "paths": sorted(_paths(bundle), key=lambda kind: -float(kind["weight"])),
    }


def _trend(bundle: Bundle) -> dict[str, float]:
    trend, gates = bundle.model.trend, bundle.model.gates.by_history.trend
    return {} if trend is None else {"half_life_days": trend.half_life / DAY_S, "mean gate": float(gates.mean())}


def _moment(bundle: Bundle) -> str | float | None:
    """The last interaction that was learned from: ISO time, or its position where times are positions."""
    cutoff = bundle.manifest.data_cutoff
    if cutoff is None or not bundle.interactions.in_unix_seconds:
        return cutoff
    return datetime.fromtimestamp(cutoff, UTC).isoformat(timespec="seconds")


def _shares(bundle: Bundle, most: int) -> tuple[ListShares, int]:
    """What the lists of some users flow through, and of how many."""
    known, model = bundle.interactions.widened(), bundle.model
    users = np.unique(known.user)
    if len(users) > most:
        users = np.sort(np.random.default_rng(bundle.manifest.seed).choice(users, most, replace=False))
    n_users = len(bundle.users)
    seen = model.taken(known).matrix(n_users, model.n_items)
    lists = rank_users(ModelRanker.over(model, known, n_users), seen, users, LIST_LENGTH)
    shares = ListShares()
    for _, listed in explained_lists(model, known, users, lists):
        shares.add(listed)
    return shares, len(users)


def _paths(bundle: Bundle) -> list[dict[str, Any]]:
    """Kinds of paths, which all channels of paths weigh alike: relation, way and weight."""
    weights: dict[tuple[int, int], float] = {}
    for channel in bundle.model.channels:
        if isinstance(channel.matrix, PathMatrix):
            weights = kind_weights(channel.matrix) | weights
    return [
        {"relation": bundle.relations[relation], "way": WAYS[way], "weight": weight}
        for (way, relation), weight in weights.items()
    ]


def kind_weights(matrix: PathMatrix) -> dict[tuple[int, int], float]:
    """The learned weight of each kind of path by way and relation.

    An entry of ``target`` is weight x rarity over the length of the row, one of ``source`` the same without the weight;
    where an edge leads, source is the rarity alone, and the length is that of what else the item has.
    """
    source, target = matrix.source.tocsc(), matrix.target.tocsc()
    n_items = matrix.source.shape[0]
    is_edge = matrix.way >= EDGE_TO_PAST
    rarity = np.log(n_items / np.maximum(np.diff(target.indptr), 1))
    inverse = _inverse_lengths(matrix.source, rarity, is_edge)
    weights: dict[tuple[int, int], list[Array]] = {}
    for f in range(len(matrix.way)):
        entries = slice(target.indptr[f], target.indptr[f + 1])
        of_target = dict(zip(target.indices[entries].tolist(), target.data[entries].tolist(), strict=True))
        of_source = slice(source.indptr[f], source.indptr[f + 1])
        unweighed = (
            {item: inverse[item] * rarity[f] for item in of_target}
            if is_edge[f]
            else dict(zip(source.indices[of_source].tolist(), source.data[of_source].tolist(), strict=True))
        )
        found = [value / unweighed[item] for item, value in of_target.items() if unweighed.get(item, 0.0) > 0]
        weights.setdefault((int(matrix.way[f]), int(matrix.relation[f])), []).append(np.array(found))
    joined = {kind: np.concatenate(found) for kind, found in weights.items()}
    return {kind: float(np.median(found)) for kind, found in joined.items() if len(found)}


def _inverse_lengths(source: sparse.csr_matrix, rarity: Array, is_edge: Array) -> Array:
    """One over the length of each item's row, ``(items,)``; 1 for items that have no entity."""
    shared = source[:, ~is_edge].tocsr()
    row = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
    inverse = np.ones(shared.shape[0])
    inverse[row] = shared.data / rarity[~is_edge][shared.indices]
    return inverse
