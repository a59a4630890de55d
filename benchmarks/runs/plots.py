"""Plots of a benchmark as SVG files of their own: accuracy against time, and bars of the ablations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from kgrec.evaluation.tables import Values

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 720.0, 64.0, 170.0, 44.0, 46.0
_HEIGHT, _LINE, _BAR = 400.0, 17.0, 15.0
_STYLE = (
    "<style>text{font:13px system-ui,sans-serif;fill:#1c2025}.soft{fill:#5d656e;font-size:12px}"
    ".title{font-weight:650;font-size:15px}.axis{stroke:#e2e0d8}.lead{stroke:#b9bec4}.other{fill:#b9bec4;stroke:#5d656e}"
    ".ours{fill:#0b7a6f;stroke:#0b7a6f}rect.other{stroke:none}.name.ours{fill:#0b7a6f;stroke:none;font-weight:650}"
    "rect.paper{fill:#fff}</style>"
)


def accuracy_and_time(
    rows: Values,
    seconds: Mapping[str, float],
    intervals: Mapping[str, Mapping[str, Sequence[float]]],
    metric: str = "ndcg@10",
    ours: str = "kgrec",
) -> str:
    """A point per system: seconds to tune and fit (logarithmic) against a metric with its 95 % interval.

    Args:
        seconds: system to seconds; a system without seconds is left out.
        intervals: system to metric to lower and upper end.
    """
    names = [name for name in rows if seconds.get(name, 0.0) > 0.0 and metric in rows[name]]
    if not names:
        return _document(_HEIGHT, f"{metric} and time", "")
    ends = {name: intervals.get(name, {}).get(metric, [rows[name][metric]] * 2) for name in names}
    low, high = min(end[0] for end in ends.values()), max(end[1] for end in ends.values())
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    low, high = low - margin, high + margin
    logs = {name: math.log10(seconds[name]) for name in names}
    first, last = math.floor(min(logs.values())), max(math.ceil(max(logs.values())), math.floor(min(logs.values())) + 1)

    def x(log: float) -> float:
        return _LEFT + (log - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = []
    for power in range(first, last + 1):
        parts.append(_line("axis", x(power), _TOP, x(power), _HEIGHT - _BOTTOM))
        parts.append(_text("soft", x(power), _HEIGHT - _BOTTOM + 18, f"{10.0**power:g} s", "middle"))
    for step in range(5):
        value = low + (high - low) * step / 4
        parts.append(_line("axis", _LEFT, y(value), _WIDTH - _RIGHT, y(value)))
        parts.append(_text("soft", _LEFT - 8, y(value) + 4, f"{value:.3f}", "end"))
    parts.append(_text("soft", (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "seconds to tune and fit", "middle"))
    label = -math.inf
    for name in sorted(names, key=lambda name: -rows[name][metric]):
        kind = "ours" if name == ours else "other"
        across, down = x(logs[name]), y(rows[name][metric])
        label = max(down, label + _LINE)
        parts.append(_line("lead", across, down, _WIDTH - _RIGHT + 8, label))
        parts.append(_line("lead", across, y(ends[name][0]), across, y(ends[name][1])))
        parts.append(f'<circle class="{kind}" cx="{across:.1f}" cy="{down:.1f}" r="5"/>')
        words = f"{name} {rows[name][metric]:.4f}"
        parts.append(_text("name ours" if name == ours else "name", _WIDTH - _RIGHT + 12, label + 4, words, "start"))
    height = max(_HEIGHT, label + _LINE)
    return _document(height, f"{metric} (95 % interval over users) and time", "".join(parts))


def ablation_bars(ablations: Mapping[str, Values], metric: str = "ndcg@10") -> str:
    """A bar per variant, in groups, all on one scale that starts at 0."""
    values = [row[metric] for group in ablations.values() for row in group.values() if metric in row]
    largest = max([*values, 1e-12])
    parts = []
    y = _TOP
    for group, variants in ablations.items():
        parts.append(_text("soft", 12, y + 12, group, "start"))
        for name, row in variants.items():
            width = max(row.get(metric, 0.0), 0.0) / largest * (_WIDTH - 2 * _RIGHT - 20)
            kind = "ours" if name in ("fused", "true") else "other"
            parts.append(_text("name", _RIGHT - 8, y + 12, name, "end"))
            parts.append(
                f'<rect class="{kind}" x="{_RIGHT:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_BAR:.1f}" rx="3"/>'
            )
            parts.append(_text("name", _RIGHT + width + 8, y + 12, f"{row.get(metric, 0.0):.4f}", "start"))
            y += _BAR + 5
        y += 12
    return _document(y + 4, f"Ablations: {metric} of the test", "".join(parts))


def _document(height: float, title: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" width="{_WIDTH:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(title)}">{_STYLE}'
        f'<rect class="paper" width="100%" height="100%"/>{_text("title", 12, 24, title, "start")}{body}</svg>\n'
    )


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(kind: str, x: float, y: float, words: str, anchor: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
