"""`kgrec ingest` and `kgrec inspect`: what went in, and what is there."""

from __future__ import annotations

import pytest

from tests.support.shop import IMPORT, Shell


def test_ingest_and_inspect(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.write()
    monkeypatch.setenv("KGREC_STORE", "kglite:shop.kgl")
    said = shell("ingest", *IMPORT)
    assert said.code == 0
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in said.out.splitlines() if line[0] == "│"]
    assert [row[:6] for row in rows[:3]] == [
        ["nodes", "films", "2", "2", "0", "0"],
        ["nodes", "users", "2", "2", "0", "0"],
        ["interactions", "ratings", "2", "2", "0", "0"],
    ]
    assert rows[3:] == [["User", "2"], ["Film", "2"], ["WATCHED", "2"]]
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "Import",
        "note",
    ]
    assert said.err.startswith("Import: 6 rows in ")
    assert said.err.endswith(
        "note: times of interaction type WATCHED, column 'time' of table ratings are read as positions\n"
    )
    again = shell("ingest", *IMPORT, "--quiet", "--json")
    assert again.err == ""
    assert [row["created"] for row in again.json["tables"]] == [0, 0, 0]
    inspected = shell("inspect", "--json").json
    assert (inspected["store"], inspected["domain"]) == ("kglite:shop.kgl", "shop")
    assert inspected["interactions"] == {"WATCHED": 2}
    shown = shell("inspect").out
    assert "│ domain " in shown
    assert "\ninteractions\n" in shown
