"""A bundle without some of the users that it was learned from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.data.persons import Persons
from kgrec.data.vocabulary import Vocabulary


def without_users(bundle: Bundle, users: Collection[str]) -> Bundle:
    """A bundle without ids and interactions of some users, which says how many they were; itself where there are none.

    Who has one of the accounts is gone with all of them: what is theirs of one person's interactions is not known.
    All numbers that were learned stay as they are: weights, gates and popularity count who is gone until the next
    training. So do the answers for everybody else.
    """
    persons = dict.fromkeys(bundle.persons.person_of(user) for user in users)
    rows = bundle.users.rows(list(persons))
    gone = np.zeros(len(bundle.users), np.bool_)
    gone[rows[rows >= 0]] = True
    if not gone.any():
        return bundle
    past = bundle.interactions.select(~gone[bundle.interactions.user])
    new_rows = np.cumsum(~gone) - 1
    return replace(
        bundle,
        manifest=replace(bundle.manifest, forgotten=bundle.manifest.forgotten + int(gone.sum())),
        users=Vocabulary(user for user, is_gone in zip(bundle.users, gone, strict=True) if not is_gone),
        persons=Persons(group for person, group in bundle.persons.groups.items() if person not in persons),
        interactions=replace(past, user=new_rows[past.user]),
        version="",
    )
