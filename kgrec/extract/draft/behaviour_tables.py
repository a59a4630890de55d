"""Which tables say what users did with items, and in which of their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kgrec.extract.draft.column_profiles import ColumnProfile
from kgrec.extract.draft.header_words import ITEMS, USERS, means, names_an_id, noun_among, nouns_of, words_of
from kgrec.extract.draft.table_links import Link, Profiles

_SURE = 3.0
"""Points from which a column is taken for a user's or an item's id by its name and links alone."""
_MOST_KINDS = 30

_PEOPLE = frozenset({"personal", "email", "country"})
_PEOPLE_WORDS = frozenset({"age", "gender", "sex", "alter", "geschlecht", "sexe", "city", "stadt", "ville"})
_COARSE = ("album", "artist", "show", "series")
_MEASURES = ("stars", "count", "hours", "money", "time", "position", "status", "year", "later")
VERBS = {
    "view": "view views viewed visit impression detail pageview pv see",
    "click": "click clicks clicked clickout open 点击 浏览",
    "cart": "cart addtocart basket add 加购",
    "buy": "buy bought purchase purchased order ordered sale sold transaction checkout paid completed "
    "kauf verkauf bestellung bestellungen commande commandes 购买 下单",
    "play": "play played listen listened stream streamed scrobble watch watched 播放",
    "like": "like liked love loved favorite favourite fav star save saved bookmark wishlist follow upvote "
    "收藏 喜欢 点赞",
    "rate": "rate rated rating review reviewed bewertung bewertungen note 评分 评价",
    "tag": "tag tags tagged",
    "share": "share shared repost",
    "dislike": "dislike disliked hate thumbsdown downvote unlike",
    "skip": "skip skipped",
    "return": "return returned refund refunded remove removed removefromcart",
    "cancel": "cancel cancelled canceled failed voided",
}
"""What somebody did: the words that logs use for it."""

_VERB_OF = {word: verb for verb, words in VERBS.items() for word in words.split()}


@dataclass(frozen=True, eq=False)
class BehaviourTable:
    """A table of interactions.

    Attributes:
        user, item, time, kind, weight: its columns, None where there is none; cells of the item may hold several.
        unsure: what of this is hardly more than a guess, as sentences.
    """

    table: str
    user: ColumnProfile
    item: ColumnProfile
    time: ColumnProfile | None
    kind: ColumnProfile | None
    weight: ColumnProfile | None
    unsure: tuple[str, ...] = ()


def verb_of(text: str) -> str | None:
    """What a kind or the name of a table says that somebody did, None where that is not known."""
    words = words_of(text)
    joined = "".join(words)
    singular = (word.removesuffix("s") for word in words)
    return _VERB_OF.get(joined) or next((_VERB_OF[word] for word in (*words, *singular) if word in _VERB_OF), None)


def behaviour_tables(tables: Profiles, links: Sequence[Link]) -> list[BehaviourTable]:
    """The tables of interactions, in the order of the tables.

    A table is one where a column names users and another one items, and both repeat; cells may hold several items.
    Where no names tell, the only table with two columns of ids that repeat is taken, and said to be unsure. Where there
    is none, a table is one whose rows are a user each with the items in a list.
    """
    by_column = {link.column.called: link for link in links}
    for once in (False, True):
        found = [
            table
            for name, columns in tables.items()
            if not is_statements(columns) and (table := _behaviour(name, columns, by_column, tables, once)) is not None
        ]
        sure = [table for table in found if not table.unsure]
        if found:
            break
    return sure or found[:1]


def is_statements(columns: Sequence[ColumnProfile]) -> bool:
    """Whether a table holds facts as head, relation and tail."""
    names = {word for column in columns for word in words_of(column.name)}
    return bool(names & {"head", "subject"}) and bool(names & {"tail", "object"})


def _behaviour(
    name: str, columns: Sequence[ColumnProfile], links: Mapping[str, Link], tables: Profiles, once: bool
) -> BehaviourTable | None:
    """What a table of interactions says in which column; None where it is none.

    Args:
        once: each user may be named in one row only, with a list of items.
    """
    ids = [column for column in columns if column.can_be_id and column.form.kind != "link"]
    can_be, baskets = [column for column in ids if not column.unique], [c for c in columns if c.can_be_ids]
    users = _ranked(ids if once else can_be, lambda column: _points(column, links, tables, USERS, ITEMS))
    items = _ranked(
        [*(() if once else can_be), *baskets],
        lambda column: _points(column, links, tables, ITEMS, USERS) - 0.5 * column.can_be_ids,
    )
    user, item = _best(users), _best(items)
    if user is None and (once or item in baskets):
        return None
    unsure = []
    if user is None or item is None:
        if len(tables) > 1 and user is None and item is None:
            return None
        others = [c for c in can_be if c not in (user, item) and _may_be_id(c)]
        others.sort(key=lambda column: (not means(column.name, "name"), -column.distinct))
        if user is None and item is None:
            if len(others) < 2:
                return None
            user, item = sorted(others[:2], key=list(columns).index)
            unsure.append(f"that {user.name} is the user and {item.name} the item: no name says so")
        elif not others:
            return None
        elif user is None:
            user = others[0]
            unsure.append(f"that {user.name} is the user: it repeats like one, but its name does not say so")
        else:
            item = others[0]
            unsure.append(f"that {item.name} is the item: it repeats like one, but its name does not say so")
    if user is None or item is None or user is item:
        return None
    rest = [column for column in columns if column is not user and column is not item]
    kind = _kind(rest)
    weight = _weight([column for column in rest if column is not kind])
    return BehaviourTable(name, user, item, _time(rest), kind, weight, (*unsure,))


def _ranked(
    columns: Sequence[ColumnProfile], points: Callable[[ColumnProfile], float]
) -> list[tuple[float, ColumnProfile]]:
    """Columns with their points, the best first; of equal ones that with more values, which is the finer thing."""
    return sorted(((points(column), column) for column in columns), key=lambda pair: (-pair[0], -pair[1].distinct))


def _best(ranked: list[tuple[float, ColumnProfile]]) -> ColumnProfile | None:
    return ranked[0][1] if ranked and ranked[0][0] >= _SURE else None


def _points(
    column: ColumnProfile,
    links: Mapping[str, Link],
    tables: Profiles,
    wanted: frozenset[str],
    unwanted: frozenset[str],
) -> float:
    """How much speaks for a column as the id of a user (or of an item)."""
    people = wanted is USERS
    points = 4.0 * (noun_among(column.name, wanted) is not None) - 4.0 * (
        noun_among(column.name, unwanted) is not None and noun_among(column.name, wanted) is None
    )
    if points <= 0 and means(column.name, *_MEASURES):
        return 0.0
    # Of things that stand within each other the finest is chosen: a track, not its album.
    points -= 0.5 * (people is False and means(column.name, *_COARSE))
    points += names_an_id(column.name) - means(column.name, "name") - 3 * means(column.name, "visit", "order", "text")
    if people:
        points += 3 * means(column.name, "email")
    elif points == -1 and means(column.name, "name"):
        points = 2.0
    link = links.get(column.called)
    if link is not None:
        there = tables[link.key.table]
        if noun_among(link.key.table, wanted) or noun_among(link.key.name, wanted):
            points += 4
        elif noun_among(link.key.table, unwanted):
            points -= 4
        elif people == _are_people(there):
            points += 2
    return points


def _are_people(columns: Sequence[ColumnProfile]) -> bool:
    """Whether a table describes people rather than things."""
    words = {word for column in columns for word in words_of(column.name)}
    nouns = {noun for column in columns for noun in nouns_of(column.name)}
    return bool(words & _PEOPLE_WORDS or nouns & _PEOPLE) and not nouns & {"name", "money", "text"}


def _may_be_id(column: ColumnProfile) -> bool:
    """Whether a column whose name says nothing may hold ids: many values, each several times, and no measure."""
    if means(column.name, *_MEASURES, "kind", "text", "order", "visit") or column.time is not None:
        return False
    return column.distinct >= 10 and column.per_value >= 1.2 and column.filled == column.rows


def _time(columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column that says when; of several the first that is not about something later, such as shipping."""
    best: tuple[float, ColumnProfile | None] = (0.0, None)
    for column in columns:
        named, written = means(column.name, "time"), column.form.kind == "time"
        points = 2.0 * named + 2.0 * written - 3.0 * means(column.name, "later") - 5.0 * means(column.name, "personal")
        if column.time is None:
            points = 0.5 * (column.form.kind in ("whole", "number") and (named or means(column.name, "position")))
        elif not named and not written:
            points = 0.0
        if points > best[0]:
            best = (points, column)
    return best[1]


def _kind(columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column that says what was done."""
    for column in columns:
        if column.form.kind not in ("text", "whole") or not 1 <= column.distinct <= _MOST_KINDS:
            continue
        verbs = {verb_of(value) for value in column.values.to_pylist()}
        if means(column.name, "kind") and column.filled == column.rows and not means(column.name, "id"):
            return column
        if means(column.name, "status") and verbs & {"return", "cancel"}:
            return column
        if column.form.kind == "text" and len(verbs - {None}) >= max(1, column.distinct // 2) and column.filled:
            return column if means(column.name, "type") or len(verbs - {None}) > 1 else None
    return None


def _weight(columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column that says how much or how good: stars before counts before hours."""
    for noun in ("stars", "count", "hours"):
        for column in columns:
            numbers = column.form.kind in ("whole", "number") and column.distinct > 1
            if means(column.name, noun) and numbers and not names_an_id(column.name):
                return column
    return None
