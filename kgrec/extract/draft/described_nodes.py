"""The users, the items and what joins items, as node types of a drafted schema."""

from __future__ import annotations

from typing import Literal

from kgrec.extract.draft.behaviour_tables import BehaviourTable
from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.drafting import Drafting
from kgrec.extract.draft.header_words import CATEGORIES, ITEMS, USERS, label, means, names_an_id, noun_among
from kgrec.extract.draft.node_types import Description, NodeDraft, joining_edge, joining_node, node_draft
from kgrec.extract.draft.table_links import decides

_DECIDES = 0.95
"""Share of the ids in several rows that must stand with one value only of what describes them."""


def add_users_and_items(drafting: Drafting) -> None:
    """Put the node types of users and items into a schema, and those of what joins items."""
    users, items = _descriptions(drafting, "user"), _descriptions(drafting, "item")
    drafting.user_type = _label(USERS, "User", users)
    drafting.item_type = _label(ITEMS - {"item"}, "Item", items)
    if drafting.item_type == drafting.user_type:
        drafting.item_type = "Item"
    draft = node_draft("user", _spoken(drafting.user_type), users, drafting.platform)
    drafting.add_node(drafting.user_type, draft, users[0].why[0])
    draft = node_draft("item", _spoken(drafting.item_type), items, drafting.platform)
    drafting.add_node(drafting.item_type, draft, items[0].why[0])
    drafting.item_keys = [description.key for description in items]
    _add_joining(drafting, draft)


def _add_joining(drafting: Drafting, items: NodeDraft) -> None:
    for joining in items.joining:
        link = drafting.links.get(joining.column.called)
        if link is not None and link.key.table not in drafting.used:
            target = drafting.described_by(link, joining.noun)
            evidence = link.evidence
        else:
            target, draft = joining_node(joining, drafting.platform, drafting.free_label)
            evidence = draft.said[0][1]
            drafting.add_node(target, draft, evidence)
        words = drafting.nodes[target]["words"]["en"]
        name, data = joining_edge(joining, drafting.platform, drafting.item_type, target, words)
        drafting.add_edge(name, data, evidence)


def _descriptions(drafting: Drafting, role: Literal["user", "item"]) -> list[Description]:
    """The tables that describe users (or items): their own, and the interactions where these know more of them."""
    own: dict[str, Description] = {}
    further: dict[str, Description] = {}
    for table in drafting.behaviour:
        column = table.user if role == "user" else table.item
        link = drafting.links.get(column.called)
        if link is not None and link.key.table not in {other.table for other in drafting.behaviour}:
            own.setdefault(link.key.table, _own(drafting, link.key, link.evidence))
            if link.found == column.distinct and drafting.samples[column.table].whole:
                continue
            why = f"those of {table.table} that {link.key.table} lacks: {column.distinct - link.found:,} values"
            further[table.table] = Description(column, (), own=False, why=(why,))
        else:
            further[table.table] = _from_behaviour(drafting, table, role)
    for key in [description.key for description in own.values()]:
        for link in drafting.links.values():
            if link.key is not key or not link.column.unique:
                continue
            beside = link.column.table
            joins = sum(
                other.key is key and other.column.table == beside for other in drafting.links.values()
            )  # ids of two items in a row say how they belong together
            if joins == 1 and beside not in {*own, *further, *drafting.used}:
                own[beside] = _own(drafting, link.column, link.evidence)
    drafting.used |= own.keys()
    return [*own.values(), *further.values()]


def _own(drafting: Drafting, key: ColumnProfile, evidence: str) -> Description:
    others = [
        column
        for column in drafting.profiles[key.table]
        if column is not key and (column.called not in drafting.links or drafting.links[column.called].key is not key)
    ]
    unique = f"{key.called}: {key.rows:,} rows, each with an id of its own"
    return Description(key, others, own=True, why=(evidence, unique))


def _from_behaviour(drafting: Drafting, table: BehaviourTable, role: Literal["user", "item"]) -> Description:
    """What rows of interactions say of their user (or item): the columns that are the same whenever it is met."""
    key, other = (table.user, table.item) if role == "user" else (table.item, table.user)
    taken = {table.user, table.item, table.time, table.kind, table.weight}
    rest = [column for column in drafting.profiles[table.table] if column not in taken]
    by_key, by_other = ({} if column.texts is None else decides(column, rest) for column in (key, other))
    lists = [column for column in rest if column.texts is None and role == "item"]
    chosen, why = [], []
    for column in rest:
        same, of = by_key.get(column.name, (0, 0))
        if column.distinct < 2 or not of or means(column.name, "time", "order"):
            continue
        if same < _DECIDES * of:
            if role == "item" and same >= of / 2 and noun_among(column.name, CATEGORIES) and not names_an_id(key.name):
                drafting.unsure(
                    f"{key.called} may name different things by one word: only {same:,} of {of:,} stand with one "
                    f"{column.name} alone; an id that tells them apart is better",
                    *("nodes",),
                )
            continue
        same_there, of_there = by_other.get(column.name, (0, 0))
        if of_there and same_there / of_there >= same / of and not _is_about(column, role):
            continue
        chosen.append(column)
        why.append(f"{column.name}: one value for {'each' if same == of else f'{same:,}'} of {of:,} {role}s")
    rows = f"{key.called} repeats: {key.distinct:,} values in {key.filled:,} rows"
    return Description(key, [*chosen, *lists], own=False, why=(rows, *why))


def _is_about(column: ColumnProfile, role: str) -> bool:
    """Whether a name says that a column describes users (or items), where rows fit both."""
    if role == "item":
        return noun_among(column.name, USERS) is None
    return noun_among(column.name, USERS) is not None


def _label(nouns: frozenset[str], otherwise: str, descriptions: list[Description]) -> str:
    """What such nodes are called: by the table that describes them, or by the column of their ids."""
    names = [name for d in descriptions for name in ((d.key.table, d.key.name) if d.own else (d.key.name,))]
    found = next((noun for name in names if (noun := noun_among(name, nouns)) is not None), None)
    return label(found, otherwise) if found else otherwise


def _spoken(name: str) -> str:
    return name.lower()
