"""`kgrec check`: each question with its answer, and the exit code."""

from __future__ import annotations

from tests.support.shop import FILES, IMPORT, Shell


def test_check(shell: Shell) -> None:
    shell.write()
    said = shell("check", *IMPORT)
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("\nPASS\n")
    assert [line.split("│")[1].strip() for line in said.out.splitlines() if line.startswith("│")] == ["PASS"] * 19
    assert shell("check", *IMPORT, "--json").json["status"] == "PASS"
    shell.write(ratings=FILES["ratings.csv"] + "zoe,alien,1\n")
    said = shell("check", *IMPORT)
    assert said.code == 3
    assert said.out.endswith("\nFAIL\n")
    (row,) = [line for line in said.out.splitlines() if line.startswith("│ FAIL")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    what = "interactions of users or items that no table describes"
    assert cells == ["FAIL", what, "1", "3", "User 'zoe' in table ratings"]
