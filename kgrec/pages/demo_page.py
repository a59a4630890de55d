"""The demo's page: one HTML file that needs nothing but itself.

No script, no request (the page's own policy forbids them), and every text that comes from data is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from kgrec.evaluation.model_card import RESTS_ON
from kgrec.evaluation.tables import best_of, columns_of
from kgrec.pages.charts import colour, curves, evidence_of, evidence_shown, evidence_totals, metric_bars, stacked_bars
from kgrec.pages.demo_report import DemoReport, Metrics, ShownExplanation
from kgrec.pages.explanation_graph import draw_explanation, paths_of, signed
from kgrec.pages.style import STYLE

_CHARTED = 6
_REASONS_SHOWN = 8
_HISTORY_SHOWN = 14
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(report: DemoReport) -> str:
    """The page as text; write it to a file as UTF-8."""
    parts = [
        _opening(report),
        _list(report),
        _graph(report),
        _metrics(report),
        _training(report),
        _how_it_was_made(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>kgrec: recommendations with reasons</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _opening(report: DemoReport) -> str:
    tiles = "".join(
        f"<div><b>{_count(number)}</b><span>{escape(_words(name))}</span></div>"
        for name, number in report["counts"].items()
    )
    return (
        "<header><h1>Recommendations that can show their reasons</h1>"
        '<p class="soft">Every score below is a sum of what the person did, seen through a few channels. Nothing is '
        "estimated afterwards: the reasons are the score.</p>"
        f'<div class="tiles">{tiles}</div></header>'
    )


def _list(report: DemoReport) -> str:
    explanations = report["explanations"]
    evidence = evidence_shown(explanations)
    legend = "".join(
        f'<span><i class="{colour(evidence, name)}"></i>{escape(_rests_on(name))}</span>' for name in evidence
    )
    bars = stacked_bars(explanations, evidence)
    rows = "".join(_row(explanation, bar, evidence) for explanation, bar in zip(explanations, bars, strict=True))
    history = report["user"]["history"]
    chips = "".join(f"<li>{escape(name)}</li>" for name in history[:_HISTORY_SHOWN])
    if len(history) > _HISTORY_SHOWN:
        chips += f'<li class="soft">and {len(history) - _HISTORY_SHOWN} more</li>'
    return (
        f"<section><h2>For user {escape(report['user']['id'])}</h2>"
        f'<p class="soft">From {len(history)} past choices:</p><ul class="chips">{chips}</ul>'
        f'<div class="legend">{legend}<span><i class="c-base"></i>scaling</span></div>'
        f'<div class="card"><ol class="list">{rows}</ol></div></section>'
    )


def _row(explanation: ShownExplanation, bar: str, evidence: Sequence[str]) -> str:
    new = '<span class="new">new: nobody chose it yet</span>' if explanation["new"] else ""
    name, score = escape(explanation["name"]), _plain(explanation["score"])
    texts = explanation["sentence"].items()
    sentences = "".join(f'<p lang="{escape(code)}">{escape(text)}</p>' for code, text in texts)
    return (
        f'<li><span class="rank">{explanation["rank"]}</span><span><span class="name">{name}</span>{new}</span>'
        f'<span class="score">{score}</span>'
        f'<div class="body">{bar}{sentences}'
        f"<details><summary>All reasons, adding up to {score}</summary>{_reasons(explanation, evidence)}</details>"
        "</div></li>"
    )


def _reasons(explanation: ShownExplanation, evidence: Sequence[str]) -> str:
    """The reasons of largest value one by one, the rest by evidence; together exactly the score."""
    ordered = sorted(explanation["reasons"], key=lambda reason: -abs(reason["value"]))
    rows = [
        (colour(evidence, evidence_of(reason)), reason["label"].get("en", ""), reason["value"], reason["share"])
        for reason in ordered[:_REASONS_SHOWN]
    ]
    for name in evidence:
        rest = [reason for reason in ordered[_REASONS_SHOWN:] if evidence_of(reason) == name]
        if rest:
            value, share = sum(reason["value"] for reason in rest), sum(reason["share"] for reason in rest)
            rows.append((colour(evidence, name), f"{len(rest)} more · {_rests_on(name)}", value, share))
    cells = "".join(
        f'<tr><td><i class="{kind}"></i>{escape(name)}</td><td class="n">{signed(value)}</td>'
        f'<td class="n share">{100 * share:.0f} %</td></tr>'.replace(">-", ">−")
        for kind, name, value, share in rows
    )
    constant = signed(explanation["constant"])
    cells += f'<tr><td><i class="c-base"></i>scaling</td><td class="n">{constant}</td><td></td></tr>'
    total = sum(value for _, _, value in evidence_totals(explanation, evidence))
    cells += f'<tr class="sum"><td>score</td><td class="n">{_plain(total)}</td><td></td></tr>'
    without = explanation["counterfactual"]
    what_if = (
        f'<p class="soft">Scored again without {escape(without["name"])}: rank {without["rank_before"]} becomes '
        f"{without['rank_after']}.</p>"
        if without and without["rank_before"] != without["rank_after"]
        else ""
    )
    return f'<table class="reasons">{cells}</table>{what_if}'


def _rests_on(evidence: str) -> str:
    return RESTS_ON.get(evidence, _words(evidence))


def _graph(report: DemoReport) -> str:
    """The explanation with the most to draw."""
    if not any(paths_of(explanation) for explanation in report["explanations"]):
        return ""
    explanation = max(report["explanations"], key=_nodes_on_paths)
    return (
        f"<section><h2>Why {escape(explanation['name'])}: the paths in the graph</h2>"
        '<p class="soft">The store has confirmed every edge, and every path carries a part of the score. '
        "An arrow points the way the fact is stated.</p>"
        '<p class="narrow-hint">Swipe sideways to follow the paths.</p>'
        f'<div class="card scroll">{draw_explanation(explanation, "User " + report["user"]["id"])}</div></section>'
    )


def _nodes_on_paths(explanation: ShownExplanation) -> int:
    return len({node["uid"] for path in paths_of(explanation) for node in path["nodes"]})


def _metrics(report: DemoReport) -> str:
    known, whole = report["metrics"], report["metrics_whole_catalogue"]
    charts = metric_bars(known, columns_of(known)[:_CHARTED])
    tables = "".join(
        f'<div class="card"><h3>{title}</h3><div class="scroll">{_metric_table(values)}</div></div>'
        for title, values in (("Among the items that somebody chose", known), ("Among the whole catalogue", whole))
        if values
    )
    return (
        "<section><h2>Measured against plain baselines</h2>"
        '<p class="soft">Same split for all, settings chosen on validation, every item ranked that the person had not '
        f'taken. Higher is better.</p><div class="card grid">{charts}</div>{tables}</section>'
    )


def _metric_table(values: Metrics) -> str:
    columns = columns_of(values)
    head = "".join(f'<th class="n">{escape(name)}</th>' for name in columns)
    rows = []
    for system, row in values.items():
        cells = []
        for name in columns:
            kind = "n best" if name in row and row[name] == best_of(values, name) else "n"
            cells.append(f'<td class="{kind}">{f"{row[name]:.4f}" if name in row else ""}</td>')
        rows.append(f"<tr><td>{escape(system)}</td>{''.join(cells)}</tr>")
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def _training(report: DemoReport) -> str:
    if not report["training"]:
        return ""
    return (
        '<section><h2>Training</h2><p class="soft">By epoch; validation decides when to stop.</p>'
        f'<div class="card grid wide">{curves(report["training"])}</div></section>'
    )


def _how_it_was_made(report: DemoReport) -> str:
    groups = [("Seconds by stage", [(_words(name), _plain(value)) for name, value in report["timings_s"].items()])]
    groups.append(("Entity alignment", list(_flat(report["alignment"]))))
    blocks = "".join(
        f"<div><h3>{title}</h3><table>"
        + "".join(f'<tr><td>{escape(name)}</td><td class="n">{escape(value)}</td></tr>' for name, value in rows)
        + "</table></div>"
        for title, rows in groups
        if rows
    )
    return f'<section><h2>How it was made</h2><div class="card grid wide">{blocks}</div></section>' if blocks else ""


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Names and shown values of nested numbers; a list shows how long it is."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{_words(name)} · ")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{_words(name)}", _count(len(value))
        elif isinstance(value, float):
            yield f"{prefix}{_words(name)}", f"{value:.3f}"
        else:
            yield f"{prefix}{_words(name)}", _count(value) if isinstance(value, int) else str(value)


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _count(number: float) -> str:
    return f"{number:,}"


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
