"""What an import did, from the sources to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kgrec.extract.identity.alignment import AlignmentReport
from kgrec.extract.row_reader import Problem
from kgrec.graph.ingest import IngestReport
from kgrec.graph.store_types import GraphCounts


@dataclass(frozen=True)
class ImportReport:
    """Rows written, platforms aligned, rows left out, and what the store holds now.

    Attributes:
        alignment: None where no node type is on several platforms.
        problems: rows that did not fit the schema, by reason.
        counts: of everything in the store, earlier imports included.
    """

    ingest: IngestReport
    alignment: AlignmentReport | None
    problems: Sequence[Problem]
    counts: GraphCounts

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, for ``--json``."""
        return {
            **self.ingest.as_dict(),
            "alignment": None if self.alignment is None else self.alignment.as_dict(),
            "problems": [asdict(problem) for problem in self.problems],
            "counts": asdict(self.counts),
        }
