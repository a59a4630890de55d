"""What a platform gains by another: a world where films say which books are loved, and one where they do not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.data.dataset import Array, Dataset, IntArray, Interactions
from kgrec.data.splits import Split, random_split
from kgrec.errors import ConfigError, KgrecError
from kgrec.progress import silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols.platform_gain import ALONE, EVERYBODY, FEW, TOGETHER, Platforms, items_of
from kgrec_benchmarks.runs.result import Result
from kgrec_benchmarks.runs.result_files import markdown
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import genre_world, quick
from tests.support.platform_worlds import platform_world

ALL_ITEMS, AMONG = "ndcg@10", "ndcg@10 among 6"


def measured(data: Dataset, kept: RunCache | None = None) -> Result:
    split = random_split(data.interactions, valid=0.15, test=0.15, seed=0)
    parts = {"train": split.train, "valid": split.valid, "test": split.test}
    config = quick(epochs=1, num_layers=0)
    return Platforms(negatives=5, few=2).run(PublishedSet("shop", data, parts), config, kept or RunCache(), silent)


@pytest.fixture(scope="module")
def result() -> Result:
    return measured(platform_world(np.random.default_rng(0), films=8, books=2))


def test_who_has_few_events_on_a_platform_is_found_by_the_other(result: Result) -> None:
    assert result.platforms is not None
    books = result.platforms["books"]
    few = books[FEW.format(few=2)]
    assert 0 < few["users"] <= books[EVERYBODY]["users"]
    for metric in (ALL_ITEMS, AMONG):
        found = few[metric]
        assert found["difference"] == pytest.approx(found[TOGETHER] - found[ALONE])
        assert found["interval"][0] <= found["difference"] <= found["interval"][1]
    assert few[ALL_ITEMS]["interval"][0] > 0.05
    row = result.rows["books, learned from all platforms"]
    assert row[ALL_ITEMS] == pytest.approx(books[EVERYBODY][ALL_ITEMS][TOGETHER])
    assert set(result.rows) == {f"{name}, learned from {of}" for name in ("films", "books") for of in (TOGETHER, ALONE)}


def test_the_page_shows_every_difference(result: Result) -> None:
    text = markdown(json.loads(json.dumps({**result.as_dict(), "set": "shop"})), "shop")
    of = (result.platforms or {})["books"][EVERYBODY]
    one = of[ALL_ITEMS]
    change = f"{one['difference']:+.4f} ({100 * one['difference'] / one[ALONE]:+.1f} %)"
    low, high = one["interval"]
    line = f"| {EVERYBODY} ({of['users']}) | {ALL_ITEMS} | {one[TOGETHER]:.4f} | {one[ALONE]:.4f} | {change} | "
    assert f"{line}{low:+.4f} to {high:+.4f} |" in text


class Table:
    """Scores given as a table."""

    def __init__(self, table: list[list[float]]) -> None:
        self.table = np.array(table, np.float64)

    def scores(self, users: IntArray) -> Array:
        return self.table[users].copy()


def test_items_of_one_platform_are_ranked_by_hand() -> None:
    # Items 0 to 3 are on a, 4 and 5 on b. User 0 took 0 and looks for 1; user 1 took 4 and looks for 2, which nobody
    # took.
    on_a = [True, True, True, True, False, False]
    whole = Interactions.of_pairs([0, 0, 1, 1, 1, 0], [0, 1, 4, 2, 1, 5])
    whole = replace(whole, platform=np.array([0, 0, 1, 0, 0, 1]), platforms=("a", "b"))
    everything = genre_world(np.random.default_rng(0), n_users=2, n_items=6, genres=1, texts=False)
    also = replace(Interactions.of_pairs([1], [3]), platforms=("a", "b"))
    data = everything.with_interactions(whole.joined(also))
    assert items_of(data.interactions.on_platform("a"), 6).tolist() == on_a
    split = Split(
        data.interactions.select(np.array([0, 2, 4, 5, 6])),
        whole.select(np.array([], np.int64)),
        whole.select(np.array([1, 3])),
    )
    table = Table([[9.0, 1.0, 5.0, 2.0, 8.0, 8.0], [0.0, 0.0, 9.0, 0.0, 0.0, 0.0]])
    found = Platforms(negatives=999).measured(data, split, "a", table, seed=0)
    # Items 2 and 3 are before item 1, those of b do not count; item 2 is a miss, though it is on top.
    assert found["ndcg@10"].tolist() == [pytest.approx(1 / np.log2(4)), 0.0]
    assert found["ndcg@10 among 1,000"].tolist() == [pytest.approx(1 / np.log2(4)), 0.0]
    assert found["hit_rate@10"].tolist() == [1.0, 0.0]
    with pytest.raises(KgrecError, match="there is nothing to measure"):
        Platforms().measured(data, split, "b", table, seed=0)


def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    data = platform_world(np.random.default_rng(0), n_users=24)
    whole = measured(data, RunCache(tmp_path, "run"))
    again = RunCache(tmp_path, "run")
    assert measured(data, again).rows == whole.rows
    assert len(again.resumed) == 3


def test_one_platform_has_nothing_to_compare() -> None:
    data = genre_world(np.random.default_rng(0))
    with pytest.raises(ConfigError, match="interactions of one platform"):
        measured(data)
