"""The interactions of a drafted schema: what somebody did, when, and how much."""

from __future__ import annotations

from typing import Any

from kgrec.errors import shorten
from kgrec.extract.draft.behaviour_tables import BehaviourTable, verb_of
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.drafting import Drafting, Guess
from kgrec.extract.draft.header_words import means, noun_among, property_name
from kgrec.extract.draft.platform_columns import by_platform, platform_column
from kgrec.extract.draft.row_flags import by_flag, flag_column, flag_said, outcome_column, outcome_said, where_true
from kgrec.extract.draft.table_links import Link
from kgrec.schema.meanings import has_word

_TYPES = {
    "view": ("VIEWED", "viewed"),
    "click": ("CLICKED", "clicked on"),
    "cart": ("PUT_INTO_CART", "put into the cart"),
    "buy": ("BOUGHT", "bought"),
    "play": ("PLAYED", "played"),
    "like": ("LIKED", "liked"),
    "rate": ("RATED", "rated"),
    "share": ("SHARED", "shared"),
    "tag": ("GAVE_A_TAG", "gave a tag to"),
    "dislike": ("DISLIKED", "disliked"),
    "skip": ("SKIPPED", "skipped"),
    "return": ("RETURNED", "returned"),
    "cancel": ("CANCELLED", "cancelled"),
}
"""What was done: name of the interaction type, and words between user and item."""

_PLAYED = {
    "listened to": frozenset({"track", "artist", "album", "podcast"}),
    "watched": frozenset({"film", "video", "show", "anime"}),
    "read": frozenset({"book", "article", "post"}),
    "visited": frozenset({"place"}),
}
_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


def add_interactions(drafting: Drafting) -> None:
    """Put an interaction type into a schema for every table of interactions; those of one verb share a type."""
    for table in drafting.behaviour:
        columns_there = drafting.profiles[table.table]
        verb = None if table.kind is not None and table.kind.distinct > 1 else _verb(table)
        outcome = outcome_column(table, columns_there, verb)
        if outcome is not None:
            verb = verb_of(outcome.name)
        name, words = _TYPES.get(verb or "", ("CHOSE", "chose"))
        if verb == "play":
            words = next((said for said, nouns in _PLAYED.items() if noun_among(table.item.name, nouns)), words)
            name = words.split(maxsplit=1)[0].upper()
        types = drafting.sheet.data["interactions"]
        fresh: dict[str, Any] = {"user": drafting.user_type, "item": drafting.item_type, "words": {"en": words}}
        type = types.setdefault(name, fresh | {"kinds": {}, "weights": {}, "sources": []})
        place = ("interactions", name, "sources", len(type["sources"]))
        source: dict[str, Any] = {"table": table.table, "platform": drafting.platform}
        source |= {"user": table.user.name, "item": table.item.name}
        if table.item.form.separator is not None:
            source["item_split"] = table.item.form.separator
        source |= {"kind": verb or "interact"} if table.kind is None else {"kind_column": table.kind.name}
        said = [_linked(drafting, column) for column in (table.user, table.item)]
        said.append(_kind_said(table, verb) if outcome is None else f"{outcome.name} says whether it was chosen")
        if table.kind is not None and table.kind.distinct > 1 and drafting.samples[table.table].whole:
            _add_kinds(drafting, name, type["kinds"], table.kind)
        said += _time(drafting, table, source, place)
        if table.weight is not None:
            source["weight"] = table.weight.name
            said.append(_weight_said(table.weight))
            type["weights"] |= _stars(table.weight)
        if table.item.can_be_ids:
            said.append(_basket_said(table.item))
            if table.item.called not in drafting.links:
                drafting.unsure(f"{table.table}: a cell of {table.item.name} is read as several items", *place)
        if outcome is not None:
            source["where"] = where_true(outcome)
            drafting.unsure(f"{table.table}: {outcome_said(outcome)}", *place)
        platforms, flag = platform_column(table, columns_there), flag_column(table, columns_there)
        used = {column.name for column in (platforms, flag, outcome) if column is not None}
        if rest := [name for name in _left_out(drafting, table) if name not in used]:
            said.append(f"left out: {', '.join(rest)}")
        for column in (table.user, table.item):
            if column.filled < column.rows:
                source.setdefault("where_not", {})[column.name] = [""]
                said.append(f"{column.rows - column.filled:,} rows without {column.name} are left out")
        for text in said:
            drafting.sheet.say(*place, because=text)
        for doubt in table.unsure:
            drafting.unsure(f"{table.table}: {doubt}", *place)
        by_kind = [source]
        if flag is not None:
            by_kind += by_flag(flag, by_kind.pop())
            if type["kinds"]:  # then all of them are named
                type["kinds"].setdefault(by_kind[1]["kind"], _meant(by_kind[1]["kind"])[0])
        for one in by_kind:
            place = ("interactions", name, "sources", len(type["sources"]))
            if flag is not None and one is by_kind[1]:
                drafting.sheet.say(*place, because=flag_said(flag))
            type["sources"] += [one] if platforms is None else by_platform(drafting, platforms, one, place)
        read = (table.user, table.item, table.kind, table.time, table.weight, flag, outcome)
        columns = [column.name for column in read if column is not None]
        drafting.guesses.append(Guess(f"interaction {name}", f"{table.table}: {', '.join(columns)}", said[2]))
    for name, type in types.items():
        if type["weights"]:
            low = type["weights"]["against_up_to"]
            drafting.sheet.say("interactions", name, "weights", because=f"up to {low} stars speak against an item")
        for part in ("kinds", "weights"):
            if not type[part]:
                del type[part]


def _verb(table: BehaviourTable) -> str | None:
    """What was done in all rows of a table: by its kind, its name, or what it counts."""
    if table.kind is not None:
        return verb_of(table.kind.examples[0][0]) or property_name(table.kind.examples[0][0], "") or None
    if (named := verb_of(table.table)) is not None:
        return named
    weight = None if table.weight is None else table.weight.name
    if weight is not None and means(weight, "stars"):
        return "rate"
    if means(table.table, "order") or (weight is not None and means(weight, "money")):
        return "buy"
    if weight is not None and means(weight, "hours"):
        return "play"
    return "play" if noun_among(table.item.name, frozenset({"track"})) else None


def _add_kinds(drafting: Drafting, name: str, kinds: dict[str, Any], column: ColumnProfile) -> None:
    """Say of every kind what it means, and how people call it."""
    for kind, count in column.examples:
        kinds[kind], why = _meant(kind)
        drafting.sheet.say("interactions", name, "kinds", kind, because=f"{count:,} rows{why}")


def _meant(kind: str) -> tuple[dict[str, Any], str]:
    """What the schema says of a kind by its name; why, where that is not what it says of most."""
    verb = verb_of(kind) or ""
    words = {"words": {"en": _TYPES[verb][1]}} if verb in _TYPES else {}
    if has_word(kind, "takes back") or verb in ("dislike", "return", "cancel"):
        return {"speaks": "against", **words}, "; by its name it speaks against the item"
    if has_word(kind, "passes over"):
        return {"speaks": "nothing", **words}, "; by its name it says nothing of the item"
    return words, ""


def _stars(column: ColumnProfile) -> dict[str, Any]:
    """What few stars mean, where the scale is known by its upper end."""
    low, high = column.span or (0.0, 0.0)
    if not means(column.name, "stars") or low < 0 or high not in (5.0, 10.0):
        return {}
    return {"stars": int(high), "against_up_to": 2 if high == 5.0 else 4}


def _linked(drafting: Drafting, column: ColumnProfile) -> str:
    link: Link | None = drafting.links.get(column.called)
    if link is not None:
        return link.evidence
    return f"{column.called}: {column.distinct:,} values in {column.filled:,} rows, {_shown(column)}"


def _basket_said(column: ColumnProfile) -> str:
    apart = "in lists" if column.form.separator is None else f"with {shorten(column.form.separator)} between them"
    return f"{column.name}: several items in a cell, {apart}; {column.parts_per_cell:.1f} on average"


def _kind_said(table: BehaviourTable, verb: str | None) -> str:
    if table.kind is not None:
        return f"{table.kind.name} says what was done: " + ", ".join(
            f"{shorten(text, 30)} ({count:,} rows)" for text, count in table.kind.examples
        )
    if verb is None:
        return "no column says what was done"
    return f"no column says what was done; by the names it is '{verb}'"


def _time(drafting: Drafting, table: BehaviourTable, source: dict[str, Any], place: tuple[str | int, ...]) -> list[str]:
    """Note the column of the time; what is known of it, in words."""
    column = table.time
    if column is None:
        return ["no column says when; the order in which things were chosen is not known"]
    source["time"] = column.name
    form = column.time
    if form is None:
        low, high = column.span or (0.0, 0.0)
        return [f"{column.name}: numbers from {low:,.10g} to {high:,.10g}, positions in a sequence"]
    if form.unit is not None:
        source["time_unit"] = form.unit
        return [f"{column.name}: {_UNITS[form.unit]} since 1970, {_shown(column)}"]
    if form.format is None:
        return [f"{column.name}: ISO dates, {_shown(column)}"]
    source["time_format"] = form.format
    if form.or_else is not None:
        drafting.unsure(f"{column.name}: day and month may be the other way round, {form.or_else}", *place)
    return [f"{column.name}: dates such as {shorten(column.examples[0][0], 40)}, no ISO dates"]


def _weight_said(column: ColumnProfile) -> str:
    low, high = column.span or (0.0, 0.0)
    what = "stars" if means(column.name, "stars") else "how much"
    return f"{column.name}: {what}, from {low:,.10g} to {high:,.10g}"


def _left_out(drafting: Drafting, table: BehaviourTable) -> list[str]:
    """Columns of a table of interactions that have become nothing."""
    used = {column.name for column in (table.user, table.item, table.time, table.kind, table.weight) if column}
    for node in drafting.nodes.values():
        for source in node["sources"]:
            if source["table"] == table.table:
                used |= {source["id"], *source.get("columns", {}).values()}
    return [column.name for column in drafting.profiles[table.table] if column.name not in used]


def _shown(column: ColumnProfile) -> str:
    return f"such as {shorten(column.examples[0][0], 40)}" if column.examples else "all empty"
