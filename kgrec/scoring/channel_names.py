"""Names of the channels that kgrec learns, as bundles and answers show them."""

from __future__ import annotations

BEHAVIOUR = "behaviour"
PATHS = "paths"
RECENT_PATHS = "recent_paths"
CORRECTION = "_correction"
"""Ends the name of a channel that takes back what the paths before it oversell."""
SHORT_TERM = "short_term"
NEXT_ITEM = "next_item"
CO_SESSION = "co_session"
LONG_TERM = "long_term"
DISLIKES = "dislikes"
KNOWLEDGE = "knowledge"
"""Embeddings to which facts send messages."""
CO_TAKING = "co_taking"
"""Embeddings to which none do: the same of low rank from who took what."""
SEMANTIC = "semantic"
