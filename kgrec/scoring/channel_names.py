"""Names of the channels that kgrec learns, as bundles and answers show them."""

from __future__ import annotations

BEHAVIOUR = "behaviour"
SHORT_TERM = "short_term"
NEXT_ITEM = "next_item"
CO_SESSION = "co_session"
LONG_TERM = "long_term"
DISLIKES = "dislikes"
KNOWLEDGE = "knowledge"
SEMANTIC = "semantic"
