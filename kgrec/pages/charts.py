"""Charts of the page, as HTML and SVG of our own: bars that grow with the page, curves, stacked reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from kgrec.evaluation.tables import LOWER_IS_BETTER, best_of
from kgrec.pages.demo_report import Metrics, ShownExplanation, ShownReason
from kgrec.pages.explanation_graph import signed

_CHART_WIDTH, _CHART_HEIGHT = 420.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 16.0, 26.0, 30.0


def metric_bars(metrics: Metrics, shown: Sequence[str], ours: str = "kgrec") -> str:
    """One small bar chart per metric, each with a scale of its own that starts at 0."""
    return "".join(_metric(metrics, metric, ours) for metric in shown)


def _metric(metrics: Metrics, metric: str, ours: str) -> str:
    rows = {system: row[metric] for system, row in metrics.items() if metric in row}
    largest = max([*rows.values(), 1e-12])
    best = best_of(metrics, metric)
    bars = []
    for system, value in rows.items():
        kind = "ours" if system == ours else "other"
        mark = " best" if value == best else ""
        bars.append(
            f'<div class="bar {kind}{mark}"><span class="who">{escape(system)}</span>'
            f'<span class="track"><i style="width:{100 * max(value, 0.0) / largest:.2f}%"></i></span>'
            f'<span class="value">{_number(value)}</span></div>'
        )
    hint = " <small>lower is better</small>" if metric in LOWER_IS_BETTER else ""
    return f'<figure class="bars"><figcaption>{escape(metric)}{hint}</figcaption>{"".join(bars)}</figure>'


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def curves(training: Sequence[Mapping[str, float]]) -> str:
    """One curve per thing measured by epoch; the best value of each is marked."""
    names = list(dict.fromkeys(name for row in training for name in row if name != "epoch"))
    drawn = []
    for name in names:
        points = [(row["epoch"], row[name]) for row in training if name in row]
        drawn.append(_curve(name, points, lower_is_better="loss" in name))
    return "".join(drawn)


def _curve(name: str, points: Sequence[tuple[float, float]], lower_is_better: bool) -> str:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    margin = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    low, high = low - margin, high + margin

    def at(x: float, y: float) -> tuple[float, float]:
        share = (x - xs[0]) / (xs[-1] - xs[0]) if xs[-1] > xs[0] else 0.5
        return (
            _LEFT + share * (_CHART_WIDTH - _LEFT - _RIGHT),
            _TOP + (high - y) / (high - low) * (_CHART_HEIGHT - _TOP - _BOTTOM),
        )

    best = (min if lower_is_better else max)(points, key=lambda point: point[1])
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
    parts = []
    for step in range(4):
        value = low + margin + (high - low - 2 * margin) * step / 3
        y = at(xs[0], value)[1]
        parts.append(
            f'<line class="grid" x1="{_LEFT:.0f}" x2="{_CHART_WIDTH - _RIGHT:.0f}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{_LEFT - 8:.0f}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        )
    base = _CHART_HEIGHT - 10
    for place, anchor in ((xs[0], "start"), (xs[-1], "end")) if xs[-1] > xs[0] else ((xs[0], "middle"),):
        x = at(place, low)[0]
        parts.append(f'<text class="tick" x="{x:.1f}" y="{base:.0f}" text-anchor="{anchor}">epoch {place:g}</text>')
    x, y = at(*best)
    anchor = "start" if x < _CHART_WIDTH * 0.25 else "end" if x > _CHART_WIDTH * 0.75 else "middle"
    above = y - 10 if y - 10 > _TOP - 8 else y + 20
    parts.append(
        f'<polyline class="curve" points="{line}"/><circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        f'<text class="mark" x="{x:.1f}" y="{above:.1f}" text-anchor="{anchor}">{best[1]:.4g}</text>'
    )
    return (
        f'<figure class="curves"><figcaption>{escape(name)} <small>best at epoch {best[0]:g}</small></figcaption>'
        f'<svg viewBox="0 0 {_CHART_WIDTH:.0f} {_CHART_HEIGHT:.0f}" role="img" aria-label="{escape(name)} by epoch">'
        f"{''.join(parts)}</svg></figure>"
    )


def evidence_of(reason: ShownReason) -> str:
    """What a reason rests on: paths in the graph, popularity, or the evidence that it names."""
    if reason["kind"] in ("entity", "edge", "other_facts"):
        return "paths"
    return reason.get("evidence", reason["kind"])


def evidence_shown(explanations: Sequence[ShownExplanation]) -> list[str]:
    """All evidence there is, in order of appearance; its place decides its colour."""
    return list(dict.fromkeys(evidence_of(reason) for it in explanations for reason in it["reasons"]))


def evidence_totals(explanation: ShownExplanation, evidence: Sequence[str]) -> list[tuple[str, str, float]]:
    """(colour class, name, value) of all evidence and the constant; they add up to the score."""
    totals = dict.fromkeys(evidence, 0.0)
    for reason in explanation["reasons"]:
        totals[evidence_of(reason)] += reason["value"]
    rows = [(colour(evidence, name), name.replace("_", " "), value) for name, value in totals.items()]
    return [*rows, ("c-base", "scaling", explanation["constant"])]


def colour(evidence: Sequence[str], name: str) -> str:
    """CSS class of evidence."""
    return f"c{evidence.index(name) % 6}"


def stacked_bars(explanations: Sequence[ShownExplanation], evidence: Sequence[str]) -> list[str]:
    """One bar of reasons per explanation, all on one scale: what speaks for it right of zero, what against it left."""
    totals = [evidence_totals(it, evidence) for it in explanations]
    right = max([sum(value for _, _, value in rows if value > 0) for rows in totals] + [1e-9])
    left = max([-sum(value for _, _, value in rows if value < 0) for rows in totals] + [0.0])
    scale = 100.0 / (left + right)
    bars = []
    for rows in totals:
        parts = []
        end_right, end_left = left * scale, left * scale
        for kind, name, value in rows:
            width = abs(value) * scale
            if width < 0.05:
                continue
            place = end_right if value > 0 else end_left - width
            end_right, end_left = (end_right + width, end_left) if value > 0 else (end_right, place)
            words = escape(f"{name} {signed(value)}")
            parts.append(f'<i class="{kind}" style="left:{place:.2f}%;width:{width:.2f}%" title="{words}"></i>')
        zero = f'<b style="left:{left * scale:.2f}%"></b>' if left > 0 else ""
        bars.append(f'<div class="stack">{"".join(parts)}{zero}</div>')
    return bars
