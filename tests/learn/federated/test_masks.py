"""Masks: they cancel when all platforms are there, and one alone looks like noise."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from kgrec.data.dataset import Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import ConfigError, SourceError
from kgrec.learn.federated.item_sums import ItemSums
from kgrec.learn.federated.masks import masked, new_key

ITEMS = Vocabulary(f"i{n}" for n in range(40))


@pytest.fixture
def platforms(tmp_path: Path) -> list[tuple[Path, str, ItemSums]]:
    """Key file, public key and sums of three platforms."""
    rng = np.random.default_rng(0)
    found = []
    for name in "abc":
        data = Interactions.of_pairs(rng.integers(0, 30, 300), rng.integers(0, 40, 300))
        sums = ItemSums.of(data, 30, ITEMS, list(ITEMS), 3.0)
        found.append((tmp_path / name, new_key(tmp_path / name), sums))
    return found


def _sent(platforms: list[tuple[Path, str, ItemSums]], round_name: str = "1") -> list[ItemSums]:
    publics = [public for _, public, _ in platforms]
    return [masked(sums, key, [one for one in publics if one != own], round_name) for key, own, sums in platforms]


def test_masked_sums_of_all_equal_the_sums_of_all(platforms: list[tuple[Path, str, ItemSums]]) -> None:
    sent = _sent(platforms)
    central = sum(sums.gram for _, _, sums in platforms)
    for order in ((0, 1, 2), (2, 0, 1)):
        total = sent[order[0]].plus(sent[order[1]]).plus(sent[order[2]])
        np.testing.assert_allclose(total.gram, central, atol=1e-9)


def test_what_one_platform_sends_is_noise_to_whoever_lacks_the_secrets(
    platforms: list[tuple[Path, str, ItemSums]],
) -> None:
    sent = _sent(platforms)[0]
    shares = np.histogram(sent.upper.astype(np.float64) / 2.0**64, bins=8, range=(0, 1))[0] / len(sent.upper)
    assert np.abs(shares - 1 / 8).max() < 0.06  # 820 numbers, uniform over all 2^64
    again = _sent(platforms, "2")[0]
    assert (sent.upper != again.upper).mean() > 0.99
    with pytest.raises(SourceError, match="some platforms are missing"):
        _ = sent.gram


def test_a_platform_that_is_missing_is_said(platforms: list[tuple[Path, str, ItemSums]]) -> None:
    sent = _sent(platforms)
    partial = sent[0].plus(sent[1])
    with pytest.raises(SourceError, match="some platforms are missing") as caught:
        _ = partial.gram
    assert platforms[2][1][:12] in str(caught.value)
    with pytest.raises(SourceError, match="sums do not add up"):
        partial.plus(sent[1])
    with pytest.raises(SourceError, match="sums do not add up"):
        sent[0].plus(platforms[1][2])


def test_a_key_is_its_owners_and_is_not_written_over(tmp_path: Path) -> None:
    public = new_key(tmp_path / "key")
    assert len(bytes.fromhex(public)) == 32
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="a key is not written over"):
        new_key(tmp_path / "key")


def test_keys_that_are_none_are_refused(platforms: list[tuple[Path, str, ItemSums]], tmp_path: Path) -> None:
    key, own, sums = platforms[0]
    (tmp_path / "bad").write_text("not hex")
    for file, peers, what in (
        (tmp_path / "bad", [platforms[1][1]], "a key cannot be read"),
        (key, ["00"], "a key cannot be read"),
        (key, [], "masks need other platforms"),
        (key, [own], "masks need other platforms"),
    ):
        with pytest.raises(ConfigError, match=what):
            masked(sums, file, peers, "1")
