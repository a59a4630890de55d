"""The files of a benchmark's result: JSON with everything, one page of Markdown, and plots beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgrec.bundle.old_names import renamed_result
from kgrec.evaluation.tables import columns_of, markdown_table
from kgrec_benchmarks.runs.plots import ablation_bars, accuracy_and_time
from kgrec_benchmarks.runs.provenance import made_in_words

TITLES = {
    "rows_train_fit": "Fitted on train alone, with the validation part in the history",
    "rows_train_only": "Fitted on train alone",
    "rows_met_before": "Test items that their users had met before, in other ways",
    "rows_never_met": "Test items that their users had never met, whatever was met left out of lists",
}
"""What the rows are that know less than those of the first table, or are of a part of the test."""
_SHORT = ("recall@10", "ndcg@10", "mrr@10")


def write_result(result: Mapping[str, Any], out: Path) -> list[Path]:
    """Write ``out`` and, with the same name, ``.md``, ``.time.svg`` and ``.ablations.svg`` where there is such a plot.

    Each file is written beside its place and moved there, so that nobody ever reads half of one; the JSON file comes
    last: where it is, the others are.

    Returns:
        The paths that were written.
    """
    files = {out.with_suffix(".md"): markdown(result, out.stem)}
    if result.get("cost"):
        seconds = {name: cost["tuning_s"] + cost["fit_s"] for name, cost in result["cost"].items()}
        plot = accuracy_and_time(result["rows"], seconds, result["intervals"])
        files[out.with_suffix(".time.svg")] = plot
    if result.get("ablations"):
        files[out.with_suffix(".ablations.svg")] = ablation_bars(result["ablations"])
    files[out] = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    out.parent.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        draft = path.with_name(f"{path.name}.tmp")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return list(files)


def read_result(path: Path) -> dict[str, Any]:
    """A result as it was written, also by an earlier version, under the names of the present one."""
    return renamed_result(json.loads(path.read_text(encoding="utf-8")))


def markdown(result: Mapping[str, Any], stem: str) -> str:
    """The result as a page: the table with spread and intervals, cost, ablations, groups, machine and settings.

    Args:
        stem: name of the files without ending, to show the plots by.
    """
    seeds = result.get("seeds", [result["seed"]])
    sizes = ", ".join(f"{number:,} {what}" for what, number in result["data"].items())
    spread = result.get("spread")
    parts = [
        f"# {result['set']}\n",
        f"{sizes}. Seeds {', '.join(map(str, seeds))}{' (mean ± sd)' if spread else ''}. {made_in_words([result])}\n",
    ]
    parts.append(markdown_table(result["rows"], spread=spread))
    parts += [f"{name} was not run: {reason}.\n" for name, reason in result.get("refused", {}).items()]
    if equal := result.get("equal_loss"):
        parts += ["## With cold items moved until known ones lose the same share of recall@20\n"]
        parts += [markdown_table(equal["rows"], spread=equal["spread"])]
    if result.get("measured_once"):
        names = ", ".join(result["measured_once"])
        parts.append(f"Measured once, as neither the seed nor the split changes anything: {names}.\n")
    for key, title in TITLES.items():
        if result.get(key):
            parts += [f"## {title}\n", markdown_table(result[key], spread=spread)]
    for name, groups in result.get("platforms", {}).items():
        parts += [f"## {name}: what the other platforms are worth\n", _platform(groups)]
    if result.get("intervals"):
        parts += ["## 95 % bootstrap intervals over users\n", _intervals(result)]
    parts += _against(result)
    if result.get("cost"):
        parts += ["## Cost\n", _budget(result), _cost(result["cost"]), f"![accuracy and time]({stem}.time.svg)\n"]
    if result.get("explanations"):
        parts += ["## What explains the top lists\n", _explanations(result["explanations"])]
    parts += [f"- {note}\n" for note in result.get("explanation_notes", ())]
    for group, variants in result.get("ablations", {}).items():
        columns = [name for name in (*_SHORT, "validation_ndcg@10") if name in next(iter(variants.values()))]
        parts += [f"## Ablation: {group}\n", markdown_table(variants, columns)]
    parts += [f"- {note}\n" for note in result.get("ablation_notes", ())]
    if result.get("ablations"):
        parts.append(f"![ablations]({stem}.ablations.svg)\n")
    for name, group in result.get("groups", {}).items():
        if group["rows"]:
            parts.append(f"## Time from history to test: {name} ({group['users']:,} users)\n")
            parts += [markdown_table(group["rows"]), *_against(group)]
    return "\n".join([*parts, *_made_with(result)])


def _intervals(result: Mapping[str, Any]) -> str:
    """Systems against metrics, each cell an interval."""
    columns = [name for name in columns_of(result["rows"]) if name in next(iter(result["intervals"].values()))]
    lines = [["system", *columns], ["---", *["---"] * len(columns)]]
    for system in result["rows"]:
        ends = [result["intervals"][system][name] for name in columns]
        lines.append([system, *(f"{low:.4f} to {high:.4f}" for low, high in ends)])
    return _joined(lines)


def _against(result: Mapping[str, Any]) -> list[str]:
    """Ours minus the best baseline, one line per metric."""
    against = result.get("against_best", {})
    lines = [
        f"- {metric}: kgrec minus {against[metric]['baseline']} {against[metric]['difference']:+.4f} "
        f"({against[metric]['interval'][0]:+.4f} to {against[metric]['interval'][1]:+.4f}, paired)\n"
        for metric in columns_of(result["rows"])
        if metric in against
    ]
    return ["".join(lines)] if lines else []


def _platform(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """One line per group of users and metric: both means, their difference and its interval."""
    measured = (values for found in groups.values() for metric, values in found.items() if metric != "users")
    ours, other, *_ = next(measured, ("", ""))
    head = ["users", "metric", ours, other, "difference", "95 % interval, paired"]
    lines = [head, ["---", "---", *["---:"] * 4]]
    for group, found in groups.items():
        people = f"{group} ({found['users']:,})"
        for metric, (ours, alone, difference, interval) in (
            (metric, values.values()) for metric, values in found.items() if metric != "users"
        ):
            change = f"{difference:+.4f}" + (f" ({100 * difference / alone:+.1f} %)" if alone else "")
            ends = f"{interval[0]:+.4f} to {interval[1]:+.4f}"
            lines.append([people, metric, f"{ours:.4f}", f"{alone:.4f}", change, ends])
    return _joined(lines)


def _budget(result: Mapping[str, Any]) -> str:
    """How much the systems were allowed to try."""
    budget = result["budget"]
    return (
        f"On validation each system but kgrec may try {budget['settings']:,.0f} settings and take "
        f"{budget['seconds']:,.0f} s; the search of kgrec ends by itself.\n"
    )


def _cost(cost: Mapping[str, Mapping[str, float]]) -> str:
    head = ["system", "tuning s", "fit s", "ranking s", "tried", "peak memory MB", "of it grown MB"]
    lines = [head, ["---", *["---:"] * 6]]
    for system, of_system in cost.items():
        seconds = [f"{of_system[name]:.1f}" for name in ("tuning_s", "fit_s", "ranking_s")]
        tried = f"{of_system['tried']:.0f}{' (time ran out)' if of_system['capped'] else ''}"
        memory = [f"{of_system[name]:.0f}" for name in ("peak_memory_mb", "memory_growth_mb")]
        lines.append([system, *seconds, tried, *memory])
    return _joined(lines)


def _explanations(measures: Mapping[str, float | None]) -> str:
    """One measure a line; what could not be measured is a dash."""
    cells = [[name, "-" if value is None else f"{value:.4g}"] for name, value in measures.items()]
    return _joined([["measure", "value"], ["---", "---:"], *cells])


def _made_with(result: Mapping[str, Any]) -> list[str]:
    """Machine, versions and settings."""
    parts = ["## Made with\n"]
    if machine := result.get("machine"):
        parts.append(f"{', '.join(f'{name} {value}' for name, value in machine.items())}.\n")
    parts.append(f"{', '.join(f'{name} {version}' for name, version in result['versions'].items())}.\n")
    for system, setting in result["settings"].items():
        short = ", ".join(f"{name}={value}" for name, value in setting.items() if not isinstance(value, Mapping))
        parts.append(f"- {system}: {short or ('see the JSON file' if setting else 'nothing to set')}")
    return [*parts, ""]


def _joined(lines: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
