"""API keys: made once, kept as hashes, compared in constant time.

A key is ``kgrec_ID_SECRET`` with 256 random bits of secret: nobody guesses it, so one round of SHA-256 keeps it, and
no slow hash is needed at every request. The file also holds the secret by which ids of users become pseudonyms.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import mmap
import os
import secrets
import time
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from kgrec.errors import ConfigError, shorten
from kgrec.plain_text import composed, local_path
from kgrec.service.access import OF_EVERYBODY, Caller, Scope

_UNKNOWN_HASH = hashlib.sha256(b"").hexdigest()
DEFAULT_PER_SECOND = 100.0


@dataclass(frozen=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        name: what people call it.
        id: the part of the key that is no secret.
        hash: SHA-256 of the whole key, hexadecimal.
        scopes: what it allows.
        per_second: requests that it may make a second; twice as many at once.
        user: the only person that it may ask about and report events of, None for everybody.
        created: ISO time.
    """

    name: str
    id: str
    hash: str
    scopes: tuple[Scope, ...]
    per_second: float
    user: str | None
    created: str

    @property
    def caller(self) -> Caller:
        """Who asks with it."""
        return Caller(self.name, frozenset(self.scopes), self.user)

    @property
    def about(self) -> dict[str, Any]:
        """What may be shown of it."""
        return {name: getattr(self, name) for name in ("name", "scopes", "user", "per_second", "created")}


@dataclass(frozen=True)
class KeyRing:
    """All keys of a service.

    Attributes:
        secret: of pseudonyms, hexadecimal.
    """

    keys: tuple[ApiKey, ...]
    secret: str

    @classmethod
    def empty(cls) -> Self:
        """Without keys."""
        return cls((), secrets.token_hex(32))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The keys of a file.

        Raises:
            ConfigError: there is none, or it cannot be read.
        """
        try:
            content = json.loads(local_path(path).read_text(encoding="utf-8"))
            keys = [
                ApiKey(**{**entry, "scopes": tuple(Scope(scope) for scope in entry["scopes"])})
                for entry in content["keys"]
            ]
            return cls(tuple(keys), content["secret"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                "the file of API keys cannot be read.",
                where=str(path),
                found=getattr(error, "strerror", None) or type(error).__name__,
                expected="a file that `kgrec key new` wrote",
                next=f"kgrec key new NAME --keys {path}",
            ) from None

    def save(self, path: str | Path) -> None:
        """Write the file in the place of an earlier one; nobody but its owner can read it."""
        target = local_path(path)
        fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
        content = {"secret": self.secret, "keys": [asdict(key) for key in self.keys]}
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)

    def with_new(
        self, name: str, scopes: Sequence[Scope], per_second: float = DEFAULT_PER_SECOND, user: str | None = None
    ) -> tuple[Self, str]:
        """The ring with a new key, and the key itself, which nobody can tell again.

        Raises:
            ConfigError: there is a key of this name, it or one of its scopes allows nothing, or it is one person's and
                has a scope that concerns everybody.
        """
        if any(key.name == name for key in self.keys):
            raise ConfigError(
                "there is a key of this name.", found=shorten(name), next="choose another name, or revoke that one"
            )
        if not scopes or per_second <= 0:
            raise ConfigError(
                "a key must allow something.",
                found=f"{len(scopes)} scopes, {per_second:g} requests a second",
                expected=f"some of {', '.join(Scope)}, and more than 0 requests",
            )
        if Scope.EXPLAIN_ANYBODY in scopes and Scope.READ not in scopes:
            raise ConfigError(
                "the scope explain-anybody allows nothing alone.",
                found=", ".join(scopes),
                expected="read beside it: it says whose reasons may be read",
                next="--scopes read,explain-anybody",
            )
        if user is not None:
            user = composed(user.strip())
            if not user:
                raise ConfigError("a key of one person needs the person's id.", found=shorten(user))
            if of_everybody := [scope for scope in scopes if scope in OF_EVERYBODY]:
                raise ConfigError(
                    "a key of one person cannot have scopes that concern everybody.",
                    found=", ".join(of_everybody),
                    expected="some of read, write: that person's lists, reasons and history, and what they do",
                    next="leave these scopes out, or leave --user out",
                )
        key_id = secrets.token_hex(4)
        text = f"kgrec_{key_id}_{secrets.token_urlsafe(32)}"
        created = datetime.now(UTC).isoformat(timespec="seconds")
        key = ApiKey(name, key_id, _hash(text), tuple(scopes), per_second, user, created)
        return replace(self, keys=(*self.keys, key)), text

    def without(self, name: str) -> Self:
        """The ring without a key.

        Raises:
            ConfigError: there is none of this name.
        """
        kept = tuple(key for key in self.keys if key.name != name)
        if len(kept) == len(self.keys):
            raise ConfigError(
                "there is no key of this name.",
                found=shorten(name),
                expected=f"one of {', '.join(key.name for key in self.keys)}" if self.keys else "a key; there is none",
            )
        return replace(self, keys=kept)

    def without_people(self, users: Collection[str]) -> Self:
        """The ring without the keys of some persons; itself where there are none."""
        kept = tuple(key for key in self.keys if key.user is None or key.user not in users)
        return self if len(kept) == len(self.keys) else replace(self, keys=kept)

    def key_of(self, text: str) -> ApiKey | None:
        """The kept key of a text, None where it is none; takes as long for a wrong secret as for a right one."""
        parts = text.split("_", 2)
        found = next((key for key in self.keys if len(parts) == 3 and key.id == parts[1]), None)
        right = hmac.compare_digest(_hash(text), found.hash if found else _UNKNOWN_HASH)
        return found if right else None

    def pseudonym(self, user: str) -> str:
        """A name for log lines: the same for the same user, and nobody without the file finds the user by it."""
        return hmac.new(bytes.fromhex(self.secret), user.encode("utf-8", "replace"), "sha256").hexdigest()[:16]


class RateLimits:
    """What each key has left: a bucket that fills with the key's rate and holds twice that.

    Args:
        keys: whose; processes that are forked from this one have the same buckets.
        turns: is entered by who looks into a bucket, where several processes do.
    """

    def __init__(self, keys: Sequence[ApiKey], turns: AbstractContextManager[object] | None = None) -> None:
        self._place = {key.id: 2 * n for n, key in enumerate(keys)}
        self._buckets = memoryview(mmap.mmap(-1, 16 * max(1, len(keys)))).cast("d")  # two numbers a key, 0 at first
        self._turns = turns or nullcontext()

    def seconds_to_wait(self, key: ApiKey, now: float | None = None) -> float:
        """0 where one more request may be made, which is then counted; else for how long there is none."""
        most, place = max(1.0, 2 * key.per_second), self._place[key.id]
        with self._turns:
            now = time.monotonic() if now is None else now
            left, since = self._buckets[place], self._buckets[place + 1]
            left = min(most, left + (now - since) * key.per_second) if since else most
            self._buckets[place], self._buckets[place + 1] = (left - 1.0 if left >= 1.0 else left), now
        return 0.0 if left >= 1.0 else (1.0 - left) / key.per_second


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
