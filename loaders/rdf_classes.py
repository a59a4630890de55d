"""RDF as tables of things: one for each class, one of all links, one of everything that has a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import pyarrow as pa

from kgrec.data.records import ReadingLog, Table
from kgrec_loaders.ntriples import Row
from kgrec_loaders.rdf_index import TYPE, Path, TripleIndex, Values
from kgrec_loaders.source_files import BATCH_ROWS

LABELS = (
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://schema.org/name",
    "https://schema.org/name",
    "http://xmlns.com/foaf/0.1/name",
)
"""Predicates that name a thing, the first one that it has counts."""

LINK_COLUMNS = ("source", "source_class", "relation", "target", "target_class")

_OTHER_FORMS = ("rdf_triples", "rdf_resources")
"""Tables of what the classes say, as a schema for any graph reads it."""

_MOST_CELLS = 1_000_000

Cells = dict[str, list[str]]
"""Values of one thing by column."""


class RdfTables:
    """Tables of the things that triples speak about.

    - One for each class, named by the last part of its IRI: ``iri``, ``label`` and ``label@LANGUAGE``, and a column for
      every predicate, be its values literals or things. Several values are a list.
    - ``rdf_links``: every fact between two different things, its relation by the last part of its IRI. A thing of
      several classes has the first one stated here.
    - ``rdf_resources``: everything that has an IRI, with its ``class`` and its labels.

    Where two classes or predicates have the same last part, the whole IRI stands for it. A column without a language
    holds what has no language, else what is English, else the language stated first.

    Args:
        rows: reads the triples, from the start each time; the log takes up lines that cannot be read.
        where: their source in words.
    """

    def __init__(self, rows: Callable[[ReadingLog], Iterator[Row]], where: str) -> None:
        self._rows = rows
        self._where = where
        self._index: TripleIndex | None = None
        self._left_out = ReadingLog()
        self._left_out.collect()
        self._class_names: dict[str, str] | None = None

    def tables(self) -> Iterator[Table]:
        """Yield the tables. The triples are read once to learn the classes, and sorted when a table is first read."""
        if self._class_names is None:
            rows = self._rows(self._left_out.for_a_first_look())
            classes = {row[2]: None for row in rows if row[1] == TYPE and row[3] == "iri"}
            self._class_names = _short_names(sorted(classes))
        for class_, name in self._class_names.items():
            yield self._table(name, self._class_batches(class_), f"class {class_}")
        yield self._table("rdf_links", self._link_batches(), "links")
        yield self._table("rdf_resources", self._resource_batches(), "resources")

    def _table(self, name: str, batches: Iterator[pa.RecordBatch], what: str) -> Table:
        log = ReadingLog()

        def told() -> Iterator[pa.RecordBatch]:
            self._triples()
            for bad in self._left_out.bad_rows:
                log.leave_out(replace(bad))
            yield from batches

        return Table(name, told(), f"{self._where}, {what}", log=log, restates=_OTHER_FORMS)

    def _triples(self) -> TripleIndex:
        if self._index is None:
            self._index = TripleIndex(self._rows(self._left_out), self._where)
        return self._index

    def _class_batches(self, class_: str) -> Iterator[pa.RecordBatch]:
        index = self._triples()
        paths = {key[:2]: None for thing in index.members(class_) for key in index.said_of(thing)}
        names = _column_names(paths, taken=("iri", "type"))

        def cells(thing: str) -> Cells:
            further = [name for name in index.classes_of(thing) if name != class_]
            return {"iri": [thing], "type": further} | _cells(index.said_of(thing), names)

        yield from _batches(lambda: map(cells, index.members(class_)), ["iri", "label"])

    def _resource_batches(self) -> Iterator[pa.RecordBatch]:
        index = self._triples()
        assert self._class_names is not None
        class_names = self._class_names

        def cells(thing: str) -> Cells:
            names = {key: values for key, values in index.said_of(thing).items() if key[0][0] in LABELS}
            labels = {column: values[:1] for column, values in _labels(names)[0].items()}
            return {"iri": [thing], "class": [class_names[c] for c in index.classes_of(thing)], **labels}

        yield from _batches(lambda: map(cells, index.things()), ["iri", "class", "label"])

    def _link_batches(self) -> Iterator[pa.RecordBatch]:
        index = self._triples()
        assert self._class_names is not None
        class_names = self._class_names

        def links() -> Iterator[tuple[str, Path, str]]:
            for thing in index.things():
                for (path, _, is_thing), values in index.said_of(thing).items():
                    yield from ((thing, path, value) for value in values if is_thing and value != thing)

        def class_of(thing: str) -> str | None:
            return next((class_names[name] for name in index.classes_of(thing)), None)

        names = _column_names({(path, ""): None for _, path, _ in links()}, taken=())
        rows = ((s, class_of(s), names[path, ""], o, class_of(o)) for s, path, o in links())
        yield from text_batches(rows, LINK_COLUMNS)


def text_batches(rows: Iterable[tuple[str | None, ...]], names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows of text as record batches, at least one."""
    coming = iter(rows)
    some = list(islice(coming, BATCH_ROWS))
    yield _text_batch(some, names)
    while some := list(islice(coming, BATCH_ROWS)):
        yield _text_batch(some, names)


def _text_batch(rows: list[tuple[str | None, ...]], names: Sequence[str]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], list(names))


def _batches(rows: Callable[[], Iterator[Cells]], first: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Rows of columns that are learned from all of them; a column with several values in a row is one of lists."""
    most = dict.fromkeys(first, 1)
    for row in rows():
        for name, values in row.items():
            if values:
                most[name] = max(most.get(name, 1), len(values))
    further = sorted(most.keys() - set(first), key=lambda name: (not name.startswith("label@"), name))
    schema = pa.schema(
        [(name, pa.string() if most[name] == 1 else pa.list_(pa.string())) for name in (*first, *further)]
    )
    coming = rows()
    size = max(1, min(BATCH_ROWS, _MOST_CELLS // len(schema)))
    empty = True
    while (some := list(islice(coming, size))) or empty:
        empty = False
        columns = []
        for field in schema:
            lists = [row.get(field.name) or None for row in some]
            cells = lists if most[field.name] > 1 else [cell and cell[0] for cell in lists]
            columns.append(pa.array(cells, field.type))
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _cells(said: Values, names: dict[tuple[Path, str], str]) -> Cells:
    """Values by column: the labels, then everything else in the languages it has and in the best of them."""
    cells, rest = _labels(said)
    languages: dict[Path, dict[str, list[str]]] = {}
    for (path, language, _), values in rest.items():
        languages.setdefault(path, {}).setdefault(language, []).extend(values)
    for path, found in languages.items():
        cells[names[path, ""]] = found[_best(found)]
        for language, texts in found.items():
            if language:
                cells[names[path, language]] = texts
    return cells


def _labels(said: Values) -> tuple[Cells, Values]:
    """The label in every language and in the best one, and what is not taken as a label."""
    labels: dict[str, list[str]] = {}
    rest = {key: dict(values) for key, values in said.items()}
    for predicate in LABELS:
        for path, language, is_thing in list(said):
            if path == (predicate,) and not is_thing and language not in labels:
                values = rest[path, language, is_thing]
                label = next(iter(values))
                labels[language] = [label]
                del values[label]
    cells = {f"label@{language}": texts for language, texts in labels.items() if language}
    if labels:
        cells["label"] = labels[_best(labels)]
    return cells, {key: values for key, values in rest.items() if values}


def _best(languages: Iterable[str]) -> str:
    """No language, else English, else the first one."""
    known = list(languages)
    english = [language for language in known if re.match(r"en\b", language)]
    return "" if "" in known else (english or known)[0]


def _last_part(iri: str) -> str:
    return re.split(r"[#/:]", iri.rstrip("#/:"))[-1] or iri


def _short_names(iris: Iterable[str]) -> dict[str, str]:
    """Each IRI with its last part, or with itself where another one ends so too."""
    parts: dict[str, list[str]] = {}
    for iri in iris:
        parts.setdefault(_last_part(iri), []).append(iri)
    return {iri: part if len(same) == 1 else iri for part, same in parts.items() for iri in same}


def _column_names(keys: Iterable[tuple[Path, str]], taken: Iterable[str]) -> dict[tuple[Path, str], str]:
    """A name for the column of every path, in each language and without one: ``weight.unit@de``."""
    paths = dict.fromkeys(path for path, _ in keys)
    short: dict[str, list[Path]] = {name: [()] for name in taken}
    for path in paths:
        short.setdefault(".".join(map(_last_part, path)), []).append(path)
    if taken:
        short.setdefault("label", []).append(())
    names = {path: name if len(same) == 1 else ".".join(path) for name, same in short.items() for path in same}
    return {(path, language): f"{names[path]}@{language}" if language else names[path] for path, language in keys} | {
        (path, ""): names[path] for path in paths
    }
