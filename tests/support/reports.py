"""An invented demo report: long names, Chinese, markup in names, paths of every length."""

import random

from kgrec.pages.demo_report import (
    DemoReport,
    ShownEdge,
    ShownExplanation,
    ShownGraphPath,
    ShownNode,
    ShownReason,
)

HISTORY = [
    "Fargo (1996)",
    "The Usual Suspects (1995)",
    "Secrets & Lies (1996)",
    "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1963)",
    "霸王别姬 (1993)",
    "Pulp Fiction (1994)",
    "Blade Runner (1982)",
    "Trainspotting (1996)",
]
FILMS = [
    "Reservoir Dogs (1992)",
    "The Big Lebowski (1998)",
    "Jackie Brown (1997)",
    "大红灯笼高高挂 (1991)",
    "Raising Arizona (1987)",
    "<script>alert('x')</script> & Sons (1999)",
    "2001: A Space Odyssey (1968)",
    "The Assassination of Jesse James by the Coward Robert Ford (2007)",
    "Paths of Glory (1957)",
    "Miller's Crossing (1990)",
]
WORDS = {
    "DIRECTED_BY": {"en": "directed by", "zh": "的导演是"},
    "HAS_ACTOR": {"en": "with", "zh": "的演员有"},
    "HAS_GENRE": {"en": "is a film of the genre", "zh": "属于类型"},
    "SEQUEL_OF": {"en": "is a sequel of", "zh": "的前作是"},
    "BORN_IN": {"en": "was born in", "zh": "出生于"},
}


def movie(name: str) -> ShownNode:
    return {"type": "Movie", "uid": name, "name": name}


def person(name: str) -> ShownNode:
    return {"type": "Person", "uid": name, "name": name}


def edge(source: ShownNode, relation: str, target: ShownNode) -> ShownEdge:
    return {"relation": relation, "source": source, "target": target, "words": WORDS[relation]}


def shared(past: ShownNode, relation: str, entity: ShownNode, item: ShownNode) -> ShownGraphPath:
    return {
        "nodes": [past, entity, item],
        "steps": [edge(past, relation, entity), edge(item, relation, entity)],
        "value": 0.2,
    }


def graph_paths(name: str) -> list[ShownGraphPath]:
    item, crime = movie(name), ShownNode(type="Genre", uid="Crime", name="Crime film")
    tarantino, kubrick, usa = person("Quentin Tarantino"), person("Stanley Kubrick"), person("United States")
    usa["type"] = "Country"
    pulp, strange, fargo = movie(HISTORY[5]), movie(HISTORY[3]), movie(HISTORY[0])
    return [
        shared(pulp, "DIRECTED_BY", tarantino, item),
        shared(pulp, "HAS_ACTOR", person("Steve Buscemi"), item),
        shared(fargo, "HAS_ACTOR", person("Steve Buscemi"), item),
        shared(fargo, "HAS_GENRE", crime, item),
        {
            "nodes": [strange, kubrick, usa, item],
            "steps": [
                edge(strange, "DIRECTED_BY", kubrick),
                edge(kubrick, "BORN_IN", usa),
                edge(item, "BORN_IN", usa),
            ],
            "value": 0.1,
        },
        {"nodes": [movie(HISTORY[4]), item], "steps": [edge(item, "SEQUEL_OF", movie(HISTORY[4]))], "value": 0.3},
    ]


def explanation(rank: int, name: str) -> ShownExplanation:
    rng = random.Random(rank)
    reasons = [
        ShownReason(
            kind="past_item",
            value=rng.gauss(0.28, 0.22) * (1.5 - rank * 0.06),
            share=0.04,
            label={"en": f"{evidence} of {past}", "zh": past},
            evidence=evidence,
        )
        for evidence in ("taken_together", "knowledge", "semantic_paths")
        for past in HISTORY
    ]
    totals = {past: sum(one["value"] for one in reasons if past == one["label"]["zh"]) for past in HISTORY}
    constant = -0.35 + 0.05 * rank
    for path in graph_paths(name) if rank == 1 else []:
        entity = path["nodes"][1]
        label = {"en": entity["name"], "zh": entity["name"]}
        reasons.append(ShownReason(kind="entity", value=0.2, share=0.05, label=label, entity=entity, paths=[path]))
    return {
        "item": f"m{rank}",
        "name": name,
        "rank": rank,
        "score": constant + sum(reason["value"] for reason in reasons),
        "new": rank in (4, 8),
        "constant": constant,
        "reasons": reasons,
        "past": [
            {"item": past, "name": past, "value": value, "verb": {"en": "watched", "zh": "看过"}}
            for past, value in totals.items()
        ],
        "counterfactual": {"name": HISTORY[5], "rank_before": rank, "rank_after": rank + 12} if rank != 9 else None,
        "sentence": {
            "en": f"Recommended because you watched Pulp Fiction (1994) (+0.84) and Fargo (1996) (+0.61). Like Pulp "
            f"Fiction (1994), {name} is directed by Quentin Tarantino. Without Pulp Fiction (1994) it would fall from "
            f"rank {rank} to {rank + 12}.",
            "zh": f"推荐理由：您看过《Pulp Fiction (1994)》（+0.84）和《Fargo (1996)》（+0.61）。"
            f"《Pulp Fiction (1994)》和《{name}》的导演是 Quentin Tarantino。",
        },
    }


def invented_report() -> DemoReport:
    names = ("recall@10", "ndcg@10", "recall@20", "ndcg@20", "mrr@10", "hit_rate@10", "precision@10", "coverage@10")
    quality = {"kgrec": 0.31, "ease": 0.29, "itemknn": 0.27, "popularity": 0.12}
    metrics = {
        system: {name: value * (0.8 + 0.09 * place) for place, name in enumerate(names)}
        for system, value in quality.items()
    }
    return {
        "metrics": metrics,
        "metrics_whole_catalogue": {s: {n: v * 0.9 for n, v in row.items()} for s, row in metrics.items()},
        "counts": {"users": 943, "items": 17727, "people": 48210, "interactions": 100000, "facts": 181204},
        "timings_s": {"download": 3.1, "check": 4.0, "ingest": 61.25, "train": 212.7, "evaluate": 8.1, "explain": 0.4},
        "training": [
            {
                "epoch": n,
                "loss": 2.2 * 0.9**n + 0.8,
                "valid_ndcg@10": 0.31 - 0.14 * 0.8**n - 0.0006 * max(0, n - 14) ** 2,
            }
            for n in range(1, 21)
        ],
        "alignment": {
            "matched": 1428,
            "of": 1682,
            "sample": {"precision": 1.0, "recall": 0.951},
            "ambiguous": ["a", "b"],
        },
        "user": {"id": "196", "history": HISTORY * 4},
        "explanations": [explanation(rank, name) for rank, name in enumerate(FILMS, start=1)],
    }
