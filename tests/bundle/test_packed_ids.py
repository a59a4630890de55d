"""A compacted bundle has its ids and names in arrays, and is otherwise the bundle that it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.bundle.files import IDS
from kgrec.bundle.packed_ids import packed_ids, vocabulary_of, with_packed
from kgrec.bundle.without_users import without_users
from kgrec.data.packed_texts import PackedTexts
from kgrec.recommendation import Recommender
from tests.support.bundles import film_bundle, random_bundle


def compact(bundle: Bundle, folder: Path) -> Bundle:
    replace(bundle, manifest=replace(bundle.manifest, compacted={"of": "x"})).save(folder)
    return Bundle.load(folder)


def test_names_in_all_languages_come_back(tmp_path: Path) -> None:
    films = film_bundle()
    german = tuple(f"{name} auf Deutsch" for name in films.names)
    read = compact(replace(films, names_by_language={"de": german}), tmp_path / "b")
    assert isinstance(read.names, PackedTexts)
    assert (read.users, read.items, read.nodes) == (films.users, films.items, films.nodes)
    assert (tuple(read.names), tuple(read.names_by_language["de"])) == (films.names, german)
    in_file = json.loads((tmp_path / "b" / IDS).read_text())
    assert set(in_file) == {"relations", "persons", "kinds", "platforms", "types"}


def test_lists_and_reasons_are_the_same_and_stay_so_when_it_is_written_again(tmp_path: Path) -> None:
    bundle = random_bundle(np.random.default_rng(3), n_users=6, n=60)
    read = compact(bundle, tmp_path / "a")
    again = compact(without_users(read, ["u1"]), tmp_path / "b")
    assert read.interactions.item.dtype == np.int8
    assert (again.manifest.forgotten, "u1" in again.users) == (1, False)
    before = Recommender(bundle)
    for after in (Recommender(read), Recommender(again)):
        for user in set(bundle.users) - {"u1"}:
            assert after.history(user) == before.history(user)
            assert after.recommend(user, k=8, explain=True) == before.recommend(user, k=8, explain=True)


def test_what_is_missing_is_said() -> None:
    ids = {"users": ["a"], "items": ["b"], "nodes": ["c"], "names": ["d"], "names_by_language": {}}
    _, arrays = packed_ids(ids)
    del arrays["texts.items.ends"], arrays["texts.users.slots"]
    with pytest.raises(KeyError, match=r"texts\.items\.ends"):
        with_packed({}, arrays)
    whole = with_packed({}, {name: array for name, array in arrays.items() if ".items." not in name})
    with pytest.raises(KeyError, match=r"texts\.users\.slots"):
        vocabulary_of(whole, arrays, "users")
