"""`kgrec similar`: what the service answers, on a terminal."""

from __future__ import annotations

from tests.support.shop import Shell


def test_similar(shell: Shell) -> None:
    shell.learned()
    said = shell("similar", "alien", "-k", "2")
    assert (said.code, said.err) == (0, "")
    rows = [line for line in said.out.splitlines() if line.startswith("│")]
    assert len(rows) == 2
    as_json = shell("similar", "alien", "-k", "2", "--json").json
    assert as_json["item"] == "alien"
    listed = [(one["item"], one["name"]) for one in as_json["similar"]]
    assert len(listed) == 2
    for row, (item, name) in zip(rows, listed, strict=True):
        assert f"│ {item} " in row
        assert f"│ {name} " in row
    assert "┃ 名次 ┃ 编号 " in shell("similar", "alien", "--lang", "zh").out


def test_similar_needs_no_store(shell: Shell) -> None:
    shell.learned()
    (shell.folder / "kgrec.kgl").unlink()
    assert shell("similar", "alien").code == 0
    assert shell("similar", "nobody").code == 5
    assert shell("similar", "alien", "-k", "0").code == 2
