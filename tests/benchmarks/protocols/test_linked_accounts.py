"""What links of accounts are worth: whose account each is, and a world in which films say which books are loved."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from kgrec.config import TrainConfig
from kgrec.data.dataset import Dataset, Interactions
from kgrec.data.splits import Split, random_split
from kgrec.errors import ConfigError
from kgrec.progress import Progress, silent
from kgrec_benchmarks.folder_dataset import PublishedSet
from kgrec_benchmarks.protocols import linked_accounts
from kgrec_benchmarks.protocols.linked_accounts import (
    APART,
    LINKED,
    POPULAR,
    AccountLinks,
    Popular,
    by_account,
    owners_of_accounts,
)
from kgrec_benchmarks.protocols.platform_gain import Platforms, row_of_all
from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.result_files import markdown
from kgrec_benchmarks.runs.run_cache import RunCache
from tests.support.datasets import dataset_of, quick
from tests.support.platform_worlds import platform_world


def on_both(n_users: int) -> Interactions:
    """Each is on both platforms, one more on the first alone, another on the second alone."""
    user = [*range(n_users), *range(n_users), n_users, n_users + 1]
    platform = [0] * n_users + [1] * n_users + [0, 1]
    pairs = Interactions.of_pairs(user, [0] * len(user))
    return replace(pairs, platform=np.array(platform), platforms=("films", "books"))


def test_accounts_without_a_link_are_persons_of_their_own() -> None:
    owners = owners_of_accounts(on_both(3), 5, 0.0, 0.0, seed=0)
    found = owners[owners >= 0].tolist()
    assert sorted(found) == list(range(8))
    assert owners[1, 3] == owners[0, 4] == -1


def test_all_links_give_each_user_their_accounts_back() -> None:
    owners = owners_of_accounts(on_both(3), 5, 1.0, 0.0, seed=0)
    assert owners.tolist() == [[0, 1, 2, 3, -1], [0, 1, 2, -1, 4]]


def test_a_part_is_known_and_a_part_of_it_leads_to_somebody_else() -> None:
    owners = owners_of_accounts(on_both(40), 42, 0.5, 0.2, seed=1)
    films, books = owners[0, :40], owners[1, :40]
    right = films == books
    assert right.sum() == 16
    wrong = np.isin(books, films) & ~right
    assert wrong.sum() == 4
    assert set(books[wrong]) == set(films[wrong])  # each is taken for another one of the mistaken
    assert all(len(set(of[of >= 0])) == (of >= 0).sum() for of in owners)  # nobody has two accounts on a platform


def test_accounts_are_asked_for_with_the_history_of_their_person() -> None:
    values = {"ndcg@10": np.array([0.5, 0.25], np.float32)}
    assert by_account(values, np.array([1, -1, 0]))["ndcg@10"].tolist() == pytest.approx(
        [0.25, np.nan, 0.5], nan_ok=True
    )


def test_links_tell_what_books_somebody_loves() -> None:
    data = platform_world(np.random.default_rng(0), films=8, books=2)
    split = random_split(data.interactions, valid=0.15, test=0.15, seed=0)
    shop = PublishedSet("shop", data, {"train": split.train, "valid": split.valid, "test": split.test})
    links = AccountLinks(measure=Platforms(negatives=5))
    result = links.run(shop, quick(epochs=1, num_layers=0), RunCache(), silent)
    assert list(result.rows) == [
        f"{platform}, {of}{name}"
        for platform in ("films", "books")
        for of in ("", POPULAR)
        for name in links.conditions()
    ]
    assert result.platforms is not None
    books = result.platforms["books"]
    assert list(books) == [name for name in links.conditions() if name != APART]
    everything = books["all links"]["ndcg@10"]
    assert everything["interval"][0] > 0
    assert everything[LINKED] == pytest.approx(result.rows["books, all links"]["ndcg@10"])
    assert everything[APART] == pytest.approx(result.rows[f"books, {APART}"]["ndcg@10"])
    text = markdown(json.loads(json.dumps({**result.as_dict(), "set": "shop"})), "shop")
    assert f"| users | metric | {LINKED} | {APART} | difference |" in text


def test_what_somebody_has_by_another_account_is_a_miss_and_no_gap() -> None:
    """Half of all people take the same items on both platforms: they have already what an account is to find."""
    user, item = np.repeat(np.arange(40), 3), np.tile([0, 1, 2], 40)
    films = replace(Interactions.of_pairs(user, (item + user) % 9), platforms=("films", "books"))
    elsewhere = (films.item + np.where(user < 20, 0, 3)) % 9
    both = films.joined(replace(films, item=elsewhere, platform=np.ones(len(films), np.int64)))
    here = (np.arange(len(both)) + both.platform) % 3
    parts = {name: both.select(here == n) for n, name in enumerate(("train", "valid", "test"))}
    shop = PublishedSet("shop", dataset_of(both, 40, 12), parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linked_accounts, "learned_together", popular_alone)
        result = AccountLinks(measure=Platforms(negatives=5)).run(shop, quick(), RunCache(), silent)
    assert result.platforms is not None
    for groups in result.platforms.values():
        assert [found["users"] for found in groups.values()] == [40] * 3
    assert not np.isnan([value for row in result.rows.values() for value in row.values()]).any()
    assert result.rows["books, all links"]["ndcg@10"] < result.rows[f"books, {APART}"]["ndcg@10"]


def popular_alone(measure: Platforms, data: Dataset, split: Split, config: TrainConfig, progress: Progress) -> Outcome:
    """Nothing is learned."""
    popular = Popular(split.known, len(data.items))
    names = data.interactions.platforms
    users = {row_of_all(name): measure.measured(data, split, name, popular, config.seed) for name in names}
    return Outcome({}, users)


def test_one_platform_has_no_accounts_to_link() -> None:
    data = platform_world(np.random.default_rng(0))
    films = data.with_interactions(replace(data.interactions, platforms=("",), platform=data.interactions.platform * 0))
    split = random_split(films.interactions, valid=0.15, test=0.15, seed=0)
    parts = {"train": split.train, "valid": split.valid, "test": split.test}
    with pytest.raises(ConfigError, match="nothing to compare"):
        AccountLinks().run(PublishedSet("films", films, parts), quick(), RunCache(), silent)
