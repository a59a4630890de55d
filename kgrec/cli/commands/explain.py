"""`kgrec explain`: the score of an item for somebody, taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import one_person
from kgrec.cli.commands.cypher import print_cypher
from kgrec.errors import ConfigError
from kgrec.explanation.wording.languages import Wording, in_language, wording_of
from kgrec.plain_text import short, visible

if TYPE_CHECKING:
    from kgrec.explanation.reasons import Counterfactual
    from kgrec.explanation.wording.sentence import Length
    from kgrec.recommendation import Explanation

_REASONS_SHOWN = 12


def explain(
    item: Annotated[str, typer.Option("--item", metavar="ID", help="The item to explain.")],
    user: opt.User = None,
    history: opt.History = None,
    at: opt.At = None,
    platform: opt.Platform = None,
    context: opt.Circumstances = None,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = opt.DEFAULT_STORE,
    lang: opt.Language = "en",
    length: opt.Length = None,
    as_cypher: Annotated[
        bool, typer.Option("--cypher", help="Only a statement that shows the reasons in Neo4j Browser.")
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Take the score of an item for somebody apart: what each reason adds, and the paths in the graph."""
    one_person(user, history)
    from kgrec.recommendation import Context, Recommender
    from kgrec.recommendation.documents import explanation_document

    with Recommender.open(bundle, store or None) as recommender:
        explanation = recommender.explain(
            user, item, history=history or None, context=Context.parse(at, platform, context or ())
        )
    if as_json:
        output.print_json(explanation_document(explanation, length or "standard"))
    elif as_cypher:
        _print_cypher(explanation)
    else:
        show_explanation(explanation, lang, length)


def show_explanation(explanation: Explanation, language: str, length: Length | None = None) -> None:
    """The sentences and, unless they are wanted alone, every reason, the sum, what leaving things out does, the paths,
    and what is missing.
    """
    from kgrec.explanation.wording.sentence import sentence

    wording = wording_of(language)
    labels = wording.labels
    title = explanation.item_name_in(language, explanation.item, explanation.name)
    output.show(Text(short(title), "bold"), visible(sentence(explanation, language, length or "standard")))
    if length in ("short", "standard"):
        output.note_degraded({explanation.degraded})
        return
    output.show(output.table([labels.reason, labels.adds, labels.share], _rows(explanation, wording)))
    for type, effect in _effects(explanation):
        name = explanation.name_in(language, type, effect.uid, effect.name)
        output.show(labels.without.format(**{**asdict(effect), "name": short(name)}))
    if explanation.paths:
        output.show(labels.paths)
    elif not explanation.path_share:
        output.show(labels.no_paths)
    for path in explanation.paths:
        names = [short(explanation.name_in(language, node.type, node.uid, node.name)) for node in path.nodes]
        text = names[0]
        for step, node, name in zip(path.steps, path.nodes[1:], names[1:], strict=True):
            arrow = ("-[{}]->" if step.target == node else "<-[{}]-").format(in_language(step.words, language))
            text += f" {arrow} {name}"
        output.show(f"  {path.value:+.4f}  {text}")
    output.note_degraded({explanation.degraded})


def _rows(explanation: Explanation, wording: Wording) -> Iterator[tuple[object, ...]]:
    """What the graph says, then past items, what counts for anybody, the constant and the score that all add up to."""
    from kgrec.explanation.reasons import (
        ContextReason,
        EdgeReason,
        EntityReason,
        OtherFactsReason,
        PastItemReason,
        PopularityReason,
        TrendReason,
    )
    from kgrec.explanation.wording.reason_labels import ReasonLabels

    labels, of_reasons = wording.labels, ReasonLabels(explanation, wording)
    kinds = EntityReason | EdgeReason, OtherFactsReason, PastItemReason, PopularityReason, TrendReason, ContextReason
    for kind in kinds:
        reasons = [reason for reason in explanation.reasons if isinstance(reason, kind)]
        # What counts most stays, for or against, and the rest is one line, so that the column adds up.
        by_size = sorted(reasons, key=lambda reason: -abs(reason.value))
        rest = by_size[_REASONS_SHOWN:]
        for reason in sorted(by_size[:_REASONS_SHOWN], key=lambda reason: -reason.value):
            yield of_reasons.of(reason), *_figures(reason.value, reason.share)
        if rest:
            value, share = sum(reason.value for reason in rest), sum(reason.share for reason in rest)
            yield labels.others.format(n=len(rest)), *_figures(value, share)
    yield labels.constant, output.figure(f"{explanation.constant:+.4f}"), ""
    yield labels.score, output.figure(f"{explanation.score:+.4f}"), ""


def _figures(value: float, share: float) -> tuple[object, object]:
    return output.figure(f"{value:+.4f}"), output.figure(f"{100 * share:.1f} %")


def _effects(explanation: Explanation) -> list[tuple[str, Counterfactual]]:
    """Without what something happens, by its node type: the strongest past item, entities; where the rank moves."""
    from kgrec.explanation.reasons import EntityReason

    effects = [(explanation.terms.items or "", explanation.counterfactual)]
    effects += [(of.entity.type, of.counterfactual) for of in explanation.reasons if isinstance(of, EntityReason)]
    return [(type, effect) for type, effect in effects if effect is not None and effect.moves]


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
