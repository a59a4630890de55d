"""The model card of a bundle on the terminal: what its scores rest on first, in words and bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from kgrec.cli import output
from kgrec.evaluation.model_card import RESTS_ON
from kgrec.plain_text import visible
from kgrec.scoring.channel_names import CORRECTION

_BAR = 30
_KINDS_SHOWN = 10
_MEASURED = ("recall@10", "ndcg@10", "mrr@10")


def show_card(card: Mapping[str, Any]) -> None:
    """A card as :func:`~kgrec.evaluation.model_card.model_card` gives it, in the order in which it is read."""
    about, sizes, lists = card["bundle"], card["sizes"], card["explanations"]
    until = "" if about["data_until"] is None else f" up to {about['data_until']}"
    output.show(
        visible(
            f"{about['domain'] or 'A bundle from plain arrays'}: learned {about['created']} from "
            f"{sizes['interactions']:,} interactions{until}, {sizes['users']:,} users, {sizes['items']:,} items "
            f"({sizes['cold items']:,} of them cold), {sizes['nodes']:,} nodes, {sizes['relations']:,} relations."
        )
    )
    if about["people_forgotten_since"]:
        output.show(
            f"{about['people_forgotten_since']:,} people it was learned with were forgotten since: their ids and what "
            "they did are gone, weights and gates stay until the next training."
        )
    if about_smaller := card["compacted"]:
        output.show(_compacted(about_smaller))
    output.show(Text(f"What the scores of top-10 lists rest on, over {lists['users']:,} users", "bold"))
    output.show(output.table(("", "share", "", "channels"), _shares(card)))
    for line in _sentences(card):
        output.show(line)
    shared = {name: of for name, of in card["platforms"].items() if of.get("lists", {}).get("chosen") == "shared"}
    if own := {name: of for name, of in card["platforms"].items() if name not in shared}:
        output.show(Text("What other platforms weigh in the lists of one, beside 1 of its own", "bold"))
        columns = ("lists of", "other platform", "weight", "half-life", "ndcg@10 alone", "with others")
        output.show(output.table(columns, _platforms(own)))
    for name, of in shared.items():
        output.show(visible(_of_all_platforms(name, of["lists"]["ndcg@10"])))
    if card["test"]:
        output.show(Text("Measured on the last fifth of what each user did, before it was learned, too", "bold"))
        rows = (
            (name, *(output.figure(f"{of[metric]:.4f}") for metric in _MEASURED)) for name, of in card["test"].items()
        )
        output.show(output.table(("", *_MEASURED), rows))
    if card["paths"] and lists["fact_share"]:
        output.show(Text("What a path is worth by its kind, the largest first", "bold"))
        rows = ((kind["relation"], kind["way"], kind["weight"]) for kind in card["paths"][:_KINDS_SHOWN])
        output.show(output.table(("relation", "way", "weight"), rows))


def _compacted(of: Mapping[str, Any]) -> str:
    """How the lists of a compacted bundle compare with those of the one that it was made from."""
    lists = of["comparison"]
    return (
        f"Compacted from version {of['of']}: {percent(lists['items that stay in lists'])} of the items of top-10 lists "
        f"stay, with {100 * lists['loss']:.2f} % less ndcg@10 (at most {100 * of['max_loss']:g} % were to go)."
    )


def _shares(card: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """A row for whatever adds to scores, the largest first."""
    for evidence, share in sorted(card["evidence"].items(), key=lambda part: -part[1]):
        opened = [one["channel"] for one in card["channels"] if one["evidence"] == evidence and one["mean gate"]]
        channels = [name for name in opened if CORRECTION not in name]
        if share > 0:
            bar = "█" * max(1, round(_BAR * share))
            yield RESTS_ON.get(evidence, evidence), output.figure(percent(share)), bar, ", ".join(channels)


def _platforms(platforms: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    """A row for each platform and every other one."""
    for name, of in platforms.items():
        half_life = f"{of['trend_half_life_days']:g} days" if of["trend_half_life_days"] else ""
        for source, weight in of["weights"].items():
            said = f"{weight:.2f}" if weight else "closed"
            quality = (output.figure(f"{of[metric]:.4f}") for metric in ("ndcg@10, alone", "ndcg@10"))
            yield name, source, output.figure(said), half_life, *quality


def _of_all_platforms(name: str, ndcg: Mapping[str, float]) -> str:
    """Why a platform has no model of its own."""
    return (
        f"Lists of {name} are made by the model of all platforms, with ndcg@10 {ndcg['shared']:.4f} on validation, "
        f"where one of its own had {ndcg['own']:.4f}."
    )


def _sentences(card: Mapping[str, Any]) -> Iterator[str]:
    closed = [one["channel"] for one in card["channels"] if not one["mean gate"] and CORRECTION not in one["channel"]]
    if closed:
        yield f"Closed by validation: {', '.join(closed)}."
    for channel, why in card["not_learned"].items():
        yield f"Not learned: {channel}, as {why}."
    if card["trend"]:
        yield f"What is chosen lately counts half after {card['trend']['half_life_days']:g} days."
    if card["contexts"]:
        weights = ", ".join(f"{column} ({weight:g})" for column, weight in card["contexts"].items())
        yield f"Circumstances that count, with their weights: {weights}."
    lists, on_validation = card["explanations"], card["validation"]
    if lists["path_share"]:
        yield (
            f"{percent(lists['path_share'])} of the scores can be shown as paths, over facts or texts; of "
            f"{percent(lists['coverage_10'])} of the items they carry a tenth or more."
        )
    else:
        yield "No path in the graph carries any of the scores."
    if lists["best_3_past_items"]:
        entities = f", three entities {percent(lists['best_3_entities'])}" if lists["best_3_entities"] else ""
        three = percent(lists["best_3_past_items"])
        yield f"Of an item's score its three strongest past items carry {three}{entities}."
    if on_validation:
        yield (
            f"On validation ndcg@10 was {on_validation['ndcg@10']:.4f} with these gates, and "
            f"{on_validation['ndcg@10_accuracy_only']:.4f} with those that go by accuracy alone."
        )


def percent(share: float) -> str:
    """A share as per cent: ``34 %``, and ``<1 %`` rather than none."""
    return f"{100 * share:.0f} %" if share >= 0.005 or share <= 0 else "<1 %"
