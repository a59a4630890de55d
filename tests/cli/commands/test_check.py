"""`kgrec check`: each question with its answer, and the exit code."""

from __future__ import annotations

from tests.support.shop import IMPORT, Shell

USERS = "user\n" + "".join(f"u{n}\n" for n in range(20))
RATINGS = "user,film,time\n" + "".join(f"u{n % 20},{('alien', 'heat')[n // 20]},{100 + n}\n" for n in range(40))
"""As many as training needs at least."""


def test_check(shell: Shell) -> None:
    shell.write(users=USERS, ratings=RATINGS)
    said = shell("check", *IMPORT)
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("\nPASS\n")
    assert [line.split("│")[1].strip() for line in said.out.splitlines() if line.startswith("│")] == ["PASS"] * 19
    assert shell("check", *IMPORT, "--json").json["status"] == "PASS"
    shell.write(users=USERS, ratings=RATINGS + "zoe,alien,1\n" * 10)
    said = shell("check", *IMPORT)
    assert said.code == 3
    assert said.out.endswith("\nFAIL\n")
    (row,) = [line for line in said.out.splitlines() if line.startswith("│ FAIL")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    what = "interactions of users or items that no table describes"
    assert cells == ["FAIL", what, "10", "50", "User 'zoe' in table ratings"]
