"""A bundle comes back as it was saved, and a folder that is not one is refused in so many words."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kgrec.bundle import files
from kgrec.bundle.bundle import Bundle
from kgrec.bundle.files import FORMAT, sha256
from kgrec.data.dataset import FOR, Interactions
from kgrec.errors import BundleError
from kgrec.scoring.matrices import LowRankMatrix
from tests.support.bundles import film_bundle, film_schema, random_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    film_bundle(film_schema(), "g1").save(tmp_path / "films")
    return tmp_path / "films"


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    return str(caught.value)


@pytest.mark.parametrize("seed", range(5))
def test_a_bundle_comes_back_exactly(tmp_path: Path, seed: int) -> None:
    bundle = random_bundle(np.random.default_rng(seed))
    bundle.save(tmp_path / "b")
    back = Bundle.load(tmp_path / "b")
    assert back.manifest == bundle.manifest
    assert (back.users, back.items, back.nodes) == (bundle.users, bundle.items, bundle.nodes)
    assert (back.names, back.relations) == (bundle.names, bundle.relations)
    assert back.interactions.kinds == bundle.interactions.kinds
    assert back.interactions.platforms == bundle.interactions.platforms
    before, after = bundle._arrays(), back._arrays()
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name], err_msg=name)
    for old, new in zip(bundle.model.channels, back.model.channels, strict=True):
        assert (old.name, old.history, type(old.matrix)) == (new.name, new.history, type(new.matrix))
    histories = bundle.model.histories(bundle.interactions, 5)
    np.testing.assert_array_equal(bundle.model.scores(histories), back.model.scores(histories))


def test_names_in_further_languages_come_back_and_must_be_as_many_as_the_nodes(tmp_path: Path) -> None:
    bundle = random_bundle(np.random.default_rng(0))
    named = replace(bundle, names_by_language={"zh": tuple(f"名{n}" for n in range(len(bundle.nodes)))})
    named.save(tmp_path / "b")
    assert Bundle.load(tmp_path / "b").names_by_language == named.names_by_language
    replace(bundle, names_by_language={"zh": ("名",)}).save(tmp_path / "c")
    assert f"there are 1 names in the language zh and {len(bundle.nodes)} nodes" in refusal(tmp_path / "c")


def test_what_interactions_say_comes_back_and_where_nothing_was_kept_all_speak_for_their_items(tmp_path: Path) -> None:
    bundle = random_bundle(np.random.default_rng(0))
    n = len(bundle.interactions)
    mixed = replace(
        bundle.interactions,
        says=(np.arange(n) % 3 - 1).astype(np.int8),
        type=np.arange(n) % 2,
        types=("VIEWED", "RETURNED"),
    )
    replace(bundle, interactions=mixed).save(tmp_path / "b")
    back = Bundle.load(tmp_path / "b").interactions
    np.testing.assert_array_equal(back.says, mixed.says)
    np.testing.assert_array_equal(back.type, mixed.type)
    assert back.types == mixed.types
    arrays = load_file(tmp_path / "b/arrays.safetensors")
    old = {name: array for name, array in arrays.items() if name not in ("interactions.says", "interactions.type")}
    save_file(old, tmp_path / "b/arrays.safetensors")
    ids = json.loads((tmp_path / "b/ids.json").read_text(encoding="utf-8"))
    (tmp_path / "b/ids.json").write_text(json.dumps({k: v for k, v in ids.items() if k != "types"}), encoding="utf-8")
    names = ("arrays.safetensors", "ids.json")
    edit_manifest(tmp_path / "b", files={name: sha256(tmp_path / "b" / name) for name in names})
    earlier = Bundle.load(tmp_path / "b").interactions
    assert (earlier.says == FOR).all()
    assert earlier.types == ("",)


def test_the_schema_travels_with_the_bundle(folder: Path) -> None:
    back = Bundle.load(folder)
    assert back.manifest.schema == film_schema()
    assert back.manifest.graph_id == "g1"
    assert repr(back) == "Bundle(3 users, 7 items, channels: behaviour, semantic, paths)"


def test_names_that_people_can_read_are_those_that_the_schema_says(folder: Path) -> None:
    bundle = Bundle.load(folder)
    schema, rows = bundle.manifest.schema, range(len(bundle.nodes))
    assert schema is not None
    named = replace(
        bundle,
        names=tuple(name if row % 2 else bundle.nodes[row].partition(":")[2] for row, name in enumerate(bundle.names)),
    )
    ids = [named.nodes[row].split(":", 1) for row in rows]
    expected = [schema.is_readable(type, uid, named.names[row]) for row, (type, uid) in zip(rows, ids, strict=True)]
    assert [named.has_readable_name(row) for row in rows] == expected
    assert [named.has_readable_name(row) for row in rows] == expected  # as it is kept
    assert {True, False} == set(expected)
    arrays = replace(named, manifest=replace(named.manifest, schema=None))
    assert all(map(arrays.has_readable_name, rows))


def test_saving_replaces_the_folder_as_a_whole(folder: Path) -> None:
    (folder / "leftover").write_text("x")
    film_bundle().save(folder)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["films"]
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.safetensors", "ids.json", "manifest.json"]


def test_saving_takes_nobody_elses_files(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(BundleError) as caught:
        film_bundle().save(tmp_path / "mine")
    assert str(caught.value) == (
        "BundleError: a bundle cannot be written here.\n"
        f"  where     {tmp_path / 'mine'}\n"
        "  found     a folder that holds something else than a bundle\n"
        "  expected  a new path, an empty folder or an earlier bundle\n"
        "  next      name another folder"
    )
    with pytest.raises(BundleError, match="found     a file"):
        film_bundle().save(tmp_path / "mine" / "thesis.txt")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    (tmp_path / "empty").mkdir()
    film_bundle().save(tmp_path / "empty")
    assert Bundle.load(tmp_path / "empty").manifest == film_bundle().manifest


def test_nothing_in_a_bundle_is_a_pickle(folder: Path) -> None:
    json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    json.loads((folder / "ids.json").read_text(encoding="utf-8"))
    assert set(load_file(folder / "arrays.safetensors")) >= {"prior", "is_cold", "behaviour.data", "semantic.source"}


def test_no_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no") == (
        "BundleError: there is no bundle here.\n"
        f"  where     {tmp_path / 'no'}\n"
        "  found     no such folder\n"
        "  expected  a folder that `kgrec train --out` wrote\n"
        "  next      check the path, or run `kgrec train`"
    )


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    assert "\n  found     no manifest.json\n" in refusal(tmp_path)


def test_a_truncated_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8")[:20], encoding="utf-8")
    message = refusal(folder)
    assert message.startswith(
        f"BundleError: the bundle's manifest cannot be read.\n  where     {path}\n  found     JSONDecodeError: "
    )
    assert message.endswith(
        "  expected  a JSON object with format and files\n  next      train again, or copy the whole folder again"
    )


@pytest.mark.parametrize("text", ["[]", "{}", "7", '{"format": 3, "files": 3}'])
def test_a_manifest_that_is_something_else(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    assert refusal(folder).startswith("BundleError: the bundle's manifest cannot be read.\n")


@pytest.mark.parametrize(
    ("version", "advice"), [(FORMAT + 1, "upgrade kgrec"), (2, "train again"), ("x", "train again")]
)
def test_another_format(folder: Path, version: object, advice: str) -> None:
    edit_manifest(folder, format=version)
    assert refusal(folder) == (
        "BundleError: the bundle has a format that this kgrec does not know.\n"
        f"  where     {folder / 'manifest.json'}\n"
        f"  found     format {version}\n"
        "  expected  format 3 to 5\n"
        f"  next      {advice}"
    )


@pytest.mark.parametrize("name", ["arrays.safetensors", "ids.json"])
def test_a_damaged_file(folder: Path, name: str) -> None:
    expected = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"][name]
    data = bytearray((folder / name).read_bytes())
    data[-3] ^= 1
    (folder / name).write_bytes(data)
    message = refusal(folder)
    assert message.startswith(f"BundleError: the bundle is damaged.\n  where     {folder / name}\n  found     ")
    assert message.endswith(
        f"\n  expected  {expected[:16]} (sha256, from manifest.json)\n"
        "  next      train again, or copy the whole folder again"
    )


@pytest.mark.parametrize("name", ["arrays.safetensors", "ids.json"])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert "\n  found     no such file\n" in refusal(folder)


def test_files_that_the_manifest_does_not_vouch_for(folder: Path) -> None:
    edit_manifest(folder, files={})
    assert refusal(folder) == (
        "BundleError: the bundle is damaged.\n"
        f"  where     {folder / 'manifest.json'}\n"
        "  found     no hash of arrays.safetensors\n"
        "  expected  a sha256 for each of arrays.safetensors, ids.json\n"
        "  next      train again, or copy the whole folder again"
    )


def test_a_manifest_without_channels(folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["channels"]
    path.write_text(json.dumps(manifest))
    assert refusal(folder) == (
        "BundleError: the bundle's files do not fit together.\n"
        f"  where     {folder}\n"
        "  found     KeyError: 'channels'\n"
        "  expected  the files that `kgrec train` wrote\n"
        "  next      train again, or copy the whole folder again"
    )


@pytest.mark.parametrize(
    ("array", "found"),
    [
        ("prior", "ValueError: prior has 6 rows, there are 7 items"),
        ("node_embeddings", "ValueError: node_embeddings has 9 rows, there are 10 nodes"),
        ("semantic.target", "ValueError: channel semantic: target has 6 rows, there are 7 items"),
    ],
)
def test_arrays_of_another_size(folder: Path, array: str, found: str) -> None:
    """The hashes agree, so only the sizes can tell."""
    arrays = load_file(folder / "arrays.safetensors")
    arrays[array] = np.ascontiguousarray(arrays[array][:-1])
    save_file(arrays, folder / "arrays.safetensors")
    rehash(folder)
    assert f"\n  found     {found}\n" in refusal(folder)


def test_interactions_of_rows_that_are_not_there(folder: Path) -> None:
    arrays = load_file(folder / "arrays.safetensors")
    arrays["interactions.item"] = arrays["interactions.item"] + 5
    save_file(arrays, folder / "arrays.safetensors")
    rehash(folder)
    assert "\n  found     ValueError: interactions.item names row 9, there are 7\n" in refusal(folder)


def rehash(folder: Path) -> None:
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("arrays.safetensors", "ids.json")
    }
    edit_manifest(folder, files=files)


def test_loaded_matrices_score(folder: Path) -> None:
    back = Bundle.load(folder)
    assert isinstance(back.model.channels[1].matrix, LowRankMatrix)
    scores = back.model.scores(back.model.histories(back.interactions, 3))
    assert scores.shape == (3, 7)
    assert np.isfinite(scores).all()


def test_what_is_usual_and_how_often_each_sort_of_interaction_occurs() -> None:
    bundle = film_bundle()
    seen = replace(
        Interactions.of_pairs([0, 0, 1, 1, 1], [0, 1, 2, 3, 4]),
        kinds=("view", "buy"),
        kind=np.array([0, 1, 1, 0, 0]),
        platforms=("app", "web"),
        platform=np.array([1, 1, 1, 0, 0]),
        says=np.array([1, 1, 1, -1, -1], np.int8),
    )
    bundle = replace(bundle, interactions=seen)
    assert bundle.usual == ("buy", "web")
    counted = {name: count for name, count in bundle.occurrences.items() if count}
    assert counted == {("", "view", "web"): 1, ("", "buy", "web"): 2, ("", "view", "app"): 2}
    empty = replace(bundle, interactions=replace(seen.select(seen.user > 1), types=("",)))
    assert (empty.usual, sum(empty.occurrences.values())) == (("view", "app"), 0)


def test_there_is_a_bundle_at_every_moment_and_none_is_mixed(tmp_path: Path) -> None:
    bundle = film_bundle()
    made = {f"2026-01-0{n}": replace(bundle, names=tuple(f"{name} {n}" for name in bundle.names)) for n in (1, 2)}
    made = {day: replace(one, manifest=replace(one.manifest, created=day)) for day, one in made.items()}
    target = tmp_path / "a.bundle"
    made["2026-01-01"].save(target)
    saved = threading.Event()

    def save() -> None:
        for number in range(40):
            made[f"2026-01-0{1 + number % 2}"].save(target)
        saved.set()

    saving = threading.Thread(target=save)
    saving.start()
    loads = 0
    while not saved.is_set():
        found = Bundle.load(target)
        assert found.names == made[found.manifest.created].names
        loads += 1
    saving.join()
    assert loads > 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.bundle"]


def test_where_the_system_cannot_exchange_folders_they_are_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_exchanged", lambda one, other: False)
    for _ in range(2):
        film_bundle().save(tmp_path / "a.bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bundle"]
    assert Bundle.load(tmp_path / "a.bundle").names == film_bundle().names


def test_what_a_killed_training_left_of_the_bundle_before_is_in_nobodys_way(tmp_path: Path) -> None:
    left = tmp_path / f".films.bundle.{os.getpid()}.old"
    (left / "of an earlier process of this number").mkdir(parents=True)
    for _ in range(2):
        film_bundle().save(tmp_path / "films.bundle")
    assert [found.name for found in tmp_path.iterdir()] == ["films.bundle"]
