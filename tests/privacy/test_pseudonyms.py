"""Pseudonyms: the same for the same text and key, nothing without the key, and a key that is missing is said."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from kgrec.errors import ConfigError
from kgrec.privacy.pseudonym_table import PseudonymTable
from kgrec.privacy.pseudonyms import KEY, KEY_FILE, TABLE, PseudonymKey, ids_of

SECRET = "0123456789abcdef" * 4


def test_a_pseudonym_is_the_hmac_of_the_text() -> None:
    key = PseudonymKey(SECRET.encode())
    assert key.pseudonym("ann") == hmac.new(SECRET.encode(), b"ann", hashlib.sha256).hexdigest()[:32]
    assert key.pseudonym("ann") != key.pseudonym("bob")
    assert key.pseudonym("ann") != PseudonymKey(SECRET[::-1].encode()).pseudonym("ann")
    assert len(key.pseudonym("\ud800")) == 32
    assert key.check != PseudonymKey(SECRET[::-1].encode()).check
    assert SECRET not in repr(key)


def test_where_the_key_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    assert PseudonymKey.from_environment({}) is None
    assert PseudonymKey.from_environment({KEY: ""}) is None
    by_name, by_file = (
        PseudonymKey.from_environment({name: text}) for name, text in ((KEY, SECRET), (KEY_FILE, f"{tmp_path}/key"))
    )
    assert by_name == by_file == PseudonymKey(SECRET.encode())


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({KEY: "secret"}, "too short.\n  where     KGREC_PSEUDONYM_KEY\n  found     6 characters"),
        ({KEY_FILE: "/none/key"}, "cannot be read.\n  where     KGREC_PSEUDONYM_KEY_FILE=/none/key"),
    ],
)
def test_a_key_that_is_none_is_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        PseudonymKey.from_environment(environment)
    assert message in str(refused.value)


def test_a_key_that_is_missing_is_told_with_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (KEY, KEY_FILE):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError) as refused:
        PseudonymKey.needed("schema, User.email")
    assert "where     schema, User.email" in str(refused.value)
    assert f"export {KEY_FILE}=" in str(refused.value)
    monkeypatch.setenv(KEY, SECRET)
    assert PseudonymKey.needed("here") == PseudonymKey(SECRET.encode())


def test_with_a_table_pseudonyms_are_drawn(tmp_path: Path) -> None:
    key = PseudonymKey.from_environment({KEY: SECRET, TABLE: str(tmp_path / "table")})
    plain = PseudonymKey(SECRET.encode())
    assert key is not None
    assert key.table is not None
    assert (key.known("ann"), ids_of("ann", key)) == (None, ("ann",))
    with key.at_once():
        ann = key.pseudonym("ann")
    assert ann != plain.pseudonym("ann") == key.keyed_hash("ann")
    assert (key.pseudonym("ann"), key.known("ann"), ids_of("ann", key)) == (ann, ann, ("ann", ann))
    assert b"ann" not in (tmp_path / "table").read_bytes()
    key.table.remove(key.digest("ann"))
    assert key.known("ann") is None


def test_a_table_is_told_from_others_by_the_check(tmp_path: Path) -> None:
    def check(name: str) -> str:
        key = PseudonymKey.from_environment({KEY: SECRET, TABLE: str(tmp_path / name) if name else ""})
        assert key is not None
        return key.check

    assert check("one") == check("two"), "neither is there yet"
    for name in ("one", "two"):
        PseudonymTable.at(tmp_path / name).id(make=True)
    assert len({check(""), check("one"), check("two"), check("three")}) == 4
    assert check("one") == check("one")
    assert not (tmp_path / "three").exists()
