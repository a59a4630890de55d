"""`kgrec link`: accounts that are one person, from the tables to the lists."""

from __future__ import annotations

import pytest

from kgrec.graph import open_store
from tests.graph.test_item_suggestions import listed_twice
from tests.support.shop import SCHEMA, Shell, refused

LINKED = SCHEMA.replace(
    "    words: {en: user, zh: 用户}\n",
    "    words: {en: user, zh: 用户}\n"
    "    properties: {email: {type: id}}\n"
    "    persons: {keys: [email], least_confidence: 0.9, most_accounts: 3}\n",
).replace("id: user}", "id: user, columns: {email: email}}").replace(
    "interactions:\n",
    "edges:\n"
    "  SAME_PERSON:\n"
    "    role: same_person\n"
    "    source: [User]\n"
    "    target: [User]\n"
    "    words: {en: is the same person as, zh: 即}\n"
    "    properties: {confidence: {type: number}, since: {type: time}}\n"
    "    sources:\n"
    "      - table: logins\n"
    "        platform: shop\n"
    "        source: {column: one, type: User}\n"
    "        target: {column: other, type: User}\n"
    "        columns: {confidence: sure, since: at}\n"
    "interactions:\n",
)  # fmt: skip
USERS = "user,email\nann,1f\nanna,\nbob,2e\nbert,2e\ncid,\n"
LOGINS = "one,other,sure,at\nann,anna,1.0,2020-01-01\ncid,bob,0.5,\n"
IMPORT = ("ingest", "--schema", "shop.yaml", "--source", "tables:data", "--quiet")


def shop(shell: Shell, users: str = USERS, logins: str = LOGINS) -> None:
    shell.write(users=users)
    (shell.folder / "shop.yaml").write_text(LINKED, encoding="utf-8")
    (shell.folder / "data" / "logins.csv").write_text(logins, encoding="utf-8")


def persons(shell: Shell, *arguments: str) -> list[list[str]]:
    said = shell("link", "list", *arguments, "--json")
    assert (said.code, said.err) == (0, "")
    found: list[list[str]] = said.json["persons"]
    return found


def test_links_come_from_tables_and_go_with_them(shell: Shell) -> None:
    shop(shell)
    assert shell(*IMPORT).code == 0
    assert persons(shell) == [["ann", "anna"], ["bert", "bob"]]
    rows = shell("link", "list", "--json").json["links"]
    assert [(row["account"], row["other"], row["confidence"], row["since"], row["says"]) for row in rows] == [
        ("ann", "anna", 1.0, 1577836800.0, "one person"),
        ("bert", "bob", None, None, "one person"),
        ("cid", "bob", 0.5, None, "a proposal"),
    ]
    shop(shell, logins="one,other,sure,at\ncid,bob,0.95,\n")
    assert shell(*IMPORT, "--replace", "--max-removed", "1").code == 0
    assert persons(shell) == [["bert", "bob", "cid"]]
    assert persons(shell, "ann") == []


def test_a_link_by_hand_outlives_an_import_and_is_taken_back(shell: Shell) -> None:
    shop(shell)
    assert shell(*IMPORT).code == 0
    said = shell("link", "add", "cid", "ann", "--confidence", "0.95")
    assert (said.code, said.out) == (0, "One person: ann, anna, cid\n")
    assert said.err == "note: lists follow at once; what is learned follows with the next `kgrec train`\n"
    assert shell(*IMPORT, "--replace").code == 0
    assert persons(shell, "cid") == [["ann", "anna", "cid"]]
    said = shell("link", "remove", "ann", "cid", "--json")
    assert said.json == {"user": "ann", "other": "cid", "key": None, "accounts": ["ann", "anna"]}
    assert persons(shell, "cid") == []
    said = shell("link", "add", "cid", "ann", "--confidence", "0.3", "--quiet")
    assert (said.out, said.err) == ("Kept as a proposal: its confidence is less than the schema asks for.\n", "")


def test_who_states_it_will_state_it_again(shell: Shell) -> None:
    shop(shell)
    assert shell(*IMPORT).code == 0
    said = shell("link", "remove", "ann", "anna")
    assert (said.code, said.out) == (0, "ann is now a person of one account.\n")
    assert said.err.startswith("note: the next import of shop states it again: correct it at its source, too\n")
    said = shell("link", "remove", "bob", "--key", "email")
    assert (said.code, said.out) == (0, "bob is now a person of one account.\n")
    assert persons(shell) == []
    assert shell(*IMPORT).code == 0
    assert persons(shell) == [["ann", "anna"], ["bert", "bob"]]


def test_further_links_are_told(shell: Shell) -> None:
    shop(shell)
    assert shell(*IMPORT).code == 0
    assert shell("link", "add", "bob", "bert").code == 0
    said = shell("link", "remove", "bob", "bert", "--quiet")
    assert said.err == "warning: bob and bert are one person by further links or keys\n"


def test_a_table_that_names_nobody_or_is_not_sure_in_any_way_is_refused(shell: Shell) -> None:
    shop(shell, logins="one,other,sure,at\nann,nobody,1,\n")
    said = shell(*IMPORT)
    assert said.code == 6
    assert "no User 'nobody'" in said.err
    shop(shell, logins="one,other,sure,at\nann,anna,85,\ncid,bob,1,\n")
    said = shell(*IMPORT, "--store", "kglite:other.kgl")
    assert said.code == 3
    assert "column 'sure' must hold the confidence of a link" in said.err
    assert "a number from 0 to 1" in said.err
    said = shell(*IMPORT, "--on-error", "skip", "--max-dropped", "0.6", "--store", "kglite:third.kgl")
    assert said.code == 0
    assert persons(shell, "--store", "kglite:third.kgl") == [["bert", "bob", "cid"]]


def test_keys_that_say_nothing_are_told(shell: Shell) -> None:
    shop(shell, users="user,email\nann,x\nanna,x\nbob,x\nbert,x\ncid,\n", logins="one,other,sure,at\n")
    assert shell(*IMPORT).code == 0
    said = shell("link", "list")
    assert said.out == "0 persons have several accounts.\n"
    assert said.err == "warning: 4 accounts share email x, more than the 3 that one person may have\n"


def test_a_list_is_shown(shell: Shell) -> None:
    shop(shell)
    assert shell(*IMPORT).code == 0
    said = shell("link", "list", "--limit", "1")
    assert "2 persons have several accounts." in said.out
    assert "ann, anna" in said.out
    assert "bert" not in said.out
    assert said.err == "note: the first 1; --limit shows more, --json all\n"


def test_items_that_may_be_one_are_suggested(shell: Shell) -> None:
    with open_store("kglite:kgrec.kgl") as store:
        listed_twice().put_into(store)
    shell.write()
    assert shell(*IMPORT, "--store", "kglite:shop.kgl").code == 0
    said = shell("link", "suggest", "--items", "--limit", "2", "--json").json["suggestions"]
    shown = shell("link", "suggest", "--items", "--limit", "2")
    assert len(said) == 2
    first = said[0]
    assert (shown.code, f" {first['item']} " in shown.out, f" {first['other']} " in shown.out) == (0, True, True)
    assert f"{first['both']} of the {first['either']} people who took either took both" in " ".join(shown.out.split())
    assert "named under `align`" in shown.err
    none = shell("link", "suggest", "--items", "--store", "kglite:shop.kgl")
    assert none.out == "No items of different platforms were taken by the same people.\n"
    assert shell("link", "suggest").code == 0


def test_a_store_that_another_writes_is_refused(shell: Shell) -> None:
    shop(shell)
    assert shell(*IMPORT).code == 0
    with open_store("kglite:kgrec.kgl"):
        said = shell("link", "add", "cid", "ann")
        assert said.code == 4
        assert "the graph is held for writing" in said.err
        assert shell("link", "remove", "ann", "anna").code == 4
    assert persons(shell) == [["ann", "anna"], ["bert", "bob"]]


def test_a_link_is_named_once(shell: Shell) -> None:
    message = (
        "ConfigError: a link is named by the other account or by a key.\n"
        "  found     neither\n"
        "  expected  one of them\n"
        "  next      write `kgrec link remove USER OTHER`, or `kgrec link remove USER --key NAME`\n"
    )
    refused(shell, 2, message, "link", "remove", "ann")
    assert shell("link", "add", "ann", "bob", "--store", "kglite:none.kgl").code == 4
    assert list(shell.folder.glob("none.kgl")) == []


def test_where_ids_are_pseudonyms_the_real_ones_are_taken(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_PSEUDONYM_KEY", "5" * 64)
    shop(shell)
    text = LINKED.replace("    role: user\n", "    role: user\n    pseudonymise: true\n")
    text = text.replace("email: {type: id}", "email: {type: id, personal: mask}")
    (shell.folder / "shop.yaml").write_text(text, encoding="utf-8")
    assert shell(*IMPORT).code == 0
    pairs = persons(shell)
    assert [len(accounts) for accounts in pairs] == [2, 2]
    assert "ann" not in str(pairs)
    (of_ann,) = persons(shell, "ann")
    assert of_ann in pairs
    said = shell("link", "add", "cid", "ann", "--json", "--quiet")
    assert len(said.json["accounts"]) == 3
    assert persons(shell, "cid") == persons(shell, "anna")
    assert shell("link", "remove", "ann", "cid").code == 0
    assert persons(shell, "anna") == [of_ann]
    assert persons(shell, "cid") == []
