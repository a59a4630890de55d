"""`kgrec export neo4j-admin`: what it writes and says."""

from __future__ import annotations

import json

from tests.support.shop import IMPORT, Shell


def test_export_for_neo4j_admin(shell: Shell) -> None:
    shell.write()
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    said = shell("export", "neo4j-admin", "out", "--json", "--quiet")
    assert (said.code, said.err) == (0, "")
    written = said.json
    assert written["rows"] == {"KgrecGraph": 1, "KgrecImport": 5, "User": 2, "Film": 2, "WATCHED": 2}
    assert written["folder"] == str(shell.folder / "out")
    assert written["command"][:4] == ["neo4j-admin", "database", "import", "full"]
    assert written["command"][-1] == "neo4j"
    assert json.loads((shell.folder / "out" / "kgrec-export.json").read_text())["command"] == written["command"]
    shown = shell("export", "neo4j-admin", "out", "--database", "films", "--quiet")
    assert (shown.code, shown.err) == (0, "")
    assert "│ Film          │    2 │\n" in shown.out
    line = written["command_line"].removesuffix("neo4j") + "films"
    assert shown.out.endswith(
        "In the folder, as the server's user, while the database is stopped or does not exist yet:\n"
        f"  {line}\n"
        "or run import.sh there, which says the same. The import makes no constraints: once the database is started,\n"
        "  cypher-shell -d films -f constraints.cypher\n"
        "makes them. kgrec does so, too, when it opens the database for writing.\n"
    )
    assert (shell.folder / "out" / "import.sh").read_text().endswith(' "$@" films\n')


def test_what_it_refuses(shell: Shell) -> None:
    shell.write()
    missing = shell("export", "neo4j-admin", "out")
    assert (missing.code, missing.out) == (4, "")
    assert "there is no graph to read" in missing.err
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    foreign = shell("export", "neo4j-admin", "data", "--json")
    assert foreign.code == 2
    assert foreign.json["found"] == "a folder that holds something else than an export"
    assert shell("export").code == 2
    assert shell("export", "neo4j-admin", "-h").out.startswith("Usage: kgrec export neo4j-admin [OPTIONS] {DIR}")
