"""Measurements on the terminal: systems against metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgrec.cli.output import show, show_facts
from kgrec.plain_text import visible


def show_rows(result: Mapping[str, Any]) -> None:
    """Systems against metrics, among the items of the interactions and, where measured, among all and without refit."""
    from kgrec.evaluation.tables import terminal_table

    spread = result.get("spread")
    show(terminal_table(result["rows"], spread=spread))
    for system, reason in result.get("refused", {}).items():
        show(f"{visible(system)} was not run: {visible(reason)}")
    for key, history in (("rows_train_fit", "train and validation"), ("rows_train_only", "train")):
        if result.get(key):
            title = f"Fitted on train alone, with the history of {history}"
            show(terminal_table(result[key], spread=spread, title=title))
    for key, items in (("rows_met_before", "their users had met before"), ("rows_never_met", "they had never met")):
        if result.get(key):
            lists = ", whatever was met left out of lists" if key == "rows_never_met" else ""
            show(terminal_table(result[key], spread=spread, title=f"Test items that {items}{lists}"))
    if result.get("cost"):
        show(*_budgets(result))
    if result.get("explanations"):
        show_facts({"explanations": result["explanations"]})
    show(*result.get("explanation_notes", ()))
    for group, variants in result.get("ablations", {}).items():
        show(terminal_table(variants, title=f"Ablation: {group}"))
    show(*result.get("ablation_notes", ()))
    for name, group in result.get("groups", {}).items():
        show(terminal_table(group["rows"], title=f"Time from history to test: {name} ({group['users']:,} users)"))
    if result.get("rows_whole_catalogue"):
        show(terminal_table(result["rows_whole_catalogue"], title="Ranked among the whole catalogue"))
    show_facts({name: result[name] for name in ("validation", "timings_s") if name in result})


def _budgets(result: Mapping[str, Any]) -> list[str]:
    """What each system tried on validation, and for how long."""
    lines = [
        f"{visible(name)} tried {cost['tried']:,.0f} settings on validation in {cost['tuning_s']:,.0f} s"
        f"{', all that its budget allows' if cost['capped'] else ''}"
        for name, cost in result["cost"].items()
    ]
    budget = result["budget"]
    limit = f"{budget['settings']:,} settings and {budget['seconds']:,.0f} s"
    return [*lines, f"The budget of each system but kgrec, whose search ends by itself: {limit}"]
