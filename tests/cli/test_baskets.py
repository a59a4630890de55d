"""Baskets: several items in one cell are an interaction with each, or it is said how they become one."""

from __future__ import annotations

import pytest

from kgrec.graph import open_store
from tests.support.shop import Shell

SCHEMA = """\
version: 1
domain: shop
platforms: {web: {en: web}}
nodes:
  User: {role: user, words: {en: user}, from_interactions: true, sources: [{table: users, platform: web, id: user}]}
  Item:
    role: item
    words: {en: item}
    properties: {name: {type: text}}
    sources: [{table: items, platform: web, id: item, columns: {name: name}}]
interactions:
  BOUGHT:
    user: User
    item: Item
    words: {en: bought}
    sources: [{table: orders, platform: web, user: user, item: items, kind: buy}]
"""


@pytest.fixture
def shop(shell: Shell) -> Shell:
    (shell.folder / "data").mkdir()
    (shell.folder / "data/items.csv").write_text("item,name\na,A\nb,B\nc,C\nd,D\n")
    (shell.folder / "data/orders.csv").write_text('user,items\nu1,a;b\nu2,c\nu3,"d; a;;b"\n')
    (shell.folder / "shop.yaml").write_text(SCHEMA)
    return shell


def counted(shop: Shell) -> dict[str, int]:
    with open_store("kglite:kgrec.kgl") as store:
        return dict(store.counts().interactions)


INGEST = ("ingest", "--schema", "shop.yaml", "--source", "tables:data")


def test_a_text_of_several_items_is_refused_with_how_to_take_it_apart(shop: Shell) -> None:
    said = shop(*INGEST)
    assert said.code == 3
    assert "one cell holds several ids, which a schema takes apart by ';'" in said.err


def test_with_a_separator_it_is_an_interaction_with_each(shop: Shell) -> None:
    (shop.folder / "shop.yaml").write_text(SCHEMA.replace("kind: buy", "kind: buy, item_split: ';'"))
    assert shop(*INGEST).code == 0
    assert counted(shop) == {"BOUGHT": 6}


@pytest.mark.parametrize("split", ["", ", item_split: ';'"])
def test_lists_and_single_values_in_one_column_are_what_they_are_alone(shop: Shell, split: str) -> None:
    (shop.folder / "shop.yaml").write_text(SCHEMA.replace("kind: buy", f"kind: buy{split}"))
    (shop.folder / "data/items.csv").write_text("item,name\na,A\nb,B\nc,C\nd,D\n7,Seven\n")
    (shop.folder / "data/orders.csv").unlink()
    lines = ['["a", "b"]', '"c"', '["d", 7]', "7", '"a;b"' if split else '"a"']
    (shop.folder / "data/orders.jsonl").write_text(
        "".join(f'{{"user": "u{n}", "items": {items}}}\n' for n, items in enumerate(lines))
    )
    assert shop(*INGEST).code == 0
    with open_store("kglite:kgrec.kgl") as store:
        taken = {f"u{n}": {one.item for one in store.history(f"u{n}")} for n in range(5)}
    last = {"a", "b"} if split else {"a"}
    assert taken == {"u0": {"a", "b"}, "u1": {"c"}, "u2": {"d", "7"}, "u3": {"7"}, "u4": last}


def test_an_empty_list_beside_single_values_is_told(shop: Shell) -> None:
    (shop.folder / "data/orders.csv").unlink()
    (shop.folder / "data/orders.jsonl").write_text('{"user": "u1", "items": []}\n{"user": "u2", "items": "c"}\n')
    said = shop(*INGEST)
    assert said.code == 3
    assert "column 'items' must hold an id" in said.err
