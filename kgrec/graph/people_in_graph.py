"""People in a graph, with all they did and what was recommended to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.near_misses import near_miss
from kgrec.errors import UnknownUserError
from kgrec.graph.cypher.link_statements import key_names
from kgrec.graph.person_links import accounts_of
from kgrec.graph.pseudonym_key import key_at_the_door, key_of
from kgrec.graph.store import GraphStore, schema_of
from kgrec.privacy.pseudonyms import PseudonymKey, ids_of
from kgrec.schema.shape import pseudonymous_users


class PeopleInGraph:
    """A graph as a :class:`~kgrec.privacy.forgetting.Place`.

    Args:
        store: open for writing; where it is read only, nobody can be taken out.
    """

    what = "graph"

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self.where = store.url

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        """Nodes and relationships of each user, lists that were written back included."""
        return {user: about.entries for user in people if (about := self._store.about_user(user)) is not None}

    def ids(self, user: str) -> tuple[str, ...]:
        """The ids by which a user may be known, as :func:`~kgrec.privacy.pseudonyms.ids_of` has them, and those of all
        accounts of the same person."""
        known = ids_of(user.strip(), key_at_the_door(self._store.schema))
        return tuple(dict.fromkeys((*known, *(account for uid in known for account in accounts_of(self._store, uid)))))

    def texts(self, user: str) -> tuple[str, ...]:
        """Names and keys of a user."""
        schema = schema_of(self._store)
        node = self._store.node(schema.user_type, user) or {}
        masked = [name for name, spec in schema.nodes[schema.user_type].properties.items() if spec.personal]
        values = (node.get(name) for name in dict.fromkeys(("name", *key_names(schema), *masked)))
        texts = (text for value in values for text in (value if isinstance(value, list) else [value]))
        return tuple(dict.fromkeys(text for text in texts if isinstance(text, str) and text != user))

    @property
    def pseudonymous(self) -> bool:
        """Whether its ids of users are pseudonyms."""
        return pseudonymous_users(schema_of(self._store))

    def checked(self, key: PseudonymKey) -> PseudonymKey:
        """A key, without its table where the graph has no pseudonyms.

        Raises:
            ConfigError: the graph's pseudonyms were made with another one.
        """
        schema = schema_of(self._store)
        return key_of(schema, self._store.pseudonym_key, self.where) or replace(key, table=None)

    def nearly(self, user: str) -> str | None:
        """The sentence that another way to write an id is a user's; None where none is."""
        user_type = schema_of(self._store).user_type
        return near_miss(user, lambda other: self._store.node(user_type, other) is not None)

    def files(self) -> list[Path]:
        """Of an embedded graph; a server's are not seen from here."""
        return self._store.files()

    def remove(self, people: Collection[str]) -> None:
        """Delete the users with their relationships.

        Raises:
            GraphError: the store refused.
        """
        for user in self.entries(people):
            with suppress(UnknownUserError):  # a service was quicker
                self._store.delete_user(user)
        self._store.checkpoint()

    def others_with(self, texts: Collection[str]) -> set[str]:
        """Those of some texts that ids, names or other texts of nodes hold, as ``customer-1`` is in ``customer-12``."""
        found, schema = set[str](), schema_of(self._store)
        for type in schema.nodes:
            for batch in self._store.export_nodes(type):
                if type == schema.user_type:  # they themselves are no others
                    batch = batch.filter(pc.invert(pc.is_in(batch["uid"], pa.array(sorted(texts), pa.string()))))
                columns = [column for column in batch.columns if pa.types.is_string(column.type)]
                for value in chain.from_iterable(column.to_pylist() for column in columns):
                    found |= {text for text in texts if value is not None and text in value}
        return found

    def waits(self) -> Sequence[str]:
        """That a server keeps transaction logs and free records of its own for a while."""
        if self._store.files() or self.where.startswith("kglite:"):
            return []
        return [
            f"{self.where}: what was deleted stays in the server's transaction logs until they are rotated "
            "(db.tx_log.rotation.retention_policy), and in its backups"
        ]
