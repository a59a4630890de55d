"""Which key a graph's pseudonyms were made with: under another one everybody would be somebody else."""

from __future__ import annotations

from kgrec.errors import ConfigError
from kgrec.privacy.pseudonyms import PseudonymKey
from kgrec.schema.model import GraphSchema
from kgrec.schema.shape import makes_pseudonyms, pseudonymous_users


def key_at_the_door(schema: GraphSchema | None) -> PseudonymKey | None:
    """The key by which real ids of users lead to their pseudonyms; None where ids are no pseudonyms, or without a key.

    Raises:
        ConfigError: the key cannot be read.
    """
    pseudonymous = schema is not None and pseudonymous_users(schema)
    return PseudonymKey.from_environment() if pseudonymous else None


def key_of(schema: GraphSchema, known: str | None, where: str) -> PseudonymKey | None:
    """The key of the pseudonyms in a graph; None where there are none.

    Args:
        known: what tells the key from others, as the graph keeps it; None before the first import.
        where: the graph's address, for messages.

    Raises:
        ConfigError: the key is missing, or is another one.
    """
    if not makes_pseudonyms(schema):
        return None
    key = PseudonymKey.needed(where)
    if known is None and key.table is not None:
        key.table.id(make=True)
    if known not in (None, key.check):
        raise ConfigError(
            "the pseudonyms of the graph were made with another key.",
            where=where,
            found=f"a key that checks as {key.check}",
            expected=f"the one that checks as {known}",
            next="name the key that was used before; if it is lost, import everything into a new store",
        )
    return key
