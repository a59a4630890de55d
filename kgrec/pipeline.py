"""The whole flow on one page: sources into a graph, the graph into a bundle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kgrec.bundle.bundle import Bundle, Manifest
from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.records import Loader
from kgrec.errors import ConfigError, require_extra
from kgrec.extract import CheckReport, Extraction, check
from kgrec.extract.identity.alignment import AlignmentReport
from kgrec.extract.row_reader import Problem
from kgrec.graph import open_store, opened
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.ingest import BatchWritten, IngestReport
from kgrec.graph.ingest import ingest as ingest_records
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import GraphCounts
from kgrec.progress import Progress, silent
from kgrec.schema.model import GraphSchema, load_schema

if TYPE_CHECKING:
    from kgrec.learn.learner import Learned

_PACKAGES = ("kgrec", "numpy", "scipy", "torch", "torch-geometric", "transformers", "kglite")


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows written, platforms aligned, rows left out, and what the store holds now."""

    ingest: IngestReport
    alignment: AlignmentReport | None
    problems: Sequence[Problem]
    counts: GraphCounts

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, for ``--json``."""
        alignment = None if self.alignment is None else alignment_summary(self.alignment)
        return {
            **self.ingest.as_dict(),
            "alignment": alignment,
            "problems": [asdict(problem) for problem in self.problems],
            "counts": asdict(self.counts),
        }


def alignment_summary(report: AlignmentReport) -> dict[str, Any]:
    """How many nodes of which platform were aligned, by which rule, and what stayed open."""
    first = {(match.platform_a, match.uid_a) for match in report.matches if match.platform_a != match.platform_b}
    return {
        "aligned": len(first),
        "rules": dict(report.counts),
        "ambiguous": len(report.ambiguous),
        "unmatched": {platform: len(uids) for platform, uids in report.unmatched.items()},
        "examples": [
            {"a": f"{m.platform_a}:{m.uid_a}", "b": f"{m.platform_b}:{m.uid_b}", "rule": m.rule, "evidence": m.evidence}
            for m in report.matches[:5]
        ],
    }


def check_sources(schema: str, sources: Sequence[str]) -> CheckReport:
    """Read sources through a schema and report what is odd about the data; nothing is written."""
    return check(Extraction(load_schema(schema), sources, on_error="skip"))


def ingest(
    schema: GraphSchema,
    sources: Sequence[str | Loader],
    store: GraphStore,
    *,
    on_error: str = "fail",
    progress: Progress = silent,
) -> ImportReport:
    """Read sources through a schema into a store. Twice changes nothing; an interrupted import goes on.

    Args:
        sources: ``LOADER`` or ``LOADER:LOCATION``, or loaders themselves.
        on_error: ``fail`` at the first row that does not fit, or ``skip`` such rows and list them.

    Raises:
        SourceError, RecordError: a source or row that cannot be read.
        GraphError: the store refused.
    """
    if on_error not in ("fail", "skip"):
        raise ConfigError("on_error cannot be that.", found=on_error, expected="fail or skip", next="choose one")
    extraction = Extraction(schema, sources, on_error="skip" if on_error == "skip" else "fail")

    def told(event: BatchWritten) -> None:
        if event.table is not None:
            progress(f"{event.table.kind} from {event.table.table}", event.table.rows)

    report = ingest_records(extraction, store, progress=told)
    store.checkpoint()
    return ImportReport(report, extraction.alignment, tuple(extraction.problems), store.counts())


def ingest_sources(
    schema: str, sources: Sequence[str], store_url: str, *, on_error: str = "fail", progress: Progress = silent
) -> ImportReport:
    """:func:`ingest` with the schema by name or path and the store by URL."""
    loaded = load_schema(schema)
    with open_store(store_url) as store:
        return ingest(loaded, sources, store, on_error=on_error, progress=progress)


def inspect(store_url: str) -> dict[str, Any]:
    """What a store holds, as plain data."""
    with open_store(store_url, read_only=True) as store:
        counts = store.counts()
        schema = store.schema
        return {
            "store": store.url,
            "graph_id": store.graph_id,
            "domain": None if schema is None else schema.domain,
            "schema_fingerprint": None if schema is None else schema.fingerprint(),
            "nodes": dict(counts.nodes),
            "edges": dict(counts.edges),
            "interactions": dict(counts.interactions),
        }


def train(
    store: GraphStore | str,
    out: str | Path | None = None,
    config: TrainConfig | None = None,
    *,
    checkpoint: str | Path | None = None,
    tune: float | None = None,
    progress: Progress = silent,
) -> Bundle:
    """Learn a bundle from everything in a store and, where ``out`` is given, save it there.

    Settings are chosen on a tenth of the behaviour that is held out, then the model is learned again from all of it.

    Args:
        checkpoint: folder for the state of training and tuning; a run that was stopped goes on from it.
        tune: minutes to search for better settings than those of ``config``, see :func:`kgrec.learn.tune.tune`.

    Raises:
        ConfigError: no time to tune in.
        MissingExtraError: tuning needs optuna.
        GraphError: the store holds no graph.
        TrainingDivergedError: a loss was not finite.
    """
    from kgrec.learn.fit import fit

    config = config or TrainConfig()
    with opened(store) as graph:
        dataset = read_dataset(graph)
        searched = {}
        if tune is not None:
            config, searched["tuning"] = _tuned(dataset, config, tune, _path(checkpoint), progress)
        learned = fit(dataset, config, checkpoint=_path(checkpoint), progress=progress)
        bundle = to_bundle(dataset, learned, config, schema=graph.schema, graph_id=graph.graph_id)
        manifest = replace(bundle.manifest, metrics={**bundle.manifest.metrics, **searched})
        bundle = replace(bundle, manifest=manifest)
    if out is not None:
        bundle.save(out)
    return bundle


def _tuned(
    dataset: Dataset, config: TrainConfig, minutes: float, checkpoint: Path | None, progress: Progress
) -> tuple[TrainConfig, dict[str, Any]]:
    """Better settings, and what was found as plain data."""
    require_extra("tune", "optuna", where="tune", instead="train without tuning")
    from kgrec.learn.tune import tune

    folder = None if checkpoint is None else checkpoint / "tuning"
    found = tune(dataset, config, minutes, folder=folder, progress=progress)
    told = {"trials": found.trials, "ndcg@10 before": found.default, "ndcg@10": found.best, "changed": found.changed}
    return found.config, told


def to_bundle(
    dataset: Dataset,
    learned: Learned,
    config: TrainConfig,
    *,
    schema: GraphSchema | None = None,
    graph_id: str | None = None,
) -> Bundle:
    """Put a fitted model together with the ids and the behaviour it needs to answer."""
    from kgrec.learn.learner import settings_of

    times = dataset.interactions.time
    known = times[~np.isnan(times)]
    manifest = Manifest(
        schema=schema,
        graph_id=graph_id,
        settings={**config.model_dump(), "chosen": settings_of(learned.chosen)},
        seed=config.seed,
        versions=versions(),
        data_cutoff=float(known.max()) if len(known) else None,
        metrics={"validation_ndcg@10": learned.metrics},
        training=learned.log,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Bundle(
        manifest=manifest,
        model=learned.model,
        users=dataset.users,
        items=dataset.items,
        nodes=dataset.nodes,
        names=dataset.names,
        relations=dataset.facts.relations,
        interactions=dataset.interactions,
        node_embeddings=learned.embeddings.nodes,
        relation_embeddings=learned.embeddings.relations[: len(dataset.facts.relations)],
    )


def versions(further: Collection[str] = ()) -> dict[str, str]:
    """Versions of everything that can change a result, and of further packages."""
    return {name: version(name) for name in (*_PACKAGES, *sorted(further))}


def _path(folder: str | Path | None) -> Path | None:
    return None if folder is None else Path(folder)
