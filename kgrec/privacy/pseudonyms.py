"""Pseudonyms: texts in the place of ids and names, which nobody who lacks the key can find the person by.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the text, by a key that is kept outside the store: in an environment variable,
or in a file that one names. The same text has the same pseudonym under one key, so that people stay apart. With a table
beside the key, pseudonyms are drawn instead, and the table says whose they are.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from kgrec.errors import ConfigError
from kgrec.plain_text import composed, local_path
from kgrec.privacy.pseudonym_table import DIGITS, PseudonymTable

KEY, KEY_FILE, TABLE = "KGREC_PSEUDONYM_KEY", "KGREC_PSEUDONYM_KEY_FILE", "KGREC_PSEUDONYM_TABLE"
SHORTEST_KEY = 32
"""Characters of the shortest key that is taken: 128 bits in hexadecimal digits."""

_NEXT = (
    "make one and keep it where the store's copies do not go: "
    "python -c 'import secrets; print(secrets.token_hex(32))' > kgrec.pseudonyms, then "
    f"export {KEY_FILE}=kgrec.pseudonyms"
)


@dataclass(frozen=True)
class PseudonymKey:
    """What makes pseudonyms.

    Attributes:
        secret: without a table, nothing else is needed to find people by their pseudonyms; it is in no message.
        table: where pseudonyms are drawn, whose they are.
    """

    secret: bytes = field(repr=False)
    table: PseudonymTable | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> PseudonymKey | None:
        """The key that the environment names; None where it names none.

        Raises:
            ConfigError: its file cannot be read, or it is too short.
        """
        text, where = environment.get(KEY, "").strip(), KEY
        if not text and (path := environment.get(KEY_FILE, "").strip()):
            where = f"{KEY_FILE}={path}"
            try:
                text = local_path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                raise ConfigError(
                    "the key of pseudonyms cannot be read.",
                    where=where,
                    found=getattr(error, "strerror", None) or type(error).__name__,
                    expected="a file with one line, the key",
                    next="name the file that was used before: with another key everybody is somebody else",
                ) from None
        elif not text:
            return None
        if len(text) < SHORTEST_KEY:
            raise ConfigError(
                "the key of pseudonyms is too short.",
                where=where,
                found=f"{len(text)} characters",
                expected=f"at least {SHORTEST_KEY}",
                next=_NEXT,
            )
        table = environment.get(TABLE, "").strip()
        return cls(text.encode(), PseudonymTable.at(table) if table else None)

    @classmethod
    def needed(cls, what_for: str) -> PseudonymKey:
        """The key that the environment names.

        Args:
            what_for: where it is needed, for the message.

        Raises:
            ConfigError: it names none, its file cannot be read, or it is too short.
        """
        key = cls.from_environment()
        if key is None:
            raise ConfigError(
                "pseudonyms need a key.",
                where=what_for,
                found=f"neither {KEY} nor {KEY_FILE} in the environment",
                expected="the key that was used before, or a new one before the first import",
                next=_NEXT,
            )
        return key

    def pseudonym(self, text: str, of: str | None = None) -> str:
        """The pseudonym of a text, 32 hexadecimal digits: drawn where there is a table, else 128 bits of its HMAC.

        Args:
            of: id of the person who has it, where it is a value of somebody.

        Raises:
            ConfigError: the table cannot be used.

        Example:
            >>> PseudonymKey(b"0" * 32).pseudonym("ann@example.com")
            '7f20b082c2c89c365f567c3977bb906d'
        """
        if self.table is None:
            return self.keyed_hash(text)
        return self.table.made(self.digest(text), None if of is None else self.digest(of))

    def known(self, text: str) -> str | None:
        """The pseudonym that a text has; None where it has none, as after it was taken out of the table.

        Raises:
            ConfigError: the table cannot be used.
        """
        return self.keyed_hash(text) if self.table is None else self.table.of(self.digest(text))

    def at_once(self) -> AbstractContextManager[None]:
        """One write to disk of all pseudonyms that are drawn inside."""
        return nullcontext() if self.table is None else self.table.at_once()

    def keyed_hash(self, text: str) -> str:
        """128 bits of the HMAC of a text, in hexadecimal digits."""
        return self.digest(text).hex()[:DIGITS]

    @property
    def check(self) -> str:
        """What tells the key, and the table, from others and says nothing of either."""
        of_table = "" if self.table is None else f" {self.table.id()}"
        return self.keyed_hash(f"kgrec: which key is it?{of_table}")[:8]

    def digest(self, text: str) -> bytes:
        """The HMAC of a text, 32 bytes, by which a table knows it."""
        return hmac.new(self.secret, text.encode("utf-8", "surrogatepass"), "sha256").digest()


def ids_of(user: str, key: PseudonymKey | None) -> tuple[str, ...]:
    """The ids by which a user may be known: as it was given, composed, and its pseudonym where there is a key.

    Example:
        >>> ids_of("ann", None), ids_of("ann", PseudonymKey(b"0" * 32))
        (('ann',), ('ann', '542c8253f362678659f7c936e9f5be07'))
    """
    same = composed(user)
    pseudonym = None if key is None else key.known(same)
    return tuple(dict.fromkeys((user, same) if pseudonym is None else (user, same, pseudonym)))
