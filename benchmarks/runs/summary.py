"""The tables of a result, from the outcomes of all runs: means, spread, intervals, cost and groups of users."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kgrec.data.dataset import Array
from kgrec.metrics.bootstrap import Bootstrap
from kgrec_benchmarks.runs.outcome import Outcome, PerUser

Outcomes = Mapping[str, Sequence[Outcome]]
"""System to its outcomes, one per seed; the same object again where a run was not repeated."""

TRAIN_FIT, TRAIN_ONLY = "_train_fit", "_train_only"
"""Endings of the rows of a model that was fitted on train: over histories with the validation part, and without it."""

MET_BEFORE, NEVER_MET = "_met_before", "_never_met"
"""Endings of the rows of test items that users had met in other ways, and of all others, met ones left out of lists."""
_GROUPS = MET_BEFORE, NEVER_MET

_LARGEST = ("peak_memory_mb", "memory_growth_mb")


def summarised(outcomes: Outcomes, seeds: Sequence[int], ours: str) -> dict[str, Any]:
    """The part of a result that says how good the systems are.

    Returns:
        ``rows, rows_train_fit, rows_train_only, rows_met_before, rows_never_met, spread, per_seed, measured_once,
        intervals, against_best, refused, cost, settings``, as :class:`kgrec_benchmarks.runs.result.Result` describes
        them.
    """
    ran = {name: runs for name, runs in outcomes.items() if not runs[0].refused}
    names = [row for runs in ran.values() for row in runs[0].rows]
    means: dict[str, dict[str, float]] = {}
    spread: dict[str, dict[str, float]] = {}
    for runs in ran.values():
        different = list({id(run): run for run in runs}.values())
        for row, first in runs[0].rows.items():
            table = {metric: [run.rows[row][metric] for run in different] for metric in first}
            means[row] = {metric: float(np.mean(values)) for metric, values in table.items()}
            if len(different) > 1:
                spread[row] = {metric: float(np.std(values, ddof=1)) for metric, values in table.items()}
    users = {row: mean_of_users([run.users[row] for run in runs]) for runs in ran.values() for row in runs[0].rows}
    intervals, against = _intervals({row: of for row, of in users.items() if not row.endswith(_GROUPS)}, means, ours)
    for group in _GROUPS:
        intervals |= _intervals({row: of for row, of in users.items() if row.endswith(group)}, means, ours)[0]
    return {
        "rows": {row: means[row] for row in names if _is_refitted(row)},
        "rows_train_fit": {row: means[row] for row in names if row.endswith(TRAIN_FIT)},
        "rows_train_only": {row: means[row] for row in names if row.endswith(TRAIN_ONLY)},
        "rows_met_before": {row: means[row] for row in names if row.endswith(MET_BEFORE)} or None,
        "rows_never_met": {row: means[row] for row in names if row.endswith(NEVER_MET)} or None,
        "spread": spread,
        "per_seed": [
            {
                "seed": seed,
                "rows": {row: values for runs in ran.values() for row, values in runs[number].rows.items()},
                "settings": {name: runs[number].settings for name, runs in ran.items()},
            }
            for number, seed in enumerate(seeds)
        ],
        "measured_once": [name for name, runs in ran.items() if len(runs) > 1 and len({id(run) for run in runs}) == 1],
        "intervals": intervals,
        "against_best": against,
        "refused": {name: runs[0].refused for name, runs in outcomes.items() if runs[0].refused},
        "cost": {name: _cost(runs) for name, runs in ran.items()},
        "settings": {name: runs[0].settings for name, runs in ran.items()},
    }


def mean_of_users(runs: Sequence[PerUser]) -> PerUser:
    """Each user's mean over the runs that measured them; nan where none did."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        tables = {metric: np.stack([run[metric] for run in runs]) for metric in runs[0]}
        return {metric: np.asarray(np.nanmean(table, axis=0, dtype=np.float64)) for metric, table in tables.items()}


def _is_refitted(row: str) -> bool:
    return not row.endswith((TRAIN_FIT, TRAIN_ONLY, *_GROUPS))


def _intervals(
    users: Mapping[str, PerUser], means: Mapping[str, Mapping[str, float]], ours: str
) -> tuple[dict[str, dict[str, list[float]]], dict[str, dict[str, Any]]]:
    """Intervals of every row, and of ours minus the baseline whose test mean is best, metric by metric."""
    if not users:
        return {}, {}
    drawn = Bootstrap({f"{row} {metric}": values for row, of in users.items() for metric, values in of.items()})
    intervals = {row: {metric: drawn.interval(f"{row} {metric}") for metric in of} for row, of in users.items()}
    others = [row for row in users if row != ours and _is_refitted(row)]
    against: dict[str, dict[str, Any]] = {}
    for metric in users[ours] if ours in users and others else ():
        best = max(others, key=lambda row: means[row][metric])
        against[metric] = {
            "baseline": best,
            "difference": means[ours][metric] - means[best][metric],
            "interval": drawn.difference(f"{ours} {metric}", f"{best} {metric}"),
        }
    return intervals, against


def _cost(runs: Sequence[Outcome]) -> dict[str, float]:
    """Mean seconds of a run and the largest memory of any; what was tried is that of the first seed."""
    result: dict[str, float] = {}
    for name, first in runs[0].cost.items():
        values = [run.cost[name] for run in runs]
        if name in _LARGEST:
            result[name] = max(values)
        else:
            result[name] = float(np.mean(values)) if name.endswith("_s") else first
    return result


def grouped(outcomes: Outcomes, groups: Mapping[str, npt.NDArray[np.bool_]], ours: str) -> dict[str, dict[str, Any]]:
    """Mean metrics of every row in groups of users, without the rows of models fitted on train only.

    Returns:
        Group to ``users``, their number, ``rows`` and ``against_best``; a group without users has no rows.
    """
    users = {
        row: mean_of_users([run.users[row] for run in runs])
        for runs in outcomes.values()
        for row in runs[0].rows
        if _is_refitted(row)
    }
    result: dict[str, dict[str, Any]] = {}
    for name, mask in groups.items():
        inside = {
            row: {metric: values[mask] for metric, values in of.items()}
            for row, of in users.items()
            if _measured(of, mask)
        }
        rows = {row: {metric: float(np.nanmean(values)) for metric, values in of.items()} for row, of in inside.items()}
        result[name] = {"users": int(mask.sum()), "rows": rows, "against_best": _intervals(inside, rows, ours)[1]}
    return result


def _measured(of: PerUser, mask: npt.NDArray[np.bool_]) -> bool:
    values: Array = next(iter(of.values()))[mask]
    return bool((~np.isnan(values)).any())
