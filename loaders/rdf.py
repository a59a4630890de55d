"""RDF: Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD, and graphs of rdflib, as triples and as tables of things.

N-Triples and N-Quads are read line by line in constant memory, however large the file. The others are read by rdflib,
one file at a time in memory; convert large ones to N-Triples. Nothing is fetched: a JSON-LD context must be in the
file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rdflib

from kgrec.data.records import ReadingLog, Table
from kgrec.errors import SourceError, shorten
from kgrec_loaders.import_script import run
from kgrec_loaders.ntriples import ABSOLUTE, Row, read_ntriples
from kgrec_loaders.rdf_classes import RdfTables, text_batches
from kgrec_loaders.rdf_documents import read_document, rows_of_triples
from kgrec_loaders.source_files import files_of, format_of, located, reading

FORMATS = {
    ".nt": "ntriples",
    ".nq": "nquads",
    ".ttl": "turtle",
    ".trig": "trig",
    ".rdf": "xml",
    ".owl": "xml",
    ".xml": "xml",
    ".jsonld": "jsonld",
}
"""Form by file suffix."""

COLUMNS = ("subject", "predicate", "object", "object_kind", "datatype", "language")

_EXPECTED = "a .ttl, .nt, .nq, .trig, .rdf, .owl, .xml or .jsonld file (also .gz, .bz2, .xz), or a folder of them"


class RdfLoader:
    """Reads RDF files into the table ``rdf_triples``, and the tables of :class:`~kgrec_loaders.rdf_classes.RdfTables`:
    one for each class, ``rdf_links`` and ``rdf_resources``.

    Columns of ``rdf_triples``: subject, predicate and object as text (numbers in their canonical form; a blank node as
    ``_:file name#label``, since its label means nothing outside its file), object_kind (``iri``, ``blank`` or
    ``literal``), datatype and language of a literal. Names of graphs are read over.

    N-Triples and N-Quads take constant memory, a file of another form is held in memory as a whole. What the other
    tables need is sorted on disk (:class:`~kgrec_loaders.rdf_index.TripleIndex`).

    Args:
        location: a file, or a folder whose files are read one after the other; then, where a file has relative IRIs
            and does not state their base, ``?base=IRI``.
    """

    def __init__(self, location: str = "") -> None:
        self.location = location
        self._state: object = None
        self._things: RdfTables | None = None

    def tables(self) -> Iterator[Table]:
        """Yield the triples, then the tables of things.

        Raises:
            SourceError: nothing readable at the location, a base that is relative, or (while the batches are read) a
                syntax error.
        """
        place, _, base = self.location.partition("?base=")
        if base and not ABSOLUTE.match(base):
            raise SourceError(
                "the base is relative itself.",
                where=f"rdf:{self.location}",
                found=shorten(base),
                expected="an absolute IRI after ?base=",
                next="write it whole, e.g. ?base=http://example.com/",
            )
        path = located(place, _EXPECTED)
        entries = files_of(path) if path.is_dir() else [path]
        files = [p for p in entries if p.is_file() and format_of(p, FORMATS)]
        if not files:
            raise SourceError(
                "the location holds no RDF.",
                where=str(path),
                found=", ".join(p.name for p in entries[:5]) or "an empty folder",
                expected=_EXPECTED,
                next="save the data in one of these formats; the suffix says which",
            )
        where = f"rdf:{path}"
        log = ReadingLog()
        yield Table("rdf_triples", text_batches(_rows_of_files(files, base or None, log), COLUMNS), where, log=log)
        state = [(file, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        if self._things is None or self._state != state:
            self._state, self._things = state, RdfTables(lambda log: _rows_of_files(files, base or None, log), where)
        yield from self._things.tables()


class RdfGraphLoader:
    """Reads a graph or data set of rdflib into the tables of :class:`RdfLoader`.

    The triples are taken one after the other, those of a data set from all its graphs, each once. No list of them is
    made here; rdflib's own store in memory copies its index of them for the time, about 35 bytes a triple.

    The order may differ next time, so an import that was interrupted starts over, which changes nothing. For one that
    goes on where it stopped, write the graph to a file: ``graph.serialize("data.nt", format="nt")``.

    Args:
        graph: what to read, each time anew.
        name: stands for the graph in messages and in the names of its blank nodes (``_:name#label``).
    """

    def __init__(self, graph: rdflib.Graph, name: str = "graph") -> None:
        self._graph = graph
        self._name = name

    def tables(self) -> Iterator[Table]:
        """Yield the triples, then the tables of things.

        Raises:
            SourceError: while the batches are read, the graph is empty.
        """
        where = f"rdf:{self._name}"
        yield Table("rdf_triples", text_batches(self._rows(), COLUMNS), where)
        yield from RdfTables(lambda _: self._rows(), where).tables()

    def _rows(self) -> Iterator[Row]:
        every = (None, None, None)
        triples: Iterator[Any] = self._graph.triples(every)
        if isinstance(self._graph, rdflib.ConjunctiveGraph):  # of itself a data set gives its default graph only
            triples = (triple for triple, _ in self._graph.store.triples(every, None))
        empty = True
        for row in rows_of_triples(triples, lambda node: f"_:{self._name}#{node}"):
            empty = False
            yield row
        if empty:
            raise SourceError(
                "the graph is empty.",
                where=f"rdf:{self._name}",
                found="0 triples",
                expected="at least one triple",
                next="parse or add the triples before the import",
            )


def _rows_of_files(files: list[Path], base: str | None, log: ReadingLog) -> Iterator[Row]:
    for path in files:
        format = format_of(path, FORMATS)
        assert format is not None
        where = f"{format}:{path}"
        empty, left_out = True, log.left_out
        with reading(where):
            if format in ("ntriples", "nquads"):
                rows = read_ntriples(path, where, base, quads=format == "nquads", log=log)
            else:
                rows = log.row_numbers.tell(where, read_document(path, where, base, format, log))
            for row in rows:
                empty = False
                yield row
        if empty and log.left_out == left_out:  # of lines that cannot be read, the log says why
            raise SourceError(
                "the file states nothing.",
                where=where,
                found="no triple",
                expected="at least one triple",
                next="check that the export or download of this file finished",
            )


if __name__ == "__main__":
    run("rdf", default_schema="")
