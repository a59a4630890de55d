"""What says who somebody is: left out of records, or a pseudonym in its place, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from kgrec.data.persons import is_key
from kgrec.data.record_columns import EdgeColumns, InteractionColumns
from kgrec.data.records import EdgeRecord, Interaction, NodeRecord, Record, Value
from kgrec.privacy.pseudonyms import PseudonymKey
from kgrec.schema.model import GraphSchema, PropertySpec
from kgrec.schema.shape import makes_pseudonyms, properties_of, pseudonymous_users

_SIDES = ("source", "target")


class PersonalColumns:
    """Makes records such as a schema lets them into a store: the one door for all loaders and carriers.

    Raises:
        ConfigError: the schema makes pseudonyms, and there is no key.
    """

    def __init__(self, schema: GraphSchema) -> None:
        self._schema = schema
        self._user_type = schema.user_type if pseudonymous_users(schema) else None
        self._key = PseudonymKey.needed(f"the schema '{schema.domain}'") if makes_pseudonyms(schema) else None
        self._personal = {
            type: personal
            for type, specs in properties_of(schema).items()
            if (personal := {name: spec for name, spec in specs.items() if spec.personal})
        }

    def let_in(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records as they are kept; columns stay columns."""
        if self._user_type is None and not self._personal:
            return records
        with nullcontext() if self._key is None else self._key.at_once():
            if isinstance(records, InteractionColumns):
                return self._with_users(records, {"user": None})
            if isinstance(records, EdgeColumns):
                return self._with_users(records, {side: records.columns[f"{side}_type"] for side in _SIDES})
            return [self._one(record) for record in records]

    def _with_users(
        self, records: InteractionColumns | EdgeColumns, ends: Mapping[str, pa.DictionaryArray | None]
    ) -> InteractionColumns | EdgeColumns:
        """Records with pseudonyms of users in columns, given with the type of each row; None: all are users."""
        if self._user_type is None:
            return records
        changed: dict[str, pa.Array] = {}
        for name, types in ends.items():
            column = records.columns[name]
            if types is not None and self._user_type not in types.dictionary.to_pylist():
                continue
            if types is None:
                users = pa.repeat(pa.scalar(True), len(column))
            else:
                users = pc.equal(types.cast(pa.string()), self._user_type)
            theirs = set(pc.unique(column.indices.filter(users)).to_pylist())
            uids = column.dictionary.to_pylist()
            made = [self._pseudonym(uid) if number in theirs else uid for number, uid in enumerate(uids)]
            pseudonyms = pa.array(made, pa.string()).take(column.indices)
            changed[name] = pc.if_else(users, pseudonyms, column.cast(pa.string()))
        return records.with_columns(changed)

    def _one(self, record: Record) -> Record:
        if isinstance(record, Interaction):
            return replace(record, user=self._id(self._schema.user_type, record.user))
        of = record.uid if isinstance(record, NodeRecord) and record.type == self._schema.user_type else None
        properties = self._properties(record.type, record.properties, of)
        if isinstance(record, EdgeRecord):
            source, target = self._id(record.source_type, record.source), self._id(record.target_type, record.target)
            return replace(record, source=source, target=target, properties=properties)
        return self._node(record, properties)

    def _node(self, record: NodeRecord, properties: Mapping[str, Value]) -> NodeRecord:
        if record.type != self._user_type:
            return replace(record, properties=properties)
        name = properties.get("name")
        if isinstance(name, str) and record.uid.endswith(name):  # of users without a name their id is one
            properties = {other: value for other, value in properties.items() if other != "name"}
        aliases = []
        for alias in record.aliases:
            platform, _, uid = alias.partition(":")
            aliases.append(f"{platform}:{self._pseudonym(uid, record.uid)}")
        return replace(record, uid=self._pseudonym(record.uid), properties=properties, aliases=tuple(aliases))

    def _properties(self, type: str, properties: Mapping[str, Value], of: str | None) -> Mapping[str, Value]:
        """What is kept of the properties of a node or fact, ``of`` a user or of nobody."""
        personal: Mapping[str, PropertySpec] = self._personal.get(type, {})
        if not personal.keys() & properties.keys():
            return properties
        kept = {name: value for name, value in properties.items() if name not in personal}
        for name in properties.keys() & personal.keys():
            masked = self._masked(properties[name], of) if personal[name].personal == "mask" else None
            if masked:
                kept[name] = masked
        return kept

    def _masked(self, value: Value, of: str | None) -> Value | None:
        """Pseudonyms of what says anything; those of what stands for nothing would look as if they did."""
        if isinstance(value, list):
            return [self._pseudonym(str(one), of) for one in value if is_key(str(one))]
        return self._pseudonym(str(value), of) if is_key(str(value)) else None

    def _id(self, type: str, uid: str) -> str:
        return self._pseudonym(uid) if type == self._user_type else uid

    def _pseudonym(self, text: str, of: str | None = None) -> str:
        assert self._key is not None  # whatever is masked has made it needed
        return self._key.pseudonym(text, of)
