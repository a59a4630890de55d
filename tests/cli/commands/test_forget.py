"""`kgrec forget`: a user and all they did are gone; everybody else stays."""

from __future__ import annotations

from tests.support.shop import IMPORT, Shell


def test_forget(shell: Shell) -> None:
    shell.write()
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    said = shell("forget", "ann")
    assert (said.code, said.out) == (0, "ann is forgotten, with 1 interactions.\n")
    assert said.err.startswith("note: a bundle keeps what it was learned from")
    held = shell("inspect", "--json").json
    assert (held["nodes"], held["interactions"]) == ({"User": 1, "Film": 2}, {"WATCHED": 1})
    as_json = shell("forget", "bob", "--json", "--quiet")
    assert (as_json.json, as_json.err) == ({"user": "bob", "interactions": 1}, "")


def test_an_unknown_user_is_told_with_what_is_nearly_it(shell: Shell) -> None:
    shell.write(users="user\nann\n20\n", ratings="user,film,time\nann,alien,100\n20,heat,5\n")
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    said = shell("forget", "20.0")
    assert said.code == 5
    assert "'20' exists" in said.err
    assert shell("inspect", "--json").json["nodes"]["User"] == 2


def test_a_store_that_is_not_there_is_not_made(shell: Shell) -> None:
    assert shell("forget", "ann", "--store", "kglite:none.kgl").code == 4
    assert list(shell.folder.glob("none.kgl")) == []
