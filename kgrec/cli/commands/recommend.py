"""`kgrec recommend`: the best items for somebody, each with a short reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.cli.arguments import one_person
from kgrec.explanation.wording.languages import wording_of
from kgrec.plain_text import short, visible

if TYPE_CHECKING:
    from kgrec.explanation.wording.sentence import Length
    from kgrec.recommendation import Recommendation


def recommend(
    user: opt.User = None,
    history: opt.History = None,
    at: opt.At = None,
    platform: opt.Platform = None,
    context: opt.Circumstances = None,
    k: Annotated[int, typer.Option("-k", help="Length of the list.")] = 10,
    where: opt.Where = None,
    allow: opt.Allow = None,
    deny: opt.Deny = None,
    cold_items: opt.ColdItems = "include",
    include_seen: opt.IncludeSeen = False,
    met: opt.Met = "include",
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = opt.DEFAULT_STORE,
    lang: opt.Language = "en",
    length: opt.Length = None,
    as_json: opt.Json = False,
) -> None:
    """List the best items for somebody, each with a short reason."""
    one_person(user, history)
    from kgrec.recommendation import Context, Filters, Recommender
    from kgrec.recommendation.documents import list_document

    said = length or "short"
    with Recommender.open(bundle, store or None) as recommender:
        filters = Filters.parse(
            recommender.bundle.manifest.schema,
            allow=allow,
            deny=deny,
            where=where,
            cold_items=cold_items,
            include_seen=include_seen,
            met=met,
        )
        best = recommender.recommend(
            user,
            history=history or None,
            k=k,
            filters=filters,
            context=Context.parse(at, platform, context or ()),
            explain=True,
            counterfactuals=as_json or said != "short",
        )
    if as_json:
        output.print_json(list_document(user, history, best, said))
    else:
        _show(best, lang, said)


def _show(best: Sequence[Recommendation], language: str, length: Length) -> None:
    """A list with the reason for each title."""
    from kgrec.explanation.wording.sentence import sentence

    labels = wording_of(language).labels
    if not best:
        output.show(labels.nothing_passes)
        return
    columns = [labels.rank, labels.id, labels.title, labels.score, labels.new, labels.why]
    rows = [
        (
            one.rank,
            one.item,
            short(one.name_in(language)),
            output.figure(f"{one.score:.4f}"),
            labels.yes * one.new,
            visible(sentence(one.explanation, language, length)) if one.explanation else "",
        )
        for one in best
    ]
    output.show(output.table(columns, rows))
    output.note_degraded({one.explanation.degraded for one in best if one.explanation})
