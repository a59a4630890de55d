"""Records to property graph, back as a data set."""

from kgrec.graph.schemes import known_schemes, open_store, opened
from kgrec.graph.store import GraphStore

__all__ = ["GraphStore", "known_schemes", "open_store", "opened"]
