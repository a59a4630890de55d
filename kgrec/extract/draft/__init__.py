"""What a graph schema for some sources may be: guesses from samples, each with its evidence."""

from kgrec.extract.draft.drafting import Guess
from kgrec.extract.draft.schema_draft import Draft, draft_schema

__all__ = ["Draft", "Guess", "draft_schema"]
