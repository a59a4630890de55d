"""Where a Neo4j server is and how to log in: the address from the store's URL, secrets from the environment only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from kgrec.errors import ConfigError
from kgrec.plain_text import local_path

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
"""``neo4j`` asks the server for its cluster's members (Aura too), ``bolt`` talks to one server; ``+s`` is TLS with a
certificate that is checked, ``+ssc`` TLS with a self-signed one."""

USER, PASSWORD, DATABASE, CA = (f"KGREC_NEO4J_{name}" for name in ("USER", "PASSWORD", "DATABASE", "CA"))

_SECRET = ("user", "username", "password")


@dataclass(frozen=True)
class Neo4jSettings:
    """An address and a login. The password is in no repr and no message.

    Attributes:
        uri: what the driver takes, ``neo4j://host:port``, with the routing context where there is one.
        database: None for the server's default database.
        user, password: None where the server asks for none.
        ca: file with the certificates to trust, for ``+s`` servers whose authority the system does not know.
    """

    uri: str
    database: str | None
    user: str | None
    password: str | None = field(repr=False)
    ca: Path | None = None

    @property
    def url(self) -> str:
        """The store's URL, without secrets."""
        if self.database is None:
            return self.uri
        parts = urlsplit(self.uri)
        return urlunsplit((parts.scheme, parts.netloc, "/" + quote(self.database, safe=""), parts.query, ""))

    @classmethod
    def from_url(cls, url: str, environment: Mapping[str, str] | None = None) -> Neo4jSettings:
        """The settings of ``neo4j://HOST[:PORT][/DATABASE]`` and the environment.

        Raises:
            ConfigError: no host, a user or password in the URL, a port that is no number, or a CA file that is missing
                or beside a scheme that checks no certificate.
        """
        known = os.environ if environment is None else environment
        scheme = url.partition(":")[0]
        try:
            parts = urlsplit(url)
            addressed = bool(parts.hostname) and (parts.port is None or parts.port > 0) and parts.path.count("/") < 2
        except ValueError:
            parts, addressed = SplitResult(scheme, "", "", "", ""), False
        # Anywhere in the URL: a password with a / ? or # in it is not where one expects it.
        if "@" in url or any(name in _SECRET for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
            raise ConfigError(
                "the store's URL holds a user or a password, which would end up in logs and histories.",
                where="store",
                found=f"{scheme}://... with a login in it",
                expected=f"{scheme}://HOST:PORT/DATABASE",
                next=f"take it out of the URL and set {USER} and {PASSWORD}",
            )
        if not addressed:
            raise ConfigError(
                "the store's URL is no address of a Neo4j server.",
                where="store",
                found=repr(url),
                expected=f"{scheme}://HOST:PORT/DATABASE",
                next="write, for example, neo4j://127.0.0.1:7687/neo4j",
            )
        ca = local_path(known[CA]) if known.get(CA) else None
        if ca is not None and not ca.is_file():
            raise ConfigError(
                "the file of trusted certificates does not exist.",
                where=CA,
                found=str(ca),
                expected="a PEM file",
                next=f"correct {CA}, or leave it out to trust what the system trusts",
            )
        if ca is not None and not scheme.endswith("+s"):
            raise ConfigError(
                "trusted certificates are named, and the scheme of the store's URL checks none.",
                where=CA,
                found=f"{scheme}://",
                expected="neo4j+s:// or bolt+s://",
                next=f"change the scheme, or unset {CA}",
            )
        return cls(
            uri=urlunsplit((parts.scheme, parts.netloc, "", parts.query, "")),
            database=unquote(parts.path.strip("/")) or known.get(DATABASE) or None,
            user=known.get(USER) or ("neo4j" if known.get(PASSWORD) else None),
            password=known.get(PASSWORD) or None,
            ca=ca,
        )
