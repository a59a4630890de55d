"""`kgrec similar`: what the service answers, on a terminal."""

from __future__ import annotations

import pytest

from kgrec.graph import open_store
from kgrec.testing.sample_graph import films_graph
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


def test_it_takes_a_store_and_asks_it_whether_it_is_the_graph_of_the_bundle(shell: Shell) -> None:
    shell.learned()
    assert shell("similar", "alien", "--store", "kglite:kgrec.kgl").code == 0
    with open_store("kglite:other.kgl") as other:
        films_graph().put_into(other)
    said = shell("similar", "alien", "--store", "kglite:other.kgl")
    assert said.code != 0
    assert "another graph than the store holds" in said.err


@pytest.mark.parametrize(
    "command",
    [
        ["similar", "ITEM"],
        ["explain", "--user", "ann", "--item", "ITEM"],
        ["recommend", "--history", "ITEM"],
        ["recommend", "--user", "ann", "--allow", "ITEM"],
    ],
)
def test_an_item_with_its_platform_is_named_as_it_is(shell: Shell, command: list[str]) -> None:
    shell.learned()
    said = shell(*(part.replace("ITEM", "movielens:alien") for part in command))
    assert said.code == 5
    assert "'alien' exists (without 'movielens:')" in said.err
