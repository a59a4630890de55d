"""What the command line says: results as tables or as one JSON document, and errors without a traceback.

Ids and names come from anywhere: they are shown as text, never as markup, and shortened where a table would break.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from kgrec.errors import ConfigError, KgrecError, shorten
from kgrec.explanation.wording.languages import Labels, in_language, wording_of
from kgrec.plain_text import plain, short, visible

if TYPE_CHECKING:
    from kgrec.extract.checks import CheckReport
    from kgrec.recommendation import Explanation, Recommendation

_WIDTH_OF_FILES = 160
_PAST_SHOWN = 12
_REASONS_SHOWN = 2

_STYLES = {"PASS": "green", "WARN": "yellow", "FAIL": "bold red"}


def print_json(payload: Any) -> None:
    """Write one JSON document to stdout; numbers that JSON does not have become null."""
    as_ascii = (sys.stdout.encoding or "ascii").lower() not in ("utf-8", "utf8")
    sys.stdout.write(json.dumps(plain(payload), ensure_ascii=as_ascii, indent=2) + "\n")


def print_error(error: KgrecError, as_json: bool) -> None:
    """Say an error on stderr and, with ``as_json``, as JSON on stdout."""
    if as_json:
        print_json(error.as_dict())
    note(visible(str(error), keep="\n"))


def usage(error: typer.TyperException) -> ConfigError:
    """What typer says of a wrong command line, in the form of every other error."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "kgrec"
    # What a converter of values says comes through with a label that helps nobody.
    return ConfigError(
        error.format_message().replace("Value error, ", ""), where=command, next=f"see `{command} --help`"
    )


def print_unexpected(error: Exception, as_json: bool) -> None:
    """Say in one line that kgrec has a fault, and, with ``as_json``, as JSON on stdout like any other error."""
    kind, what = type(error).__name__, shorten(" ".join(str(error).split()) or "no message")
    advice = "please report it, with the traceback that KGREC_DEBUG=1 shows"
    if as_json:
        print_json(KgrecError(what, next=advice).as_dict() | {"error": kind})
    note(visible(f"kgrec stopped at an unexpected {kind}: {what}; {advice}"))


def note(text: str) -> None:
    """A line on stderr."""
    sys.stderr.write(text + "\n")


def show(*parts: RenderableType) -> None:
    """Print to stdout; strings are taken as they are, and texts are not broken into lines."""
    fixed = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_FILES
    console = Console(file=sys.stdout, highlight=False, emoji=False, width=fixed)
    for part in parts:
        text = Text(part) if isinstance(part, str) else part
        console.print(text, soft_wrap=isinstance(text, Text))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table of texts and numbers; a column of numbers stands to the right."""
    cells = [list(row) for row in rows]
    result = Table()
    for position, name in enumerate(columns):
        numeric = bool(cells) and all(_is_number(row[position]) for row in cells)
        result.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        result.add_row(*[_cell(value) for value in row])
    return result


def _figure(text: str) -> Text:
    return Text(text, justify="right")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, bool) or value is None:
        return Text("yes" if value else "")
    if isinstance(value, int):
        return Text(f"{value:,}")
    return Text(f"{value:,.4g}" if isinstance(value, float) else short(str(value), 200))


def show_check(report: CheckReport) -> None:
    """Each question with its answer, and the worst of all."""
    rows = [(Text(c.status, _STYLES[c.status]), c.what, c.count, c.of, c.first or "") for c in report.checks]
    show(table(("", "check", "count", "of", "first"), rows), Text(report.status, _STYLES[report.status]))


def show_facts(facts: Mapping[str, Any], title: str | None = None) -> None:
    """Any data: a table of its values, then a table for each part that is a mapping or a list."""
    name_of = {key: f"{title}, {key}" if title else str(key) for key in facts}
    flat = {key: value for key, value in facts.items() if not isinstance(value, Mapping | list | tuple)}
    if flat:
        show(*[Text(visible(title), "bold")] if title else [], table(("", "value"), flat.items()))
    for key, value in facts.items():
        if isinstance(value, Mapping) and value:
            show_facts(value, name_of[key])
        elif isinstance(value, list | tuple) and value and all(isinstance(entry, Mapping) for entry in value):
            columns = list(dict.fromkeys(column for entry in value for column in entry))
            rows = ([entry.get(column) for column in columns] for entry in value)
            show(Text(visible(name_of[key]), "bold"), table(columns, rows))
        elif isinstance(value, list | tuple):
            show(f"{name_of[key]}: {', '.join(map(visible, map(str, value))) or 'none'}")


def show_imports(tables: Iterable[Mapping[str, Any]]) -> None:
    """What an import did, table by table, with its rate."""
    columns = ("kind", "table", "rows", "created", "matched", "dangling", "rows_per_s")
    rows = [[row[name] for name in columns] for row in tables]
    if rows:
        show(Text("Imported", "bold"), table(columns, rows))


def show_ingest(report: Mapping[str, Any]) -> None:
    """What an import did and left out, and what the store holds now."""
    show_imports(report["tables"])
    if report["skipped_batches"]:
        show(f"{report['skipped_rows']:,} rows were in from an interrupted import and were passed over.")
    show_facts({name: report[name] for name in ("problems", "alignment", "counts") if report[name]})


def note_dangling(tables: Iterable[Mapping[str, Any]]) -> None:
    """Say on stderr which tables refer to nodes that do not exist."""
    for row in tables:
        if row["dangling"]:
            which = f"{row['dangling']:,} of {row['rows']:,} {row['kind']} from {visible(row['table'])}"
            note(f"note: {which} refer to nodes that do not exist and were left out; `kgrec check` names the first")


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


def show_recommendations(found: Sequence[Recommendation], language: str) -> None:
    """A list with a short reason for each title."""
    labels = wording_of(language).labels
    if not found:
        show(labels.nothing_passes)
        return
    columns = [labels.rank, labels.title, labels.score, labels.new, labels.why]
    rows = [
        (each.rank, short(each.name), _figure(f"{each.score:.4f}"), labels.yes * each.new, _reason(each, labels))
        for each in found
    ]
    show(table(columns, rows))
    _show_degraded({r.explanation.degraded for r in found if r.explanation})


def _reason(found: Recommendation, labels: Labels) -> str:
    """The past items that speak most for an item, each with a node that the graph joins them by."""
    it = found.explanation
    speaking = [past for past in it.past if past.value > 0][:_REASONS_SHOWN] if it else []
    if it is None or not speaking:
        return labels.expected_popularity if found.new else labels.popularity
    joined: dict[str, str] = {}
    for path in it.paths:
        if len(path.nodes) > 2:
            joined.setdefault(path.nodes[0].uid, short(path.nodes[1].name, 40))
    return ", ".join(
        f"{short(past.name, 40)} +{past.value:.2f}"
        + (f" {labels.via} {joined[past.item]}" if past.item in joined else "")
        for past in speaking
    )


def show_explanation(it: Explanation, language: str) -> None:
    """The sentence, every contribution, the sum, the paths and what is missing."""
    from kgrec.explanation.wording.sentence import sentence

    labels = wording_of(language).labels
    show(Text(short(it.name), "bold"), visible(sentence(it, language)))
    channels = [*it.channels]
    columns = [labels.past_item, *channels, labels.total]
    of = {(part.item, part.channel): part.value for part in it.contributions}
    rows = [(short(past.name), [*(of.get((past.item, c), 0.0) for c in channels), past.value]) for past in it.past]
    # What counts most stays, for or against, and the rest is one line, so that every column adds up.
    rows.sort(key=lambda row: -abs(row[1][-1]))
    lines, rest = rows[:_PAST_SHOWN], [values for _, values in rows[_PAST_SHOWN:]]
    lines.sort(key=lambda row: -row[1][-1])
    if rest:
        lines.append((labels.others.format(n=len(rest)), [sum(column) for column in zip(*rest, strict=True)]))
    lines.append((labels.total, [*it.channels.values(), sum(it.channels.values())]))
    show(table(columns, ([name, *(_figure(f"{value:+.4f}") for value in values)] for name, values in lines)))
    show(labels.addends.format(base=it.base, parts=sum(part.value for part in it.contributions), score=it.score))
    if it.counterfactual:
        without = {**asdict(it.counterfactual), "name": short(it.counterfactual.name)}
        show(labels.without.format(**without))
    if it.paths:
        show(labels.paths)
    for path in it.paths:
        text = short(path.nodes[0].name)
        for step, node in zip(path.steps, path.nodes[1:], strict=True):
            arrow = ("-[{}]->" if step.target == node else "<-[{}]-").format(in_language(step.words, language))
            text += f" {arrow} {short(node.name)}"
        show(f"  {text}")
    _show_degraded({it.degraded})


def _show_degraded(reasons: Iterable[str | None]) -> None:
    for reason in sorted(filter(None, reasons)):
        note(f"note: {visible(reason)}")


def show_demo(report: Mapping[str, Any], folder: str, language: str) -> None:
    """The demo: counts, alignment, metrics, one person's list with its reasons, and where the page is."""
    show_imports(report.get("imports", ()))
    show_facts({name: report[name] for name in ("counts", "alignment")})
    rows = {"rows": report["metrics"], "rows_whole_catalogue": report["metrics_whole_catalogue"]}
    show_rows({**rows, "timings_s": report["timings_s"]})
    user = report["user"]
    show(f"For user {visible(user['id'])}, who knows {', '.join(map(visible, user['history'][:5]))}:")
    for it in report["explanations"]:
        new = f" [{wording_of(language).labels.new}]" if it["new"] else ""
        show(
            f"{it['rank']:>3}. {visible(it['name'])}{new}  {it['score']:.4f}",
            f"     {visible(it['sentence'][language])}",
        )
    show(f"The page: {folder}/report.html")
