"""`kgrec key`: a key is shown once, listed without its secret, and taken back."""

from __future__ import annotations

from kgrec.service.api_keys import KeyRing
from tests.support.shop import Shell, refused


def test_a_key_from_its_making_to_its_end(shell: Shell) -> None:
    made = shell("key", "new", "front", "--scopes", "read, write", "--rate", "5", "--user", "ann", "--json").json
    kept = KeyRing.load("kgrec.keys").key_of(made["key"])
    assert kept is not None
    assert (kept.name, kept.scopes, kept.per_second, kept.user) == ("front", ("read", "write"), 5.0, "ann")
    said = shell("key", "new", "back", "--keys", "kgrec.keys")
    assert KeyRing.load("kgrec.keys").key_of(said.out.strip()) is not None
    assert "not shown again" in said.err
    listed = shell("key", "list", "--json").json["keys"]
    assert [(one["name"], one["scopes"]) for one in listed] == [("front", ["read", "write"]), ("back", ["read"])]
    table = shell("key", "list").out
    assert "front" in table
    assert made["key"] not in table
    assert shell("key", "revoke", "front", "--json").json == {"name": "front"}
    assert "is revoked" in shell("key", "revoke", "back").out
    assert KeyRing.load("kgrec.keys").keys == ()


def test_what_cannot_be(shell: Shell) -> None:
    refused(
        shell,
        2,
        "ConfigError: there is no such scope.\n"
        "  where     --scopes\n"
        "  found     'all'\n"
        "  expected  some of read, explain-anybody, write, admin, separated by commas\n",
        *("key", "new", "front", "--scopes", "read,all"),
    )
    refused(
        shell,
        2,
        "ConfigError: a key of one person cannot have scopes that concern everybody.\n"
        "  found     admin\n"
        "  expected  some of read, write: that person's lists, reasons and history, and what they do\n"
        "  next      leave these scopes out, or leave --user out\n",
        *("key", "new", "front", "--user", "ann", "--scopes", "read,admin"),
    )
    assert shell("key", "list").code == 2
    assert shell("key", "new", "front").code == 0
    assert shell("key", "new", "front").code == 2
    assert shell("key", "revoke", "back").code == 2
