"""`kgrec similar`: the items that are like one."""

from __future__ import annotations

from typing import Annotated

import typer

from kgrec.cli import options as opt
from kgrec.cli import output
from kgrec.explanation.wording.languages import wording_of
from kgrec.plain_text import short


def similar(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The item that the others are like.")],
    k: Annotated[int, typer.Option("-k", help="Length of the list.")] = 10,
    bundle: opt.BundlePath = opt.DEFAULT_BUNDLE,
    store: opt.StoreToRead = "",
    lang: opt.Language = "en",
    as_json: opt.Json = False,
) -> None:
    """List the items that having taken one speaks most for; of a store it is asked whether it holds their graph."""
    from kgrec.recommendation import Recommender
    from kgrec.recommendation.documents import similar_document

    with Recommender.open(bundle, store or None) as recommender:
        found = recommender.similar_items(item, k)
    if as_json:
        output.print_json(similar_document(item, found))
        return
    labels = wording_of(lang).labels
    if not found:
        output.show(labels.nothing_passes)
        return
    rows = [
        (one.rank, one.item, short(one.name_in(lang)), output.figure(f"{one.score:.4f}"), labels.yes * one.new)
        for one in found
    ]
    output.show(output.table([labels.rank, labels.id, labels.title, labels.score, labels.new], rows))
