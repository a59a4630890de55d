"""A table of pseudonyms as a place of people's data."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from kgrec.graph import open_store
from kgrec.privacy.people_in_table import PeopleInTable
from kgrec.privacy.pseudonym_table import PseudonymTable
from kgrec.privacy.pseudonyms import KEY, TABLE, PseudonymKey
from tests.support.shop import IMPORT, Shell


def test_people_and_what_is_theirs_are_taken_out(tmp_path: Path) -> None:
    table = PseudonymTable.at(tmp_path / "table")
    key = PseudonymKey(b"k" * 32, table)
    ann, bob = key.pseudonym("ann"), key.pseudonym("bob")
    key.pseudonym("ann@example.com", "ann")
    key.pseudonym("ann@example.org", "ann")  # an earlier address, which no graph has any more
    place = PeopleInTable(key, table)
    assert place.entries(["ann", "nobody"]) == {"ann": 3}
    assert place.entries(["ann", ann, bob]) == {ann: 3, bob: 1}, "by id and pseudonym it is one person"
    assert place.files() == [table.path]
    place.remove(["nobody", ann])
    assert place.entries(["ann", ann, "bob"]) == {"bob": 1}
    assert [key.known(text) for text in ("ann", "ann@example.com", "ann@example.org", "bob")] == [None, None, None, bob]
    assert "copies of it" in place.waits()[0]


def test_a_table_that_is_not_there_has_nobody(tmp_path: Path) -> None:
    table = PseudonymTable.at(tmp_path / "table")
    place = PeopleInTable(PseudonymKey(b"k" * 32, table), table)
    assert place.entries(["ann"]) == {}
    place.remove(["ann"])
    assert place.files() == []


def test_with_a_table_an_old_backup_leads_to_nobody(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "0123456789abcdef" * 2)
    monkeypatch.setenv(TABLE, "people.table")
    ann, mail, bob = "customer-ann", "ann@example.com", "customer-bob"
    shell.write(
        users=f"user,email\n{ann},{mail}\n{bob},bob@example.com\n",
        ratings=f"user,film,time\n{ann},alien,100\n{bob},heat,200\n",
    )
    schema = Path("shop.yaml").read_text()
    schema = schema.replace(
        "    role: user\n",
        "    role: user\n    pseudonymise: true\n    properties: {email: {type: id, personal: mask}}\n",
    ).replace("platform: shop, id: user}", "platform: shop, id: user, columns: {email: email}}")
    Path("shop.yaml").write_text(schema)
    assert shell("ingest", *IMPORT).code == 0
    shutil.copy("kgrec.kgl", "backup.kgl")
    key = PseudonymKey.from_environment()
    assert key is not None
    with open_store("kglite:backup.kgl", read_only=True) as backup:
        before = {text: key.known(text) for text in (ann, mail, bob)}
        assert (backup.node("User", str(before[ann])) or {})["email"] == before[mail]
    Path("export.csv").write_text(f"user\n{before[ann]}\n")
    assert "is left" in shell("forget", ann, "--also", "export.csv", "--proof", "proof.json").err
    assert key.known(ann) == before[ann], "what is left can be found still"
    Path("export.csv").unlink()
    said = shell("forget", ann, "--proof", "proof.json", "--json")
    assert said.code == 0, said.err
    assert {place["what"]: place["entries_before"] for place in said.json["places"]}["table of pseudonyms"] == 2
    assert [key.known(text) for text in (ann, mail, bob)] == [None, None, before[bob]]
    # The copy leads to those who were forgotten; from there, nothing that is written leads to ann.
    forgotten = Path("kgrec.bundle.versions/forgotten.txt").read_text().split()
    assert set(forgotten) == {hashlib.sha256(str(before[ann]).encode()).hexdigest()}
    written = Path("proof.json").read_text() + " ".join(forgotten)
    for text in (ann, mail, str(before[ann]), str(before[mail])):
        assert key.keyed_hash(text) not in written
    assert hashlib.sha256(ann.encode()).hexdigest() not in written
    assert shell("forget", ann).code == 5
    with Path("data/users.csv").open("a") as users:
        users.write("customer-new,new@example.com\n")
    assert shell("ingest", *IMPORT).code == 0
    assert key.known(bob) == before[bob]
    assert key.known(ann) not in (None, before[ann])
    monkeypatch.setenv(TABLE, "other.table")
    for command in (("ingest", *IMPORT), ("forget", bob)):
        said = shell(*command)
        assert said.code != 0
        assert "made with another key" in said.err
    assert not Path("other.table").exists()


def test_a_table_that_the_graph_makes_no_use_of_changes_nothing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "0123456789abcdef" * 2)
    monkeypatch.setenv(TABLE, "people.table")
    shell.learned()
    said = shell("forget", "ann", "--proof", "proof.json", "--json")
    assert said.code == 0, said.err
    assert "table of pseudonyms" not in {place["what"] for place in said.json["places"]}
    assert len(said.json["people"]) == 1
    assert hashlib.sha256(b"ann").hexdigest() in Path("kgrec.bundle.versions/forgotten.txt").read_text()
    assert not Path("people.table").exists()
