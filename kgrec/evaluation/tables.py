"""Tables of systems against metrics, for the terminal and for Markdown. The best of each column stands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

Values = Mapping[str, Mapping[str, float]]
"""``system -> metric -> value``."""

LOWER_IS_BETTER = frozenset({"log_loss", "ece", "known recall@20 loss", "known ndcg@10 loss"})
_SHOWN = ("recall@10", "ndcg@10", "recall@20", "ndcg@20", "mrr@10", "hit_rate@10", "precision@10", "coverage@10")


def columns_of(values: Values) -> list[str]:
    """The usual metrics that at least one system has; all of them where none of the usual ones is there."""
    present = list(dict.fromkeys(metric for row in values.values() for metric in row))
    return [metric for metric in _SHOWN if metric in present] or present


def best_of(values: Values, metric: str) -> float | None:
    """The best value of a metric, None where no system has it."""
    column = [row[metric] for row in values.values() if metric in row]
    if not column:
        return None
    return min(column) if metric in LOWER_IS_BETTER else max(column)


def terminal_table(
    values: Values, columns: Sequence[str] | None = None, *, spread: Values | None = None, title: str | None = None
) -> Table:
    """A rich table.

    Args:
        columns: metrics in order; None takes :func:`columns_of`.
        spread: standard deviation over seeds, shown as ``± 0.0021`` where given.
    """
    table = Table(title=title and escape(title), title_justify="left", title_style="bold")
    names = list(columns or columns_of(values))
    table.add_column("")
    for name in names:
        table.add_column(escape(name), justify="right", no_wrap=True)
    for system in values:
        cells = [f"[bold]{text}[/bold]" if best else text for text, best in _cells(values, system, names, spread)]
        table.add_row(escape(system), *cells)
    return table


def markdown_table(values: Values, columns: Sequence[str] | None = None, *, spread: Values | None = None) -> str:
    """A Markdown table, ending in a line break; arguments as for :func:`terminal_table`."""
    names = list(columns or columns_of(values))
    lines = [["system", *names], ["---", *["---:"] * len(names)]]
    for system in values:
        cells = [f"**{text}**" if best else text for text, best in _cells(values, system, names, spread)]
        lines.append([system.replace("|", "\\|"), *cells])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(values: Values, system: str, columns: Sequence[str], spread: Values | None) -> list[tuple[str, bool]]:
    """Text of each cell and whether it is the best of its column."""
    cells = []
    for metric in columns:
        value = values[system].get(metric)
        if value is None:
            cells.append(("", False))
            continue
        deviation = (spread or {}).get(system, {}).get(metric)
        text = f"{value:.4f}" if deviation is None else f"{value:.4f} ± {deviation:.4f}"
        cells.append((text, len(values) > 1 and value == best_of(values, metric)))
    return cells
