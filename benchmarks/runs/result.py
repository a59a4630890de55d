"""Result: what a protocol measured on a data set, as its JSON file holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from kgrec_benchmarks.runs.provenance import UNKNOWN

Table = dict[str, dict[str, float]]
"""System to metric to value."""


@dataclass(frozen=True)
class Result:
    """Rows of a table, what they were made with and, by protocol, how sure and how dear they are.

    Whoever runs a protocol gives the first four; what is None was not measured and is left out of the file.

    Attributes:
        rows: system to metric to value; means where there are several seeds or folds.
        settings: what each system was fitted with.
        data: sizes of the data set and of its parts.
        seed: the first seed.
        seeds: all of them.
        spread: standard deviation (n - 1) of each value over seeds or folds, for what was measured more than once.
        folds: the table of each seed or fold, for protocols that repeat as a whole.
        per_seed: ``seed, rows, settings`` of each run, for protocols that measure system by system.
        measured_once: systems whose runs are one run, as neither the seed nor the split changes it.
        rows_train_fit: the models that were fitted on train, over histories that hold the validation part: the protocol
            of leave-one-out tables. Where the validation part is the authors', for systems whose users are what they
            did.
        rows_train_only: the same models over the histories of train.
        rows_met_before, rows_never_met: the rows of ``rows`` for test items that their users had met in other ways than
            the one that is to be found, and for all others, in lists without whatever was met; where there are such.
        intervals: row to metric to the ends of a 95 % bootstrap interval over users.
        against_best: metric to ``baseline, difference, interval``: kgrec minus the baseline that is best in the test,
            paired by user.
        equal_loss: ``rows`` and ``spread`` of kgrec with its cold items moved until the known ones lose as much as with
            each baseline.
        groups: rows and ``against_best`` by the time from a user's history to the test.
        platforms: platform to group of users to their number and, by metric, the means of the model of all platforms
            and of the one of that platform alone, their difference and its interval, paired by user.
        explanations: measures of what explains top lists, see :mod:`kgrec.evaluation.explanation_measures`; None for
            what could not be measured. ``explanation_notes`` are sentences about them.
        ablations: group to variant to metrics; ``ablation_notes`` are sentences about them.
        validation: metrics that the choice of settings went by.
        cost: system to seconds, settings tried and memory, see :class:`kgrec_benchmarks.runs.cost.Watch`.
        budget: what each system but kgrec may try on validation.
        refused: system to the reason why it was not run.
        resumed: keys of the runs that were taken over from an earlier, stopped one.
        timings_s: what took how many seconds.
        set, protocol: names of the folder and of the protocol.
        peak_memory_mb: of the whole process.
        versions, machine: what it was run with and on.
        commit, date: see :class:`kgrec_benchmarks.runs.provenance.Provenance`.
    """

    rows: Table
    settings: dict[str, Any]
    data: dict[str, int]
    seed: int
    seeds: Sequence[int] | None = None
    spread: Table | None = None
    folds: Sequence[Table] | None = None
    per_seed: Sequence[dict[str, Any]] | None = None
    measured_once: Sequence[str] | None = None
    rows_train_fit: Table | None = None
    rows_train_only: Table | None = None
    rows_met_before: Table | None = None
    rows_never_met: Table | None = None
    intervals: dict[str, dict[str, list[float]]] | None = None
    against_best: dict[str, dict[str, Any]] | None = None
    equal_loss: dict[str, Table] | None = None
    groups: dict[str, dict[str, Any]] | None = None
    platforms: dict[str, dict[str, dict[str, Any]]] | None = None
    explanations: dict[str, float | None] | None = None
    explanation_notes: Sequence[str] | None = None
    ablations: dict[str, Table] | None = None
    ablation_notes: Sequence[str] | None = None
    validation: dict[str, float] | None = None
    cost: dict[str, dict[str, float]] | None = None
    budget: dict[str, float] | None = None
    refused: dict[str, str] | None = None
    resumed: Sequence[str] | None = None
    timings_s: dict[str, float] = field(default_factory=dict)
    set: str = ""
    protocol: str = ""
    peak_memory_mb: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    commit: str = UNKNOWN
    date: str = UNKNOWN

    def as_dict(self) -> dict[str, Any]:
        """What was measured, as plain data for JSON."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        return {name: value for name, value in values.items() if value is not None}
