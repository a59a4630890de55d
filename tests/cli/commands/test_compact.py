"""`kgrec compact`: what it writes, what it says, and what it never writes over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers
from tests.support.bundles import random_bundle
from tests.support.shop import Shell


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    random_bundle(np.random.default_rng(5), n_users=80, n=900).save(tmp_path / "b")
    return tmp_path / "b"


def test_it_writes_a_smaller_bundle_and_says_what_that_costs(shell: Shell, bundle: Path) -> None:
    manifest = (bundle / "manifest.json").read_bytes()
    said = shell("compact", str(bundle), "--max-loss", "0.5", "--json").json
    smaller = Path(f"{bundle}.compact")
    assert said["bundle"] == str(smaller)
    for folder, sizes in ((bundle, said["bytes"]["before"]), (smaller, said["bytes"]["after"])):
        assert sum(sizes.values()) == sum(file.stat().st_size for file in folder.iterdir())
    assert said["comparison"]["loss with its standard error"] <= 0.5
    assert Bundle.load(smaller).manifest.compacted["comparison"] == said["comparison"]
    assert (bundle / "manifest.json").read_bytes() == manifest
    assert len(shell("recommend", "--store", "", "--bundle", str(smaller), "--user", "u3", "-k", "2", "--json").out) > 0


def test_it_says_so_in_tables(shell: Shell, bundle: Path, tmp_path: Path) -> None:
    said = shell("compact", str(bundle), "--max-loss", "0.5", "--out", str(tmp_path / "c"))
    assert said.code == 0
    for part in (
        "interactions",
        "all of it",
        "ndcg@10 of hidden items",
        "items of top-10 lists that stay",
        "a list takes",
    ):
        assert part in said.out
    assert "measures neither" in said.err


def test_it_never_writes_over_its_source(shell: Shell, bundle: Path) -> None:
    said = shell("compact", str(bundle), "--out", f"{bundle}/../b")
    assert said.code == 2
    assert "a bundle is not written over by a smaller one" in said.err


def test_what_is_no_bundle_is_refused(shell: Shell, tmp_path: Path) -> None:
    said = shell("compact", str(tmp_path))
    assert said.code == 3
    assert "there is no bundle here" in said.err


def test_who_was_forgotten_is_not_in_the_smaller_one(shell: Shell, bundle: Path) -> None:
    ForgottenUsers(bundle / FORGOTTEN).add("u7")
    assert shell("compact", str(bundle), "--max-loss", "0.9").code == 0
    smaller = Bundle.load(f"{bundle}.compact")
    assert ("u7" in smaller.users, len(smaller.users), smaller.manifest.forgotten) == (False, 79, 1)
