"""`kgrec federate`: three shops agree on a list, mask their sums, and each learns what people elsewhere take."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.learn.federated.item_sums import ItemSums
from tests.support.shop import IMPORT, Shell

RATINGS = {
    "a": "user,film,time\nann,alien,100\nann,heat,101\nbob,heat,200\n",
    "b": "user,film,time\nann,alien,100\nbob,alien,200\n",
    "c": "user,film,time\nann,heat,100\nbob,alien,200\nbob,heat,201\n",
}


@pytest.fixture
def shops(shell: Shell) -> Shell:
    for name, ratings in RATINGS.items():
        shell.write(ratings=ratings)
        assert shell("ingest", *IMPORT, "--store", f"kglite:{name}.kgl", "--quiet").code == 0
        assert shell("federate", "items", "--store", f"kglite:{name}.kgl", "--out", f"{name}.txt").code == 0
    common = sorted({line for name in RATINGS for line in Path(f"{name}.txt").read_text().split()})
    Path("items.txt").write_text("".join(f"{item}\n" for item in common))
    return shell


def _sums(shell: Shell, name: str, *more: str) -> dict[str, object]:
    said = shell(
        "federate",
        "sums",
        "--store",
        f"kglite:{name}.kgl",
        "--items",
        "items.txt",
        "--out",
        f"{name}.sums",
        *more,
        "--json",
    )
    assert said.code == 0, said.err
    found: dict[str, object] = said.json
    return found


def test_masked_sums_of_three_shops_are_those_of_all_their_people(shops: Shell) -> None:
    keys = {}
    for name in RATINGS:
        keys[name] = shops("federate", "key", "--out", f"{name}.key", "--json").json["public key"]
    for name in RATINGS:
        peers = [part for other, key in keys.items() if other != name for part in ("--peer", key)]
        _sums(shops, name, "--key", f"{name}.key", *peers, "--round", "one")
    assert shops("federate", "join", "a.sums", "b.sums", "c.sums", "--out", "all.sums").code == 0
    items = Path("items.txt").read_text().split()
    central = np.zeros((len(items), len(items)))
    for name in RATINGS:
        with open_store(f"kglite:{name}.kgl") as store:
            data = read_dataset(store)
        taken = data.interactions.matrix(len(data.users), len(data.items)).toarray()[:, data.items.rows(items)]
        central += taken.T @ taken
    np.testing.assert_allclose(ItemSums.load(Path("all.sums")).gram, central, atol=1e-9)
    assert shops("federate", "others", "all.sums", "--own", "a.sums.own", "--out", "others.sums").code == 0
    own = ItemSums.load(Path("a.sums.own")).gram
    np.testing.assert_allclose(ItemSums.load(Path("others.sums")).gram, central - own, atol=1e-9)


def test_a_missing_shop_and_half_of_what_masks_need_are_said(shops: Shell) -> None:
    keys = [shops("federate", "key", "--out", f"{name}.key", "--json").json["public key"] for name in "ab"]
    _sums(shops, "a", "--key", "a.key", "--peer", keys[1], "--round", "one")
    said = shops("federate", "join", "a.sums", "--out", "all.sums")
    assert said.code == 3
    assert "sums are masked, and some platforms are missing" in said.err
    assert not Path("all.sums").exists()
    sums = ("federate", "sums", "--store", "kglite:a.kgl", "--items", "items.txt", "--out", "x.sums")
    for half in (("--key", "a.key"), ("--peer", keys[1]), ("--key", "a.key", "--peer", keys[1])):
        said = shops(*sums, *half)
        assert said.code == 2
        assert "masks need a key, peers and a round" in said.err
    said = shops(*sums[:5], "none.txt", *sums[6:])
    assert (said.code, "the common list cannot be read" in said.err) == (2, True)


def test_noise_is_told_and_kept_with_the_sums(shops: Shell) -> None:
    told = _sums(shops, "a", "--clip", "5", "--epsilon", "1")
    kept = ItemSums.load(Path("a.sums"))
    assert (told["epsilon"], told["delta"], told["noise in clips"]) == (1.0, 1e-6, kept.noise)
    assert (kept.clip, kept.noise > 0.1) == (5.0, True)
    said = shops("federate", "sums", "--store", "kglite:b.kgl", "--items", "items.txt", "--out", "b.sums")
    assert "b.sums.own stays here" in said.err
    bad = shops(
        "federate", "sums", "--store", "kglite:b.kgl", "--items", "items.txt", "--out", "b.sums", "--epsilon", "1"
    )
    assert (bad.code, "noise needs a bound" in bad.err) == (2, True)
    assert json.loads(json.dumps(told)) == told
