"""`kgrec explain`: the score of an item for somebody, taken apart."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import one_person
from kgrec.cli.commands.cypher import print_cypher
from kgrec.errors import ConfigError
from kgrec.explanation.wording.languages import in_language, wording_of
from kgrec.plain_text import short, visible

if TYPE_CHECKING:
    from kgrec.recommendation import Explanation

_PAST_SHOWN = 12


def explain(
    item: Annotated[str, typer.Option("--item", metavar="ID", help="The item to explain.")],
    user: opt.User = None,
    history: opt.History = None,
    at: opt.At = None,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = opt.DEFAULT_STORE,
    lang: opt.Language = "en",
    as_cypher: Annotated[
        bool, typer.Option("--cypher", help="Only a statement that shows the reasons in Neo4j Browser.")
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Take the score of an item for somebody apart: what each past item adds, and the paths in the graph."""
    one_person(user, history)
    from kgrec.recommendation import Context, Recommender
    from kgrec.recommendation.documents import explanation_document

    with Recommender.open(bundle, store or None) as recommender:
        explanation = recommender.explain(user, item, history=history or None, context=Context(at))
    if as_json:
        output.print_json(explanation_document(explanation))
    elif as_cypher:
        _print_cypher(explanation)
    else:
        show_explanation(explanation, lang)


def show_explanation(explanation: Explanation, language: str) -> None:
    """The sentence, every contribution, the sum, the paths and what is missing."""
    from kgrec.explanation.wording.sentence import sentence

    labels = wording_of(language).labels
    output.show(Text(short(explanation.name), "bold"), visible(sentence(explanation, language)))
    channels = [*explanation.channels]
    columns = [labels.past_item, *channels, labels.total]
    of = {(part.item, part.channel): part.value for part in explanation.contributions}
    rows = [
        (short(past.name), [*(of.get((past.item, channel), 0.0) for channel in channels), past.value])
        for past in explanation.past
    ]
    # What counts most stays, for or against, and the rest is one line, so that every column adds up.
    rows.sort(key=lambda row: -abs(row[1][-1]))
    lines, rest = rows[:_PAST_SHOWN], [values for _, values in rows[_PAST_SHOWN:]]
    lines.sort(key=lambda row: -row[1][-1])
    if rest:
        lines.append((labels.others.format(n=len(rest)), [sum(column) for column in zip(*rest, strict=True)]))
    lines.append((labels.total, [*explanation.channels.values(), sum(explanation.channels.values())]))
    cells = ([name, *(output.figure(f"{value:+.4f}") for value in values)] for name, values in lines)
    output.show(output.table(columns, cells))
    parts = sum(part.value for part in explanation.contributions)
    output.show(labels.addends.format(base=explanation.base, parts=parts, score=explanation.score))
    if explanation.counterfactual:
        without = {**asdict(explanation.counterfactual), "name": short(explanation.counterfactual.name)}
        output.show(labels.without.format(**without))
    if explanation.paths:
        output.show(labels.paths)
    for path in explanation.paths:
        text = short(path.nodes[0].name)
        for step, node in zip(path.steps, path.nodes[1:], strict=True):
            arrow = ("-[{}]->" if step.target == node else "<-[{}]-").format(in_language(step.words, language))
            text += f" {arrow} {short(node.name)}"
        output.show(f"  {text}")
    output.note_degraded({explanation.degraded})


def _print_cypher(explanation: Explanation) -> None:
    """Write the statement that shows an explanation to stdout; what is missing from it is said on stderr.

    Raises:
        ConfigError: the bundle has no schema to write one with.
    """
    if explanation.cypher is None:
        raise ConfigError(
            "the bundle names no graph, so there is nothing to show in one.",
            where="--cypher",
            found="a bundle from plain arrays",
            expected="a bundle that `kgrec train` wrote",
            next="leave --cypher out",
        )
    print_cypher(explanation.cypher)
    output.note_degraded([explanation.degraded])
