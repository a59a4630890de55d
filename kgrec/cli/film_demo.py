"""The main job on real films: from two public sources to a page of explained recommendations."""

from __future__ import annotations

import json
import time

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.splits import time_split_per_user
from kgrec.errors import ConfigError, UnknownUserError
from kgrec.evaluation.store_evaluation import evaluate_split
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.store import GraphStore
from kgrec.pages.demo_page import page
from kgrec.pages.demo_report import DemoReport, ShownExplanation
from kgrec.pipeline import ImportReport, ingest
from kgrec.plain_text import local_path
from kgrec.progress import Progress, silent
from kgrec.recommendation import Explanation, Recommender
from kgrec.recommendation.documents import explanation_document
from kgrec.schema.load import load_schema

SOURCES = ("movielens100k", "wikidata_films")
_SHOWN, _SHOWN_NEW = 10, 3
_SHARES = 8.0, 2.0, 20.0, 4.0, 1.0
"""Of import, reading the graph, measuring, learning from everything and writing, by their time."""


def film_demo(
    folder: str = "demo",
    store_url: str | None = None,
    *,
    config: TrainConfig | None = None,
    user: str | None = None,
    progress: Progress = silent,
) -> DemoReport:
    """Import MovieLens 100k and Wikidata's films, learn, measure, and recommend to one person with reasons.

    Writes ``report.json``, ``report.html`` and the bundle into ``folder``; the graph goes there too, unless another
    store is named. Running it again imports nothing twice.

    Args:
        user: whom to recommend to; by default somebody whose history is of middling length.

    Raises:
        ConfigError: the folder cannot be made.
        SourceError: a data set could not be fetched.
        UnknownUserError: there is no such user.
    """
    from kgrec.learn.bundle_assembly import to_bundle
    from kgrec.learn.fit import executor_for, refit

    config = config or TrainConfig()
    out = local_path(folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            "the folder of the demo cannot be made.",
            where=str(out),
            found=error.strerror or str(error),
            expected="a folder that can be written to",
            next="name another with --out",
        ) from error
    importing, reading, measuring, learning, writing = progress.parts(*_SHARES)
    timings: dict[str, float] = {}
    clock = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        timings[name], clock = now - clock, now

    with open_store(store_url or f"kglite:{out / 'films.kgl'}") as store:
        imported = ingest(load_schema("movies"), SOURCES, store, progress=importing)
        lap("import")
        reading.named("Read")("the graph", 0)
        dataset = read_dataset(store)
        whom = user or _middling_user(dataset)
        history = _history(dataset, whom)
        lap("read the graph")
        split = time_split_per_user(dataset.interactions, valid=0.1, test=0.2, seed=config.seed)
        with executor_for(dataset, config) as executor:
            compared = evaluate_split(dataset, split, config, measuring, executor)
            lap("train, tune and measure")
            whole = refit(dataset, compared.learned, config, progress=learning.named("Train again"), executor=executor)
        measured = {"test": compared.rows}
        bundle = to_bundle(dataset, whole, config, schema=store.schema, graph_id=store.graph_id, metrics=measured)
        writing = writing.named("Write")
        writing("the bundle", 0, 2)
        bundle.save(out / "films.bundle")
        lap("train on everything")
        writing("reasons", 1, 2)
        explanations = _explained(bundle, store, whom)
        lap("recommend and explain")
    report: DemoReport = {
        "metrics": compared.rows,
        "metrics_whole_catalogue": compared.whole or compared.rows,
        "validation": compared.learned.metrics,
        "counts": _counts(imported),
        "imports": imported.ingest.as_dict()["tables"],
        "timings_s": {name: round(seconds, 2) for name, seconds in timings.items()},
        "training": compared.learned.log,
        "alignment": {} if imported.alignment is None else imported.alignment.as_dict(),
        "user": {"id": whom, "history": history},
        "explanations": explanations,
    }
    (out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    (out / "report.html").write_text(page(report), encoding="utf-8")
    return report


def _middling_user(dataset: Dataset) -> str:
    """The user whose number of items is the median; the first of several."""
    lengths = np.diff(dataset.interactions.matrix(len(dataset.users), len(dataset.items)).indptr)
    return dataset.users[int(np.argmin(np.abs(lengths - np.median(lengths[lengths > 0]))))]


def _history(dataset: Dataset, user: str) -> list[str]:
    """Names of what a user took, the latest first."""
    row = dataset.users.row(user)
    if row is None:
        raise UnknownUserError(f"no user '{user}'.", where="demo", next="leave the user out, or give another")
    own = dataset.interactions.select(dataset.interactions.user == row)
    latest = own.item[np.argsort(-own.time, kind="stable")]
    return [dataset.names[int(item)] for item in latest]


def _explained(bundle: Bundle, store: GraphStore, user: str) -> list[ShownExplanation]:
    """Ten recommendations, and the best of the films that nobody has rated, each with its reasons."""
    recommender = Recommender(bundle, store)
    best = recommender.recommend(user, k=_SHOWN, explain=True)
    shown = [_shown(one.explanation, one.rank) for one in best if one.explanation is not None]
    everything = recommender.recommend(user, k=len(bundle.items))
    rank = {one.item: one.rank for one in everything}
    new = [one.item for one in everything if one.new and one.rank > _SHOWN][:_SHOWN_NEW]
    return shown + [_shown(recommender.explain(user, item), rank[item]) for item in new]


def _shown(explanation: Explanation, rank: int) -> ShownExplanation:
    document = explanation_document(explanation)
    document["rank"] = rank
    return document  # type: ignore[return-value]  # the keys are those of ShownExplanation, and tested to be


def _counts(imported: ImportReport) -> dict[str, int]:
    counts = imported.counts
    return {**counts.nodes, **counts.edges, **counts.interactions}
