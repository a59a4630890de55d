"""Forgetting goes through all places in their order, can be begun again, and proves what it found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pytest

from kgrec.errors import ConfigError, GraphError
from kgrec.privacy.forgetting import Person, Proof, forget, hashed
from kgrec.privacy.pseudonym_table import PseudonymTable
from kgrec.privacy.pseudonyms import PseudonymKey


class Lines:
    """A file with a person a line."""

    what = "lines"

    def __init__(self, path: Path, people: Sequence[str] = (), fails: bool = False) -> None:
        self._path, self.where, self.fails = path, str(path), fails
        if people:
            path.write_text("".join(f"{one}\n" for one in people), encoding="utf-8")

    def entries(self, people: Collection[str]) -> Mapping[str, int]:
        held = self._path.read_text(encoding="utf-8").splitlines()
        return {person: held.count(person) for person in people if person in held}

    def files(self) -> list[Path]:
        return [self._path]

    def remove(self, people: Collection[str]) -> None:
        if self.fails:
            raise GraphError("the disk is full.")
        left = [one for one in self._path.read_text(encoding="utf-8").splitlines() if one not in people]
        self._path.write_text("".join(f"{one}\n" for one in left), encoding="utf-8")

    def waits(self) -> list[str]:
        return ["until tomorrow"]


ANN, BOB = "customer-ann", "customer-bob"


def test_the_proof_says_what_was_found_and_names_nobody(tmp_path: Path) -> None:
    one, two = Lines(tmp_path / "one", [ANN, BOB, ANN]), Lines(tmp_path / "two", [BOB, "Ann Example"])
    proof = tmp_path / "sub/proof.json"
    said = forget([Person(ANN, ("Ann Example", "Ann"))], [one, two], proof, not_searched=["the attic"])
    written = json.loads(proof.read_text(encoding="utf-8"))
    assert [(one["entries_before"], one["entries_after"]) for one in written["places"]] == [(2, 0), (0, 0)]
    assert written["files"] == [
        {"file": one.where, "ids_before": 2, "ids_after": 0, "names_before": 0, "names_after": 0},
        {"file": two.where, "ids_before": 0, "ids_after": 0, "names_before": 1, "names_after": 1},
    ]
    assert written["not_searched"] == ["the attic"]
    assert written["waits"] == ["until tomorrow"] * 2
    assert written["finished"] >= written["began"]
    assert written["not_searched_for"] == {"ids of less than 6 bytes": 0, "names of less than 6 bytes": 1}
    assert "ann" not in proof.read_text(encoding="utf-8").lower()
    assert (said.entries_left, said.files_left) == (0, {})


def test_what_is_left_is_said(tmp_path: Path) -> None:
    one = Lines(tmp_path / "one", [f"{ANN}-2", ANN])
    said = forget([Person(ANN)], [one], tmp_path / "proof")
    assert (said.entries_left, said.files_left) == (0, {str(tmp_path / "one"): 1})


def test_whoever_was_stopped_begins_again(tmp_path: Path) -> None:
    one, two = Lines(tmp_path / "one", [ANN, BOB]), Lines(tmp_path / "two", [ANN], fails=True)
    proof = tmp_path / "proof"
    with pytest.raises(GraphError):
        forget([Person(ANN)], [one, two], proof)
    written = json.loads(proof.read_text(encoding="utf-8"))
    assert written["finished"] is None
    assert [place["entries_after"] for place in written["places"]] == [None, None]
    two.fails = False
    for before in (1, 0):
        said = forget([Person(ANN)], [one, two], proof)
        assert [(place.entries_before, place.entries_after) for place in said.places] == [(0, 0), (before, 0)]
    assert (tmp_path / "one").read_text() == f"{BOB}\n"


def test_nothing_is_touched_where_the_check_or_the_proof_refuses(tmp_path: Path) -> None:
    one = Lines(tmp_path / "one", [ANN])

    def check(found: Mapping[str, int]) -> None:
        assert found == {ANN: 1, BOB: 0}
        raise GraphError("nobody knows bob.")

    with pytest.raises(GraphError):
        forget([Person(ANN), Person(BOB)], [one], tmp_path / "proof", check=check)
    with pytest.raises(ConfigError, match="the proof cannot be written"):
        forget([Person(ANN)], [one], tmp_path / "one/proof")
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert (tmp_path / "one").read_text() == f"{ANN}\n"


def test_hashes_can_be_made_again_by_whoever_knows_the_id() -> None:
    key = PseudonymKey(b"k" * 32)
    assert hashed([Person(ANN)], key) == ([key.pseudonym(ANN)], {"method": "HMAC-SHA-256", "key": key.check})
    (first,), how = hashed([Person(ANN)], None)
    assert how.pop("method") == "scrypt"
    again = hashlib.scrypt(ANN.encode(), salt=bytes.fromhex(how.pop("salt")), dklen=32, **how)
    assert again.hex() == first
    assert hashed([Person(ANN)], None)[0] != [first]


def test_with_a_table_the_proof_has_no_hash_of_an_id(tmp_path: Path) -> None:
    key = PseudonymKey(b"k" * 32, PseudonymTable.at(tmp_path / "table"))
    drawn = key.pseudonym(ANN)
    assert hashed([Person(ANN), Person(drawn)], key) == (
        [],
        {"method": "none, as pseudonyms are drawn", "key": key.check},
    )


def test_people_leave_the_last_place_when_they_are_nowhere_else(tmp_path: Path) -> None:
    one, last, proof = (
        Lines(tmp_path / "one", [f"{ANN}-2", ANN]),
        Lines(tmp_path / "last", [ANN, BOB]),
        tmp_path / "proof",
    )

    def refused(said: Proof) -> None:
        assert said.files_left
        raise GraphError("it is left.")

    for _ in range(2):
        with pytest.raises(GraphError):
            forget([Person(ANN)], [one], proof, last=last, accept=refused)
        assert last.entries([ANN]) == {ANN: 1}
        assert json.loads(proof.read_text(encoding="utf-8"))["finished"] is None
    said = forget([Person(ANN)], [one], proof, last=last)
    assert (last.entries([ANN]), last.entries([BOB])) == ({}, {BOB: 1})
    assert [(place.entries_before, place.entries_after) for place in said.places] == [(0, 0), (1, 0)]
    assert said.finished
