"""Who asks, and what they may ask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from kgrec.errors import KgrecError


class Scope(StrEnum):
    """What a key allows."""

    READ = "read"
    EXPLAIN_ANYBODY = "explain-anybody"
    WRITE = "write"
    ADMIN = "admin"


OF_EVERYBODY = frozenset({Scope.EXPLAIN_ANYBODY, Scope.ADMIN})
"""Scopes that concern everybody: the key of one person allows none of them, whatever is written in its file."""


class NotAllowedError(KgrecError):
    """A key that does not allow what it asks for."""


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        name: of the key, for audit lines; never that of a person who is asked about.
        scopes: what they may do.
        user: the only person whom they may ask about, and whose events they may report, whatever the scopes; None where
            the key is not one person's.
    """

    name: str
    scopes: frozenset[Scope]
    user: str | None = None

    def must_have(self, scope: Scope) -> None:
        """Make sure that the key has a scope.

        Raises:
            NotAllowedError: it has not, or the scope concerns everybody and the key is one person's.
        """
        if self.user is not None and scope in OF_EVERYBODY:
            raise _one_persons("everybody")
        if scope not in self.scopes:
            raise NotAllowedError(
                "the key does not allow this.",
                where="Authorization",
                found=f"a key with {', '.join(sorted(self.scopes)) or 'no scope'}",
                expected=f"one with the scope {scope}",
                next="ask who runs the service for another key",
            )

    def may_ask(self, user: str | None, *, reasons: bool) -> None:
        """Make sure that the key may ask about a user; whoever gives a history asks about that alone.

        Args:
            reasons: the answer says what the user did.

        Raises:
            NotAllowedError: the key is another person's, or has no scope for what other people did.
        """
        if user is None or user == self.user:
            return
        if self.user is not None:
            raise _one_persons("somebody else")
        if reasons:
            self.must_have(Scope.EXPLAIN_ANYBODY)

    def may_report(self, user: str) -> None:
        """Make sure that the key may report what a user did.

        Raises:
            NotAllowedError: the key is another person's.
        """
        if self.user is not None and user != self.user:
            raise _one_persons("somebody else")


def _one_persons(whom: str) -> NotAllowedError:
    return NotAllowedError(
        "the key is one person's.",
        where="Authorization",
        found=f"a request about {whom}",
        expected="one about that person alone",
        next="ask about that person, or with a key that was made without --user",
    )


ANYBODY = Caller("without keys", frozenset(Scope))
"""Where there are no keys, the service listens on this machine only."""


async def _caller_of(request: Request) -> Caller:
    caller: Caller = request.scope["kgrec.caller"]
    return caller


Asking = Annotated[Caller, Depends(_caller_of)]
"""Who asks, as a parameter of a resource."""

_BEARER = HTTPBearer(auto_error=False, description="A key that `kgrec key new` made; not needed where none was made.")


def needs(scope: Scope) -> Any:
    """The dependency of a resource that its callers have a scope."""

    async def check(caller: Asking, bearer: Annotated[Any, Security(_BEARER)]) -> None:
        caller.must_have(scope)

    return Depends(check)
