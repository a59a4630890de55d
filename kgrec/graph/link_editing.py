"""Links of accounts that are made and taken back by hand, beside those that sources state."""

from __future__ import annotations

from kgrec.data.near_misses import near_miss
from kgrec.data.persons import AccountLink
from kgrec.data.records import EdgeRecord, Value
from kgrec.errors import ConfigError, UnknownIdError, UnknownUserError, shorten
from kgrec.graph.person_links import LinkRules, accounts_of, joining_links, named_key
from kgrec.graph.pseudonym_key import key_at_the_door
from kgrec.graph.store import GraphReader, GraphStore, schema_of
from kgrec.privacy.pseudonyms import ids_of

BY_HAND = "by hand"
"""Platform and relation of links that no source states: edges of their own, which no import changes or takes back."""


def add_link(
    store: GraphStore,
    user: str,
    other: str,
    *,
    confidence: float | None = None,
    since: float | None = None,
    type: str | None = None,
) -> tuple[str, ...]:
    """All accounts of the person whom ``user`` belongs to from now on; a link with too little confidence joins nobody.

    Args:
        confidence: from 0 to 1; None where it is certain.
        since: unix seconds.
        type: edge type that states it; None where the schema has one.

    Raises:
        ConfigError: the schema has no such edge type or property, a value cannot be, or too many accounts would be one
            person.
        UnknownUserError: there is no such account.
    """
    rules = LinkRules.of(schema_of(store))
    type = _type_of_link(store, rules, type)
    user, other = (known_account(store, account) for account in (user, other))
    if user == other:
        raise ConfigError("an account is not linked with itself.", found=shorten(user), next="name two accounts")
    if confidence is not None and not 0 <= confidence <= 1:
        raise ConfigError(
            "a confidence cannot be that.", found=str(confidence), expected="a number from 0 to 1", next="correct it"
        )
    properties: dict[str, Value] = {}
    for name, value in (("confidence", confidence), ("since", since)):
        if value is None:
            continue
        if name not in schema_of(store).edges[type].properties:
            raise ConfigError(
                f"links of the type {type} have no {name}.",
                where=store.url,
                found=str(value),
                expected=f"a property {name} of {type} in the graph's schema",
                next="leave it out, or declare the property and import into a new store",
            )
        properties[name] = float(value)
    link = AccountLink(user, other, type, type, True, confidence=confidence)
    together = {*accounts_of(store, user), *accounts_of(store, other)}
    if rules.joins(link) and len(together) > rules.most_accounts:
        raise ConfigError(
            "so many accounts are not one person.",
            where=store.url,
            found=f"{len(together)} accounts that this link would join",
            expected=f"at most {rules.most_accounts}, the schema's most_accounts",
            next="look at `kgrec link list`: a wrong link may be among them",
        )
    source, target = sorted((user, other))
    user_type = schema_of(store).user_type
    store.upsert_edges([EdgeRecord(type, user_type, source, user_type, target, BY_HAND, properties, BY_HAND)])
    return accounts_of(store, user)


def remove_link(store: GraphStore, user: str, other: str) -> list[AccountLink]:
    """The links between two accounts that were taken back, whoever states them.

    Raises:
        UnknownIdError: there is none; the message says what else makes them one person.
        UnknownUserError: there is no such account.
        ConfigError: the schema has no links.
    """
    rules = LinkRules.of(schema_of(store))
    if not rules:
        _type_of_link(store, rules, None)
    user, other = (known_account(store, account) for account in (user, other))
    links = [link for link in store.links(user, rules.most_accounts) if link.other == other]
    stated = [link for link in links if link.stated]
    if not stated:
        raise UnknownIdError(
            "there is no link between these accounts.",
            where=store.url,
            found=_why_together(store, user, other, rules, links),
            next=f"take the key from one of them: kgrec link remove {shorten(user)} --key {links[0].by}"
            if links
            else "look at `kgrec link list` with one of them",
        )
    store.retract([_record(store, link, platform) for link in stated for platform in link.platforms or ("",)])
    return stated


def remove_key(store: GraphStore, user: str, key: str) -> str:
    """The value of a key that was taken from an account, until an import states it again.

    Raises:
        ConfigError: the schema has no such key.
        UnknownIdError: the account has none.
        UnknownUserError: there is no such account.
    """
    keys = LinkRules.of(schema_of(store)).keys
    if key not in keys:
        raise ConfigError(
            "there is no such key of accounts.",
            where=store.url,
            found=shorten(key),
            expected=f"one of {', '.join(keys)}" if keys else "a key in the graph's schema, which has none",
            next="correct the name" if keys else "see `persons` in graph_schemas/README.md",
        )
    user = known_account(store, user)
    value = (store.node(schema_of(store).user_type, user) or {}).get(key)
    if value is None:
        raise UnknownIdError("the account has no such key.", where=store.url, found=f"{shorten(user)} without {key}")
    store.unset(schema_of(store).user_type, key, [user])
    return str(value)


def known_account(store: GraphReader, user: str) -> str:
    """The id that the graph has of an account: as it was given, composed, or its pseudonym.

    Raises:
        UnknownUserError: there is no such account.
    """
    user_type = schema_of(store).user_type
    for uid in ids_of(user, key_at_the_door(store.schema)):
        if store.node(user_type, uid) is not None:
            return uid
    raise UnknownUserError(
        "there is no such account.",
        where=store.url,
        found=shorten(user),
        next=near_miss(user, lambda other: store.node(user_type, other) is not None) or "correct the id",
    )


def linked_by_source(links: list[AccountLink]) -> list[str]:
    """Platforms whose next import states some links again."""
    return sorted({platform for link in links for platform in link.platforms} - {BY_HAND})


def _type_of_link(store: GraphStore, rules: LinkRules, type: str | None) -> str:
    types = rules.types
    if (type is None and len(types) == 1) or type in types:
        return type or types[0]
    raise ConfigError(
        "the graph's schema has no links of accounts." if not types else "which type of link it is is not clear.",
        where=store.url,
        found=shorten(type) if type else f"{len(types)} edge types with `role: same_person`",
        expected=f"one of {', '.join(types)}" if types else "an edge type with `role: same_person`",
        next="name it with --type"
        if types
        else "declare one, see graph_schemas/README.md, and import into a new store",
    )


def _record(store: GraphStore, link: AccountLink, platform: str) -> EdgeRecord:
    user_type = schema_of(store).user_type
    source, target = (link.account, link.other) if link.forward else (link.other, link.account)
    return EdgeRecord(link.by, user_type, source, user_type, target, link.relation, {}, platform)


def _why_together(store: GraphStore, user: str, other: str, rules: LinkRules, links: list[AccountLink]) -> str:
    """What makes two accounts one person that are not linked by an edge."""
    if links:
        return f"both have {named_key(links[0].by, links[0].relation)}"
    accounts = accounts_of(store, user)
    if other not in accounts:
        return "two persons"
    between = sorted({link.other for link in joining_links(store, user, rules)})
    return f"one person of {len(accounts)} accounts; {shorten(user)} is linked with {', '.join(map(shorten, between))}"
