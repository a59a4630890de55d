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
    if result.get("rows_train_only"):
        title = "Fitted on train alone, with the history of train"
        show(terminal_table(result["rows_train_only"], spread=spread, title=title))
    for group, variants in result.get("ablations", {}).items():
        show(terminal_table(variants, title=f"Ablation: {group}"))
    show(*result.get("ablation_notes", ()))
    for name, group in result.get("groups", {}).items():
        show(terminal_table(group["rows"], title=f"Time from history to test: {name} ({group['users']:,} users)"))
    if result.get("rows_whole_catalogue"):
        show(terminal_table(result["rows_whole_catalogue"], title="Ranked among the whole catalogue"))
    show_facts({name: result[name] for name in ("validation", "timings_s") if name in result})
