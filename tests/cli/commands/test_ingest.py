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


def test_a_corrected_source_replaces_what_it_said(shell: Shell) -> None:
    shell.write()
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    shell.write(films="film,title,year\nalien,Alien,1979\n", ratings="user,film,time\nann,alien,100\n")
    kept = shell("ingest", *IMPORT, "--quiet", "--json")
    assert kept.json["replaced"] is None
    assert kept.json["counts"]["nodes"]["Film"] == 2
    counted = shell("ingest", *IMPORT, "--replace", "--max-removed", "0", "--quiet")
    assert counted.code == 3
    assert "nothing was removed" in counted.err
    assert "1 of 2 Film would go\n            1 of 2 WATCHED would go\n" in counted.err
    assert shell("inspect", "--json").json["interactions"] == {"WATCHED": 2}
    said = shell("ingest", *IMPORT, "--replace", "--quiet", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json["replaced"] == [
        {"kind": "nodes", "type": "User", "held": 2, "unstated": 0, "removed": 0, "values": 0, "kept": 0},
        {"kind": "nodes", "type": "Film", "held": 2, "unstated": 1, "removed": 1, "values": 0, "kept": 0},
        {"kind": "interactions", "type": "WATCHED", "held": 2, "unstated": 1, "removed": 1, "values": 0, "kept": 0},
    ]
    assert said.json["counts"]["nodes"] == {"User": 2, "Film": 1}
    assert said.json["counts"]["interactions"] == {"WATCHED": 1}
    again = shell("ingest", *IMPORT, "--replace")
    assert "│ nodes        │ Film    │    1 │        0 │       0 │      0 │    0 │" in again.out


def test_the_first_import_has_nothing_to_replace(shell: Shell) -> None:
    shell.write()
    said = shell("ingest", *IMPORT, "--replace")
    assert said.code == 0
    assert "note: the sources were not imported before, so there is nothing to replace\n" in said.err


def test_what_another_source_of_the_same_platform_states_stays(shell: Shell) -> None:
    shell.write()
    other = shell.folder / "other"
    other.mkdir()
    (other / "films.csv").write_text("film,title,year\nheat,Heat,1995\nronin,Ronin,1998\n")
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    second = ("--schema", "shop.yaml", "--source", "tables:other", "--partial", "--quiet")
    assert shell("ingest", *second).code == 0
    shell.write(films="film,title,year\nblade,Blade,1982\n", ratings="user,film,time\nbob,heat,200\n")
    said = shell("ingest", *IMPORT, "--replace", "--json")
    assert said.json["counts"]["nodes"] == {"User": 2, "Film": 3}
    assert said.json["counts"]["interactions"] == {"WATCHED": 1}
    films = {one["type"]: (one["unstated"], one["removed"]) for one in said.json["replaced"]}
    assert films == {"User": (0, 0), "Film": (1, 1), "WATCHED": (1, 1)}
    assert "/other states records of the same types and was read again\n" in said.err
    (other / "films.csv").unlink()
    refused = shell("ingest", *IMPORT, "--replace", "--quiet")
    assert refused.code == 3
    assert "cannot be told from what others state: nothing was removed" in refused.err


def test_a_corrected_copy_elsewhere_replaces_the_first(shell: Shell) -> None:
    shell.write()
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    (shell.folder / "data").rename(shell.folder / "corrected")
    (shell.folder / "corrected/ratings.csv").write_text("user,film,time\nann,alien,100\n")
    said = shell("ingest", "--schema", "shop.yaml", "--source", "tables:corrected", "--replace", "--json")
    assert said.json["counts"]["interactions"] == {"WATCHED": 1}
    assert f"note: tables:{shell.folder}/corrected was not imported before and replaces tables:" in said.err
