"""Facts that hold for a time: what held is learned and measured with, what does not hold any more is no reason."""

from __future__ import annotations

import time

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.splits import time_split_per_user
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from tests.support.shop import SCHEMA, Shell

EDGES = """\
edges:
  ON_SALE_IN:
    source: [Film]
    target: [Film]
    words: {en: is on sale with}
    properties: {valid_from: {type: time}, valid_to: {type: time}}
    sources:
      - table: sales
        platform: shop
        source: {column: film, type: Film}
        target: {column: other, type: Film}
        columns: {valid_from: start, valid_to: end}
interactions:
"""
DAY_S = 86_400
START = 1_600_000_000
QUICK = ("--set", "epochs=1", "--set", "num_layers=0", "--set", "text_encoder=none", "--set", "next_item_dim=0")


@pytest.fixture
def shop(shell: Shell) -> Shell:
    rng = np.random.default_rng(0)
    films = [f"f{n:02}" for n in range(20)]
    rows = [f"u{u},{films[int(rng.integers(20))]},{START + DAY_S * n}" for u in range(40) for n in range(8)]
    soon = int(time.time()) + 3600
    sales = [
        f"f00,f01,,{START + 3 * DAY_S}",  # over before the last is watched
        f"f02,f03,{START},{soon}",
        f"f04,f05,{soon},",  # not yet
        "f06,f07,,",
    ]
    shell.write(
        users="user\n" + "\n".join(f"u{n}" for n in range(40)) + "\n",
        films="film,title,year\n" + "\n".join(f"{film},Film {film},1999" for film in films) + "\n",
        ratings="user,film,time\n" + "\n".join(rows) + "\n",
    )
    (shell.folder / "data/sales.csv").write_text("film,other,start,end\n" + "\n".join(sales) + "\n")
    (shell.folder / "shop.yaml").write_text(SCHEMA.replace("interactions:\n", EDGES), encoding="utf-8")
    assert shell("ingest", "--schema", "shop.yaml", "--source", "tables:data").code == 0
    return shell


def test_what_holds_now_is_read_and_what_held_then_on_demand(shop: Shell) -> None:
    with open_store("kglite:kgrec.kgl") as store:
        now, ever = read_dataset(store), read_dataset(store, every_fact=True)
    assert [now.items[row] for row in now.facts.head.tolist()] == ["f02", "f06"]
    assert len(ever.facts) == 4
    split = time_split_per_user(ever.interactions)
    before = ever.as_of(START + DAY_S)
    assert [before.items[row] for row in before.facts.head.tolist()] == ["f00", "f02", "f06"]
    assert START <= split.cut_off < START + 8 * DAY_S


@pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")
def test_a_bundle_knows_which_of_its_facts_will_end(shop: Shell) -> None:
    assert shop("train", *QUICK).code == 0
    bundle = Bundle.load("kgrec.bundle")
    assert [bundle.nodes[row] for row in bundle.ending.head.tolist()] == ["Film:f02"]
    assert bundle.as_of(time.time()) is bundle
    assert len(bundle.as_of(time.time() + 2 * 3600).ending) == 0


def test_when_a_fact_holds_is_a_time(shop: Shell) -> None:
    text = (
        (shop.folder / "shop.yaml")
        .read_text(encoding="utf-8")
        .replace("valid_to: {type: time}", "valid_to: {type: text}")
    )
    (shop.folder / "shop.yaml").write_text(text, encoding="utf-8")
    said = shop("ingest", "--schema", "shop.yaml", "--source", "tables:data")
    assert said.code != 0
    assert "must have type time" in said.err
