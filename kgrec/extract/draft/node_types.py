"""Node types of a drafted schema: what describes users and items, and which of it deserves nodes of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kgrec.errors import shorten
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.header_words import (
    CATEGORIES,
    EDGE_WORDS,
    ITEMS,
    english,
    language_beside,
    means,
    names_an_id,
    noun_among,
    property_name,
    words_of,
)
from kgrec.schema.rules import RESERVED_PROPERTIES

_OFTEN, _FAIRLY_OFTEN = 3.0, 1.3
"""Rows per value from which a column joins items: of any name, and of one that is known to."""
_ALMOST_ALL = 0.9
_MOST_JOINING = 10


@dataclass(frozen=True, eq=False)
class Description:
    """A table whose rows describe nodes of one type.

    Attributes:
        key: column of the ids.
        attributes: the other columns that say something of the node.
        own: whether each row is one node; else rows name nodes again and again.
        why: what speaks for it, as sentences.
    """

    key: ColumnProfile
    attributes: Sequence[ColumnProfile]
    own: bool
    why: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Joining:
    """A column that joins items: its values are nodes of their own.

    Attributes:
        name: column of the names, where another one than that of the ids.
    """

    column: ColumnProfile
    name: ColumnProfile | None
    noun: str | None
    item_key: ColumnProfile


@dataclass
class NodeDraft:
    """A node type on the way into the schema.

    Attributes:
        data: as the schema has it.
        said: comments by place below the type.
        joining: columns that deserve nodes of their own.
        left_out: names of columns that become nothing, each with why.
    """

    data: dict[str, Any]
    said: list[tuple[tuple[str | int, ...], str]] = field(default_factory=list)
    joining: list[Joining] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def node_draft(role: str | None, words: str, descriptions: Sequence[Description], platform: str) -> NodeDraft:
    """A node type that these tables describe.

    Args:
        role: ``user``, ``item`` or None.
        words: what people call such a node, in English.
    """
    data: dict[str, Any] = {"role": role} if role else {}
    data |= {"words": {"en": words}, "properties": {}, "sources": []}
    draft = NodeDraft(data)
    for description in descriptions:
        key = description.key
        source: dict[str, Any] = {"table": key.table, "platform": platform, "id": key.name}
        source |= {} if key.form.separator is None else {"split": key.form.separator}
        source |= {} if description.own or "split" in source else {"optional": True}
        columns: dict[str, str] = {}
        lists: dict[str, str] = {}
        name = None if role == "user" else _name_column(description)
        if name is not None:
            columns["name"] = name.name
            _declare(draft, "name", {"type": "text", "embed": True}, _examples(name))
        pairs = _pairs(description.attributes) if role == "item" else {}
        for column in description.attributes:
            code = None if name is None else language_beside(name.name, column.name)
            if code is not None and f"name_{code}" not in columns:
                columns[f"name_{code}"] = column.name
                _declare(draft, f"name_{code}", {"type": "text"}, _examples(column))
            elif column is not name and column not in pairs.values():
                _attribute(draft, column, role, columns, lists, (key, pairs.get(column)))
        if description.own and not columns and data["sources"]:
            continue  # ids that another table has as well, and nothing else
        source |= {"columns": columns} if columns else {}
        source |= {"list_columns": lists} if lists else {}
        draft.said += [(("sources", len(data["sources"])), why) for why in description.why]
        data["sources"].append(source)
    if not data["properties"]:
        del data["properties"]
    draft.joining.sort(key=lambda joining: joining.noun is None)
    for joining in draft.joining[_MOST_JOINING:]:
        draft.left_out.append(f"nodes for {joining.column.name}: ten columns have some already")
    del draft.joining[_MOST_JOINING:]
    return draft


def _name_column(description: Description) -> ColumnProfile | None:
    """The column of what people read of a node; that of the ids where these are names."""
    best: tuple[float, ColumnProfile | None] = (0.0, None)
    for column in description.attributes:
        if column.texts is None or column.form.kind not in ("text", "prose", "whole", "time"):
            continue
        points = 2.0 * means(column.name, "name") + 1.0 * means(column.name, "text") * (column.form.kind == "text")
        points += (noun_among(column.name, ITEMS) is not None) * (column.form.kind == "text")
        of_another = noun_among(column.name, CATEGORIES) not in (None, noun_among(description.key.name, CATEGORIES))
        points -= 4.0 * (of_another or means(column.name, "personal", "link"))
        points -= 3.0 * names_an_id(column.name) + 3.0 * (column.form.kind in ("whole", "time"))
        points += column.distinct / max(1, column.filled)
        if points > max(best[0], 1.0):
            best = (points, column)
    if best[1] is None and description.key.form.kind == "text" and not names_an_id(description.key.name):
        return description.key
    return best[1]


def _attribute(
    draft: NodeDraft,
    column: ColumnProfile,
    role: str | None,
    columns: dict[str, str],
    lists: dict[str, str],
    around: tuple[ColumnProfile, ColumnProfile | None],
) -> None:
    """Make a property, nodes of their own, both or nothing of a column."""
    form, embedded = column.form, role != "user"
    if reason := _why_not(column, role):
        draft.left_out.append(f"{column.name} ({reason})")
        return
    if role == "item" and _joins(column):
        draft.joining.append(Joining(column, around[1], noun_among(column.name, CATEGORIES), around[0]))
        if names_an_id(column.name) and (around[1] is not None or form.kind == "whole"):
            return  # an id is no text that describes
    spec: dict[str, Any]
    if form.kind in ("whole", "number") and not names_an_id(column.name):
        spec, what = {"type": "number"}, _range(column)
    elif form.kind == "time":
        spec, what = {"type": "time"}, _examples(column)
        if column.time is not None and column.time.format is not None:
            spec["format"] = column.time.format
    elif form.kind == "prose" or (form.kind == "text" and means(column.name, "text")):
        spec, what = {"type": "text"} | ({"embed": True} if embedded else {}), f"prose in {column.filled:,} rows"
    else:
        spec, what = {"type": "category"}, _examples(column)
        if embedded and form.kind in ("text", "list") and not names_an_id(column.name):
            spec["embed"] = True
    if form.missing:
        spec["missing"] = list(form.missing)
    name = _declare(draft, property_name(english(column.name), ""), spec, what, column)
    columns[name] = column.name
    if form.separator is not None:
        lists[name] = form.separator


def _declare(draft: NodeDraft, name: str, spec: dict[str, Any], what: str, column: ColumnProfile | None = None) -> str:
    """Note a property, under a name that is free unless another table has declared the same one; the name it got."""
    properties = draft.data["properties"]
    wanted = name
    if column is not None:
        own = property_name("_".join(words_of(column.name)), f"column_{len(properties) + 1}")
        wanted = next(
            (
                free
                for free in (name, own, *(f"{name or own}_{n}" for n in range(2, 99)))
                if free and free not in RESERVED_PROPERTIES and free != "name" and free not in properties
            ),
            own,
        )
    if wanted not in properties:
        properties[wanted] = spec
        draft.said.append((("properties", wanted), what))
    return wanted


def _why_not(column: ColumnProfile, role: str | None) -> str | None:
    """Why a column becomes nothing; None where it becomes something."""
    form = column.form
    if not column.filled or form.kind == "nothing":
        return "empty"
    if form.kind == "unusable":
        return "nested values, bytes or vectors"
    if form.kind == "link" or (means(column.name, "link") and column.per_value < _FAIRLY_OFTEN):
        return "links"
    if form.kind == "money":
        return f"no plain numbers, such as {shorten(column.examples[0][0], 20)}; write them as 12.50 to use them"
    personal = means(column.name, "personal", "email") or (role == "user" and means(column.name, "name"))
    if personal:
        return "personal, and nothing here needs it"
    if column.distinct == 1 and column.rows > 1:
        return f"always {shorten(column.examples[0][0], 20)}"
    says_something = means(column.name, "text", "name")
    if (
        form.kind in ("text", "whole")
        and column.unique
        and (names_an_id(column.name) or form.kind == "text")
        and (not says_something)
    ):
        return "another value in every row"
    return None


def _joins(column: ColumnProfile) -> bool:
    """Whether values of a column join items, as a genre does."""
    noun = noun_among(column.name, CATEGORIES)
    if column.form.kind not in ("text", "list") and not (
        column.form.kind == "whole" and names_an_id(column.name) and noun is not None
    ):
        return False
    if column.distinct < 2 or column.examples[0][1] > _ALMOST_ALL * column.filled:
        return False
    return column.per_value >= (_FAIRLY_OFTEN if noun else _OFTEN)


def _pairs(columns: Sequence[ColumnProfile]) -> dict[ColumnProfile, ColumnProfile]:
    """Columns of ids with the column that names the same thing: ``artist_id`` and ``artist_name``."""
    found = {}
    for column in columns:
        noun = noun_among(column.name, CATEGORIES)
        if noun is None or not names_an_id(column.name):
            continue
        for other in columns:
            same = noun_among(other.name, CATEGORIES) == noun and not names_an_id(other.name)
            if same and other.form.kind == "text" and other.distinct <= column.distinct:
                found[column] = other
                break
    return found


def joining_node(joining: Joining, platform: str, free_label: Callable[..., str]) -> tuple[str, NodeDraft]:
    """The node type of a column that joins items: its label, and what the schema says of it.

    Args:
        free_label: a label that is not taken, from words.
    """
    column = joining.column
    words = joining.noun or english(column.name) or "value"
    source: dict[str, Any] = {"table": column.table, "platform": platform, "id": column.name}
    data: dict[str, Any] = {"words": {"en": words}}
    data |= {"properties": {"name": {"type": "text", "embed": True}}, "sources": [source]}
    if column.form.separator is not None:
        source["split"] = column.form.separator
    else:
        source["optional"] = True
        if column.form.kind != "list":
            source["columns"] = {"name": (joining.name or column).name}
    draft = NodeDraft(data)
    often = f"{column.distinct:,} values in {column.filled:,} rows, {_examples(column)}"
    draft.said.append(((), f"{column.called} joins items: {often}"))
    return free_label(words, " ".join(words_of(column.name))), draft


def joining_edge(joining: Joining, platform: str, item: str, target: str, words: str) -> tuple[str, dict[str, Any]]:
    """The edge type from items to the nodes of a column: its name, and what the schema says of it."""
    column = joining.column
    name, read = EDGE_WORDS.get(joining.noun or "", (f"HAS_{'_'.join(words.upper().split())}", f"has the {words}"))
    end: dict[str, Any] = {"column": column.name, "type": target}
    if column.form.separator is not None:
        end["split"] = column.form.separator
    else:
        end["optional"] = True
    start: dict[str, Any] = {"column": joining.item_key.name, "type": item}
    if not joining.item_key.unique:
        start["optional"] = True
    source = {"table": column.table, "platform": platform, "source": start, "target": end}
    return name, {"source": [item], "target": [target], "words": {"en": read}, "sources": [source]}


def _examples(column: ColumnProfile) -> str:
    shown = [shorten(text, 30) for text, _ in column.examples[:3]]
    return f"such as {', '.join(shown)}"


def _range(column: ColumnProfile) -> str:
    low, high = column.span or (0.0, 0.0)
    return f"numbers from {low:,.10g} to {high:,.10g}"
