"""The whole flow on one page: sources into a graph, the graph into a bundle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.config import MAX_DROPPED, MAX_REMOVED, TrainConfig
from kgrec.data.dataset import Dataset
from kgrec.data.funnel import split_in_time
from kgrec.data.near_misses import near_miss
from kgrec.data.records import Loader
from kgrec.data.splits import Split
from kgrec.errors import ConfigError, DroppedRowsError, SchemaMismatchError, SourceError, require_extra, shorten
from kgrec.extract import CheckReport, Extraction, check
from kgrec.extract.identity.alignment import AlignmentReport
from kgrec.extract.mapping import PHASES
from kgrec.extract.row_reader import Problem
from kgrec.graph import open_store, opened
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.ingest import ingest as ingest_records
from kgrec.graph.ingest_report import BatchWritten, IngestReport
from kgrec.graph.store import GraphStore
from kgrec.graph.store_types import GraphCounts
from kgrec.parallel.executor import Executor
from kgrec.plain_text import local_path
from kgrec.progress import Progress, silent
from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenMeanwhile, save_without_forgotten
from kgrec.schema.load import load_schema
from kgrec.schema.model import GraphSchema

if TYPE_CHECKING:
    from kgrec.evaluation.updating import UpdateReport
    from kgrec.learn.fit_result import FitResult


@dataclass(frozen=True)
class ImportReport:
    """What an import did: rows written, platforms aligned, rows left out, and what the store holds now.

    Attributes:
        alignment: None where no node type is on several platforms.
        problems: rows that did not fit the schema, by reason.
        counts: of everything in the store, earlier imports included.
        notes: how the sources were read: units of times, texts that may stand for nothing.
        warnings: what was read otherwise than the sources or the schema say, and what nobody read.
        nothing_left: types and tables, in words, of which every row was left out.
    """

    ingest: IngestReport
    alignment: AlignmentReport | None
    problems: Sequence[Problem]
    counts: GraphCounts
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    nothing_left: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, for ``--json``."""
        return {
            **self.ingest.as_dict(),
            "alignment": None if self.alignment is None else self.alignment.as_dict(),
            "problems": [asdict(problem) for problem in self.problems],
            "counts": asdict(self.counts),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "nothing_left": list(self.nothing_left),
        }


def check_sources(schema: str, sources: Sequence[str]) -> CheckReport:
    """What is odd about the data of some sources, read through a schema; nothing is written."""
    return check(Extraction(load_schema(schema), sources, on_error="skip"))


def ingest(
    schema: GraphSchema | str,
    sources: Sequence[str | Loader],
    store: GraphStore | str,
    *,
    on_error: str = "fail",
    max_dropped: float = MAX_DROPPED,
    partial: bool = False,
    replace: bool = False,
    max_removed: float = MAX_REMOVED,
    progress: Progress = silent,
) -> ImportReport:
    """Report of an import of sources, read through a schema, into a store.

    Importing twice changes nothing; an interrupted import goes on where it stopped.

    Args:
        schema: itself, its name or its file.
        sources: ``LOADER`` or ``LOADER:LOCATION``, or loaders themselves.
        store: itself, or its URL.
        on_error: ``fail`` at the first row that does not fit, or ``skip`` such rows and list them.
        max_dropped: largest share of a table's rows that may be left out, because they do not fit or refer to nodes
            that do not exist; from 0 to 1.
        partial: whether users, items or interactions may be missing, because another import brings them.
        replace: whether to remove what the same sources stated before and no longer state: interactions, facts, and
            nodes that nobody else states. It happens when everything else is in the store.
        max_removed: largest share of a type's records that may be removed then; from 0 to 1.

    Raises:
        SourceError, RecordError: a source or row that cannot be read; a table of users, items or interactions that is
            missing, and of which the store holds nothing.
        DroppedRowsError: more rows of a table were left out; the message says what the store holds.
        ReplacementError: more would be removed, or other sources state records of the same types; none was removed.
        GraphError: the store refused.
    """
    if on_error not in ("fail", "skip"):
        raise ConfigError("on_error cannot be that.", found=on_error, expected="fail or skip", next="choose one")
    for name, share in (("max_dropped", max_dropped), ("max_removed", max_removed)):
        if not 0 <= share <= 1:
            raise ConfigError(
                f"{name} cannot be that.", found=str(share), expected="a share from 0 to 1", next="choose another"
            )
    loaded = load_schema(schema) if isinstance(schema, str) else schema
    skip: Literal["skip", "fail"] = "skip" if on_error == "skip" else "fail"
    with opened(store, read_only=False) as graph:
        extraction = Extraction(loaded, sources, on_error=skip, max_dropped=max_dropped)
        if not partial:
            _refuse_missing_tables(extraction, graph)

        n_tables = sum(len(extraction.tables_of_schema([phase])) for phase in PHASES)
        shares, met = progress.named("Import").parts(*[1] * n_tables), dict[tuple[str, str], Progress]()

        def show(event: BatchWritten) -> None:
            if event.table is not None:
                table = event.table.kind, event.table.table
                met.setdefault(table, shares[min(len(met), n_tables - 1)])
                met[table](f"{table[0]} from {table[1]}", event.table.rows, unit="rows")

        try:
            report = ingest_records(
                extraction, graph, max_dropped=max_dropped, replace=replace, max_removed=max_removed, progress=show
            )
        except DroppedRowsError as error:
            graph.checkpoint()
            near = [_near(graph, *end) for end in error.missing]
            stopped = f"the import stopped there; {graph.url} holds {_in_words(graph.counts())}"
            error.found = "\n".join(filter(None, (error.found, *near, *extraction.warnings(), stopped)))
            raise
        graph.checkpoint()
        held = graph.counts()
        ends = [end for table in report.tables for end in table.missing]
        near = [f"no {type} {shorten(uid)}; {said}" for type, uid in ends if (said := _near(graph, type, uid))]
        nothing_left = (*extraction.nothing_left(), *report.nothing_left)
        if not partial and not nothing_left:
            _refuse_half_a_graph(extraction, graph, held)
        return ImportReport(
            report,
            extraction.alignment,
            tuple(extraction.problems),
            held,
            notes=[*extraction.notes(), *(report.replacement.notes if report.replacement else ())],
            warnings=(*extraction.warnings(), *dict.fromkeys(near)),
            nothing_left=nothing_left,
        )


def _near(store: GraphStore, type: str, uid: str) -> str:
    """What the store has in the place of a node that it does not have, in words; empty where nothing is like it."""
    found = near_miss(uid, lambda other: store.node(type, other) is not None)
    return f"of {type}, {found}" if found else ""


def _refuse_missing_tables(extraction: Extraction, store: GraphStore) -> None:
    """Make sure before anything is written that there are users, items and interactions, here or in the store."""
    missing = extraction.missing_tables()
    if missing and store.schema is not None:
        counts = store.counts()
        held = {name for part in (counts.nodes, counts.interactions) for name, count in part.items() if count}
        missing = extraction.missing_tables(held)
    if missing:
        raise SourceError(
            "tables that an import needs are missing.",
            where=", ".join(map(str, extraction.sources)),
            found="\n".join(missing),
            expected=f"the tables that the schema '{extraction.schema.domain}' reads",
            next="name the files like the schema's tables; with --partial another import may bring what is missing",
        )


def _refuse_half_a_graph(extraction: Extraction, store: GraphStore, held: GraphCounts) -> None:
    """Make sure that an import that left nothing out brought users, items and interactions: its tables may be empty."""
    schema = extraction.schema
    nodes = {"users": schema.user_type, "items": schema.item_type}
    none = [what for what, name in nodes.items() if not held.nodes.get(name)]
    none += [] if any(held.interactions.values()) else ["interactions"]
    if none:
        rows = ", ".join(f"{rows:,} rows in table '{name}'" for name, rows in extraction.rows.items())
        raise SourceError(
            f"the graph has no {' and no '.join(none)} after the import.",
            where=store.url,
            found="\n".join((rows, *extraction.warnings())),
            expected="users, items and interactions",
            next="check that the export of these tables finished; with --partial another import may bring the rest",
        )


def _in_words(counts: GraphCounts) -> str:
    """What a store holds: '30 User, 120 INTERACTED'."""
    parts = [f"{n:,} {name}" for part in (counts.nodes, counts.edges, counts.interactions) for name, n in part.items()]
    return ", ".join(parts)


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
    measure: bool = False,
    executor: str | None = "here",
    progress: Progress = silent,
) -> Bundle:
    """A bundle learned from everything in a store and, where ``out`` is given, saved there.

    Settings are chosen on a tenth of the interactions, which is held out; then the model is learned again from all.
    Who is forgotten meanwhile is in no file of what is saved.

    Args:
        checkpoint: folder for the state of training and tuning; a run that was stopped goes on from it.
        tune: minutes to search for better settings than those of ``config``, see :func:`kgrec.learn.tune.tune`.
        measure: choose settings without the last fifth of what each user did, and measure the model and baselines on
            it once, before it is learned again from all; see ``test`` in the manifest's metrics.
        executor: what runs trainings and baselines, see :mod:`kgrec.learn.named_executors`; None for several processes
            where that is faster: then a script must guard its main part with ``if __name__ == "__main__"``.

    Raises:
        StoreUnavailableError: there is no such store; told before anything else is missing.
        GraphError: the store holds no graph.
        MissingExtraError: learning needs torch, tuning needs optuna.
        ConfigError: no time to tune in, or no such executor.
        ExecutorError: the executor cannot be reached.
        TrainingDivergedError: a loss was not finite.
    """
    config = config or TrainConfig()
    folder = None if checkpoint is None else local_path(checkpoint)
    meanwhile = None if out is None else ForgottenMeanwhile(BundleVersions(out).folder / FORGOTTEN)
    parts = progress.parts(2, 20 if tune is not None else 0, 20 if measure else 0, 20, 1)
    reading, tuning, measuring, learning, writing = parts
    with opened(store) as graph:
        reading.named("Read")("the graph", 0)
        dataset = (everything := read_dataset(graph, every_fact=True)).as_of(time.time())
        # Imported once there is something to learn from: a missing store is told where torch is absent, too.
        from kgrec.learn.bundle_assembly import to_bundle
        from kgrec.learn.fit import executor_for, fit, refit

        metrics: dict[str, Any] = {"persons": dataset.persons.as_dict()} if dataset.persons else {}
        split = split_in_time(dataset.interactions, config.predict, config.seed) if measure else None
        if tune is not None:
            known = dataset if split is None else dataset.with_interactions(split.known, split.test)
            config, metrics["tuning"] = _tuned(known, config, tune, folder, tuning.named("Tune"))
        with executor_for(dataset, config, executor) as runs:
            if split is not None:
                learned, metrics["test"] = _measured(everything, split, config, folder, measuring, runs)
                learned = refit(dataset, learned, config, checkpoint=folder, progress=learning, executor=runs)
            else:
                learned = fit(dataset, config, checkpoint=folder, progress=learning, executor=runs)
        writing.named("Write")("the bundle", 0)
        bundle = to_bundle(dataset, learned, config, schema=graph.schema, graph_id=graph.graph_id, metrics=metrics)
    if out is None or meanwhile is None:
        return bundle
    return save_without_forgotten(bundle, out, meanwhile)


def update(store: GraphStore | str, bundle: str | Path, *, progress: Progress = silent) -> UpdateReport:
    """Report of an update: a bundle is made anew from what its graph holds today, without training, and replaced.

    Args:
        store: the graph that the bundle was learned from, or its URL.
        bundle: its folder; where several versions were served, the live one is brought up to date.

    Raises:
        UpdateRefusedError: the new model finds less of the newest than the live one, beyond chance, which stays.
        SchemaMismatchError: the bundle was learned from another graph.
        BundleError: there is none, or it cannot be brought up to date.
        MissingExtraError: it needs what learning needs.
    """
    versions = BundleVersions(bundle)
    meanwhile, old = ForgottenMeanwhile(versions.folder / FORGOTTEN), versions.to_open()
    reading, making, writing = progress.parts(2, 20, 1)
    with opened(store) as graph:
        if old.manifest.graph_id != graph.graph_id:
            raise SchemaMismatchError(
                "the bundle was learned from another graph.",
                where=graph.url,
                found=f"graph {graph.graph_id}",
                expected=f"graph {old.manifest.graph_id}",
                next="name the store that it was learned from, or train on this one",
            )
        reading.named("Read")("the graph", 0)
        dataset = read_dataset(graph)
    from kgrec.evaluation.updating import updated

    report = updated(dataset, old, making)
    writing.named("Write")("the bundle", 0)
    return replace(report, bundle=save_without_forgotten(report.bundle, versions.path, meanwhile))


def _tuned(
    dataset: Dataset, config: TrainConfig, minutes: float, checkpoint: Path | None, progress: Progress
) -> tuple[TrainConfig, dict[str, Any]]:
    """Better settings, and how they were chosen as plain data."""
    require_extra("tune", "optuna", where="tune", instead="train without tuning")
    from kgrec.learn.tune import tune

    folder = None if checkpoint is None else checkpoint / "tuning"
    tuned = tune(dataset, config, minutes, folder=folder, progress=progress)
    facts = {"trials": tuned.trials, "ndcg@10 before": tuned.default, "ndcg@10": tuned.best, "changed": tuned.changed}
    return tuned.config, facts


def _measured(
    dataset: Dataset,
    split: Split,
    config: TrainConfig,
    checkpoint: Path | None,
    progress: Progress,
    executor: Executor,
) -> tuple[FitResult, dict[str, Any]]:
    """What is learned without the test part of a split, and the metrics on it, of baselines as well."""
    from kgrec.evaluation.store_evaluation import evaluate_split

    compared = evaluate_split(dataset, split, config, progress, executor, checkpoint and checkpoint / "measured")
    return compared.learned, compared.rows
