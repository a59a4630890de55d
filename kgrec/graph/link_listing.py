"""Links of accounts as people look through them: who is one person, by what, and what does not count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgrec.data.persons import AccountLink, Persons, is_key
from kgrec.graph.link_editing import known_account
from kgrec.graph.person_links import LinkRules, named_key, read_persons, shared_keys, stated_links
from kgrec.graph.store import GraphStore, schema_of


def linked_accounts(store: GraphStore, user: str | None = None) -> dict[str, Any]:
    """Persons with several accounts, their links and what was left apart, as plain data.

    Args:
        user: only of the person who has this account; None for everybody.

    Raises:
        UnknownUserError: there is no such account.
    """
    schema = schema_of(store)
    account = None if user is None else known_account(store, user)
    rules, persons = LinkRules.of(schema), read_persons(store)
    links = sorted(
        (*stated_links(store), *_by_keys(store, rules)), key=lambda link: (link.account, link.other, link.by)
    )
    rows = [_row(link, rules, persons) for link in links]
    rows += [_row(link, rules, persons) | {"says": "one household"} for link in stated_links(store, role="household")]
    if account is None:
        return {"persons": list(map(list, persons.groups.values())), "links": rows, "left apart": list(persons.apart)}
    own = persons.accounts_of(account)
    return {
        "persons": [list(own)] if len(own) > 1 else [],
        "links": [row for row in rows if {row["account"], row["other"]} & set(own)],
        "left apart": list(persons.apart),
    }


def _by_keys(store: GraphStore, rules: LinkRules) -> Iterator[AccountLink]:
    """Links by equal keys: of the first account that has one with each other."""
    for (name, value), accounts in shared_keys(store).items():
        if is_key(value) and len(accounts) <= rules.most_accounts:
            for other in accounts[1:]:
                yield AccountLink(accounts[0], other, name, value, False)


def _row(link: AccountLink, rules: LinkRules, persons: Persons) -> dict[str, Any]:
    joins = rules.joins(link)
    together = persons.person_of(link.account) == persons.person_of(link.other)
    return {
        "account": link.account,
        "other": link.other,
        "by": link.by if link.stated else named_key(link.by, link.relation),
        "confidence": link.confidence,
        "since": link.since,
        "stated by": ", ".join(link.platforms),
        "says": "one person" if joins and together else "left apart" if joins else "a proposal",
    }
