"""Circumstances from the table to the list: declared in a schema, imported, learned, asked for, told."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from tests.support.shop import SCHEMA, Shell

RATINGS = SCHEMA.replace("time: time}", "time: time, context: {device: device_type, where: place}}")
QUICK = ("--set", "epochs=1", "--set", "num_layers=0", "--set", "text_encoder=none", "--set", "next_item_dim=0")


@pytest.fixture
def shop(shell: Shell) -> Shell:
    """On the telephone people watch the first half of the films, on television the second."""
    rng = np.random.default_rng(0)
    rows, films = [], [f"f{n:02}" for n in range(24)]
    for user in range(60):
        for step in range(9):
            phone = bool(rng.random() < 0.5)
            film = films[int(rng.integers(12)) + (0 if phone else 12)]
            place = ["", "home, sweet"][int(rng.integers(2))]
            rows.append(f'u{user},{film},{1_600_000_000 + 86_400 * step},{"phone" if phone else "tv"},"{place}"')
    shell.write(
        users="user\n" + "\n".join(f"u{n}" for n in range(60)) + "\n",
        films="film,title,year\n" + "\n".join(f"{film},Film {film},1999" for film in films) + "\n",
        ratings="user,film,time,device_type,place\n" + "\n".join(rows) + "\n",
    )
    (shell.folder / "shop.yaml").write_text(RATINGS, encoding="utf-8")
    return shell


def films_of(shop: Shell, *asked: str) -> list[str]:
    said = shop("recommend", "--user", "u1", "-k", "5", "--json", *asked)
    assert said.code == 0, said.err
    return [one["item"] for one in said.json["recommendations"]]


@pytest.mark.usefixtures("one_gate_search", "no_search_for_paths")
def test_what_is_declared_is_learned_and_asked_for(shop: Shell) -> None:
    assert shop("ingest", "--schema", "shop.yaml", "--source", "tables:data").code == 0
    with open_store("kglite:kgrec.kgl") as store:
        device, where = read_dataset(store).interactions.context
    assert (device.name, device.values, where.values) == ("device", ("phone", "tv"), ("home, sweet",))
    assert (device.code >= 0).all()
    assert 0 < (where.code < 0).mean() < 1
    assert shop("train", *QUICK).code == 0
    on_phone, on_tv = (films_of(shop, "--context", f"device={device}") for device in ("phone", "tv"))
    assert max(on_phone) < "f12" <= min(on_tv)
    told = shop("explain", "--item", on_tv[0], "--user", "u1", "--context", "device=tv", "--length", "full")
    assert "(device: tv)" in told.out
    assert "where the device is tv" in told.out
    assert "Circumstances that count, with their weights: device" in shop("inspect", "--bundle", "kgrec.bundle").out
    refused = shop("recommend", "--user", "u1", "--context", "devise=tv")
    assert refused.code != 0
    assert "there is no such context column." in refused.err
    assert "did you mean 'device'" in refused.err


def test_a_column_that_is_not_there_is_refused(shop: Shell) -> None:
    (shop.folder / "shop.yaml").write_text(RATINGS.replace("device_type", "gadget"), encoding="utf-8")
    said = shop("ingest", "--schema", "shop.yaml", "--source", "tables:data")
    assert said.code != 0
    assert "gadget" in said.err
