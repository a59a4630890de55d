"""A small shop of films as CSV files, a command line that runs in this process, and what it said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kgrec.cli.app import main
from tests.support.bundles import FILMS, USERS, film_bundle, film_store

SCHEMA = """\
version: 1
domain: shop
platforms:
  shop: {en: Shop, zh: 商店}
nodes:
  User:
    role: user
    words: {en: user, zh: 用户}
    sources:
      - {table: users, platform: shop, id: user}
  Film:
    role: item
    words: {en: film, zh: 电影}
    properties:
      name: {type: text, embed: true}
      year: {type: number}
    sources:
      - {table: films, platform: shop, id: film, columns: {name: title, year: year}}
interactions:
  WATCHED:
    user: User
    item: Film
    words: {en: watched, zh: 看过}
    kinds: [watch]
    sources:
      - {table: ratings, platform: shop, user: user, item: film, kind: watch, time: time}
"""
FILES = {
    "users.csv": "user\nann\nbob\n",
    "films.csv": "film,title,year\nalien,Alien,1979\nheat,Heat,1995\n",
    "ratings.csv": "user,film,time\nann,alien,100\nbob,heat,200\n",
}
IMPORT = ("--schema", "shop.yaml", "--source", "tables:data")


@dataclass(frozen=True)
class Said:
    """Exit code and both streams of one call."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs commands in a folder of its own, as a terminal would."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def __call__(self, *arguments: str) -> Said:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        out, err = self._capsys.readouterr()
        assert "Traceback" not in out + err
        assert isinstance(left.value.code, int)
        return Said(left.value.code, out, err)

    def out(self) -> str:
        """What was printed since the last command."""
        return self._capsys.readouterr().out

    def write(self, **changed: str) -> None:
        """The schema and the files of the shop; ``films=...`` puts another text in the place of films.csv."""
        (self.folder / "shop.yaml").write_text(SCHEMA, encoding="utf-8")
        (self.folder / "data").mkdir(exist_ok=True)
        for name, text in FILES.items():
            (self.folder / "data" / name).write_text(changed.get(name.removesuffix(".csv"), text), encoding="utf-8")

    def learned(self, items: Sequence[str] = FILMS, users: Sequence[str] = USERS) -> None:
        """The graph and the bundle of ``tests.support.bundles`` at their usual places."""
        with film_store(items, users, "kglite:kgrec.kgl") as store:
            film_bundle(store.schema, store.graph_id, tuple(items), tuple(users)).save("kgrec.bundle")


def refused(shell: Shell, code: int, message: str, *arguments: str) -> None:
    """A command fails with this message and nothing on stdout; with --json the same stands there as JSON."""
    said = shell(*arguments)
    assert (said.code, said.out, said.err) == (code, "", message)
    as_json = shell(*arguments, "--json")
    assert (as_json.code, as_json.err) == (code, message)
    error, _, summary = message.splitlines()[0].partition(": ")
    assert (as_json.json["error"], as_json.json["summary"]) == (error, summary)
    assert set(as_json.json) == {"error", "summary", "where", "found", "expected", "next"}
