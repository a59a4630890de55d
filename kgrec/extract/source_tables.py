"""SourceTables: which tables of the sources are which of the schema, and which of either are left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePath

from kgrec.data.records import Table
from kgrec.errors import SourceError, did_you_mean
from kgrec.extract.mapping import schema_sources
from kgrec.schema.model import GraphSchema, NodeSource


class SourceTables:
    """The tables of some sources, as a schema reads them.

    A table has the schema's name for it if only capitals, blanks and hyphens differ, and no other table has the name
    itself.

    Args:
        tables: all tables of the sources, in their order.

    Attributes:
        named: tables that the schema reads, each with its name there.
        missing: tables of the schema that no source has.
        notes: what the reader should know: names that were not quite the same, tables that nobody reads.
        schema: the schema as these tables fill it: nodes that no table describes come from the interactions or edges
            where it allows that.
    """

    def __init__(self, schema: GraphSchema, tables: Sequence[Table]) -> None:
        self._wanted = tuple(dict.fromkeys(source.spec.table for source in schema_sources(schema)))
        self._given = schema
        self.tables = tuple(tables)
        names = {table.name for table in tables}
        alike: dict[str, list[str]] = {}
        for name in dict.fromkeys(table.name for table in tables if table.name not in self._wanted):
            alike.setdefault(_plain(name), []).append(name)
        self._names = {name: name for name in self._wanted if name in names}
        self.notes: list[str] = []
        for name in self._wanted:
            others = alike.get(_plain(name), ())
            if name not in names and len(others) == 1:
                self._names[others[0]] = name
                self.notes.append(f"table '{others[0]}' is read as '{name}'")
        self.named = tuple((self._names[table.name], table) for table in tables if table.name in self._names)
        present = set(self._names.values())
        self.missing = tuple(name for name in self._wanted if name not in present)
        self.schema = _filled(schema, present)
        self.notes += self._notes()

    def __repr__(self) -> str:
        return f"SourceTables({len(self.named)} of {len(self.tables)} read, {len(self.missing)} missing)"

    def _notes(self) -> Iterator[str]:
        needless = self._names.keys() | {name for _, table in self.named for name in table.restates}
        unread = [name for name in dict.fromkeys(table.name for table in self.tables) if name not in needless]
        if unread and self._names:
            yield f"tables that the schema does not read: {', '.join(unread)}"
        for name, node in self._given.nodes.items():
            if node.sources != self.schema.nodes[name].sources:
                tables = dict.fromkeys(source.table for source in self.schema.nodes[name].sources)
                yield f"no table {_either(node.sources)}: nodes of type {name} come from {', '.join(tables)}"
        for name in self.missing:
            if hint := self._hint(name):
                yield f"no table '{name}'{hint}"
        for table in self.tables:
            yield from table.log.notes

    def _hint(self, name: str) -> str:
        """Whatever nearly has the name of a table: tables that nobody reads, files that were passed over."""
        unread = [table.name for table in self.tables if table.name not in self._names]
        files = [f"'{file}' was passed over" for file in self._passed_over(name)]
        question = did_you_mean(name, unread)
        return "".join(f", {text}" for text in (question, *files) if text)

    def _passed_over(self, name: str) -> list[str]:
        """Files that no table was made of, and that are called like one of the schema."""
        files = dict.fromkeys(file for table in self.tables for file in table.log.passed_over)
        return [file for file in files if _plain(PurePath(file).name.partition(".")[0]) == _plain(name)]

    def check(self) -> None:
        """Make sure that the sources have some table of the schema.

        Raises:
            SourceError: they have none.
        """
        if self.named:
            return
        names = list(dict.fromkeys(table.name for table in self.tables))
        hints = [f"for '{name}'{hint}" for name in self._wanted if (hint := self._hint(name))]
        raise SourceError(
            f"no table of the sources is one that the schema '{self._given.domain}' reads.",
            found="\n".join([f"tables {', '.join(names)}" if names else "no table at all", *hints]),
            expected=f"some of {', '.join(self._wanted)}",
            next="name the files like the schema's tables, or choose another schema",
        )

    def problems(self, held: Collection[str] = ()) -> list[str]:
        """What an import would lack, in words: users, items, or what users did.

        Args:
            held: types of which the graph holds some, from an import before.
        """
        schema, found = self.schema, []
        needed = [(schema.user_type, "users"), (schema.item_type, "items")]
        needed += [(name, "interactions") for name in schema.interactions]
        present = {name for name, _ in self.named}
        for type_name, what in needed:
            node = schema.nodes.get(type_name)
            sources = schema.interactions[type_name].sources if node is None else node.sources
            if sources and type_name not in held and not any(source.table in present for source in sources):
                hints = "".join(self._hint(name) for name in dict.fromkeys(source.table for source in sources))
                found.append(f"{what} of type {type_name}: no table {_either(sources)}{hints}")
        for name in self.missing:
            if files := self._passed_over(name):
                text = f"table '{name}': {', '.join(files)} was passed over"
                if not any(f"'{name}'" in other for other in found):
                    found.append(text)
        return found


def _plain(name: str) -> str:
    """A name without what people write now this way and now that: capitals, blanks, hyphens."""
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _either(sources: Sequence[object]) -> str:
    """Names of tables in quotes, 'a' or 'b'."""
    names = dict.fromkeys(f"'{getattr(source, 'table', '')}'" for source in sources)
    return " or ".join(names) or "of the schema"


def _filled(schema: GraphSchema, present: Collection[str]) -> GraphSchema:
    """The schema with nodes of the interactions or of the edges, where it allows that and no table describes them."""
    nodes = dict(schema.nodes)
    for name, node in schema.nodes.items():
        if any(source.table in present for source in node.sources):
            continue
        found = list(_interacting(schema, node.role or "")) if node.from_interactions else []
        found += _ends(schema, name) if node.from_edges else []
        if there := tuple(source for source in found if source.table in present):
            nodes[name] = node.model_copy(update={"sources": there})
    return schema.model_copy(update={"nodes": nodes})


def _interacting(schema: GraphSchema, role: str) -> Iterator[NodeSource]:
    """Users or items, as the interactions name them. A row without an id is told where it is read as an interaction."""
    for interaction in schema.interactions.values():
        for source in interaction.sources:
            id, prefix, binary = {
                "user": (source.user, source.user_prefix, source.user_binary),
                "item": (source.item, source.item_prefix, source.item_binary),
            }[role]
            yield NodeSource(
                table=source.table,
                platform=source.platform,
                where=source.where,
                where_not=source.where_not,
                id=id,
                prefix=prefix,
                binary=binary,
                optional=True,
            )


def _ends(schema: GraphSchema, node_type: str) -> Iterator[NodeSource]:
    """Nodes of a type, as the edges name them."""
    for edge in schema.edges.values():
        for source in edge.sources:
            where, where_not = dict(source.where), dict(source.where_not)
            if source.relation_column is not None:
                where |= {source.relation_column: source.only} if source.only else {}
                where_not |= {source.relation_column: source.skip} if source.skip else {}
            rows = {"table": source.table, "platform": source.platform, "where": where, "where_not": where_not}
            for end, allowed in ((source.source, edge.source), (source.target, edge.target)):
                if node_type in allowed and (end.type_column is not None or (end.type or allowed[0]) == node_type):
                    own = {"id": end.column, "type_column": end.type_column, "optional": True}
                    also = end.model_dump(include={"prefix", "split", "rename", "binary"})
                    yield NodeSource.model_validate(rows | own | also)
