"""Links of accounts read from a graph: who is one person, of everybody and of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from kgrec.data.persons import AccountLink, Persons, is_key, linked_groups
from kgrec.graph import paths
from kgrec.graph.cypher import link_statements as statements
from kgrec.graph.cypher.link_statements import key_names, link_types
from kgrec.graph.store import GraphExporter, GraphReader, schema_of
from kgrec.schema.model import GraphSchema


@dataclass(frozen=True)
class LinkRules:
    """What of a schema decides who is one person.

    Attributes:
        types: edge types that link accounts.
        keys: properties of users that only accounts of one person share.
        least_confidence: links with less are proposals.
        most_accounts: where more would be one person, all stay apart.
    """

    types: tuple[str, ...]
    keys: tuple[str, ...]
    least_confidence: float = 1.0
    most_accounts: int = 20

    @classmethod
    def of(cls, schema: GraphSchema) -> Self:
        """Those of a schema."""
        rules = schema.nodes[schema.user_type].persons
        limits = {} if rules is None else {"least_confidence": rules.least_confidence}
        most = cls.most_accounts if rules is None else rules.most_accounts
        return cls(link_types(schema), key_names(schema), **limits, most_accounts=most)

    def __bool__(self) -> bool:
        return bool(self.types or self.keys)

    def joins(self, link: AccountLink) -> bool:
        """Whether a link by itself makes its accounts one person."""
        if not link.stated:
            return is_key(link.relation)
        return self.least_confidence <= (1.0 if link.confidence is None else link.confidence) <= 1.0


def accounts_of(store: GraphReader, user: str) -> tuple[str, ...]:
    """All accounts of the person who has one, in order; that alone, where it is linked with none or is unknown."""
    rules = LinkRules.of(schema_of(store))
    if not rules:
        return (user,)
    found, waiting = {user}, [user]
    while waiting:
        for link in joining_links(store, waiting.pop(), rules):
            if link.other not in found:
                found.add(link.other)
                waiting.append(link.other)
        if len(found) > rules.most_accounts:
            return (user,)
    return tuple(sorted(found))


def find_links(read: paths.Read, schema: GraphSchema, user: str, most: int, timeout_s: float) -> list[AccountLink]:
    """Links of an account, looked up; see :meth:`kgrec.graph.store.GraphReader.links`."""
    asked, found = {"user": user}, list[AccountLink]()
    for type in link_types(schema):
        for row in read(statements.stated_links(schema, type), asked, timeout_s):
            row["platforms"] = tuple(sorted(row["platforms"]))
            found.append(AccountLink(account=user, by=type, stated=True, **row))
    rows = read(statements.keys_of(schema), asked, timeout_s) if key_names(schema) else []
    for name, value in rows[0].items() if rows else ():
        if value is not None:
            text, sharing = statements.sharing_key(schema, name), {**asked, "value": value, "limit": most}
            others = sorted((row["other"], tuple(sorted(row["platforms"]))) for row in read(text, sharing, timeout_s))
            found += [AccountLink(user, other, name, value, False, platforms=of) for other, of in others]
    return found


def joining_links(store: GraphReader, account: str, rules: LinkRules) -> list[AccountLink]:
    """Links of an account that make it and others one person, but for keys that too many share."""
    links = [link for link in store.links(account, rules.most_accounts) if rules.joins(link)]
    sharing = defaultdict[tuple[str, str], int](int)
    for link in links:
        sharing[link.by, link.relation] += not link.stated
    return [link for link in links if link.stated or sharing[link.by, link.relation] < rules.most_accounts]


def read_persons(store: GraphExporter) -> Persons:
    """Who is one person, of everybody in a graph, as :func:`accounts_of` has it of one."""
    rules = LinkRules.of(schema_of(store))
    apart: list[str] = []
    pairs = [(link.account, link.other) for link in stated_links(store) if rules.joins(link)]
    for (name, value), accounts in shared_keys(store).items():
        if not is_key(value):
            apart.append(f"{len(accounts):,} accounts have {named_key(name, value)}, which stands for nothing")
        elif len(accounts) > rules.most_accounts:
            shared = f"{len(accounts):,} accounts share {named_key(name, value)}"
            apart.append(f"{shared}, more than the {rules.most_accounts} that one person may have")
        else:
            pairs += [(accounts[0], other) for other in accounts[1:]]
    groups = linked_groups(pairs)
    large = sorted((sorted(group) for group in groups if len(group) > rules.most_accounts), key=lambda group: group[0])
    apart += [
        f"links join {len(group):,} accounts, such as {group[0]} and {group[1]}, "
        f"more than the {rules.most_accounts} that one person may have"
        for group in large
    ]
    return Persons((group for group in groups if len(group) <= rules.most_accounts), apart)


def named_key(name: str, value: str) -> str:
    """A key in words, which do not give all of it away."""
    return f"{name} {value if len(value) <= 8 else f'{value[:8]}...'}"


def stated_links(
    store: GraphExporter, role: Literal["same_person", "household"] = "same_person"
) -> Iterator[AccountLink]:
    """All edges that link accounts, those with too little confidence as well, in the order of the graph."""
    types = [name for name, edge in schema_of(store).edges.items() if edge.role == role]
    for table in store.stored_tables() if types else ():
        if table.type in types and table.ends is not None:
            for row in table.rows:
                yield AccountLink(
                    row["_source"],
                    row["_target"],
                    table.type,
                    row["relation"],
                    True,
                    confidence=row.get("confidence"),
                    since=row.get("since"),
                    platforms=tuple(row.get("platforms") or ()),
                )


def shared_keys(store: GraphExporter) -> dict[tuple[str, str], list[str]]:
    """Accounts by key and value, where several have it."""
    schema = schema_of(store)
    keys = key_names(schema)
    sharing = defaultdict[tuple[str, str], list[str]](list)
    for batch in store.export_nodes(schema.user_type) if keys else ():
        uids = batch["uid"].to_pylist()
        for name in keys:
            for uid, value in zip(uids, batch[name].to_pylist(), strict=True):
                if value is not None:
                    sharing[name, value].append(uid)
    return {key: accounts for key, accounts in sharing.items() if len(accounts) > 1}
