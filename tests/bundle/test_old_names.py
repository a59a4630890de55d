"""Bundles of an earlier format give the same lists: one table knows their names."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import Array
from kgrec.scoring.gates import Gates, GateTable
from tests.support.bundles import random_bundle

OLD_CHANNELS = {"short_term": "latest", "next_item": "sequence", "long_term": "lasting", "co_session": "session"}
OLD_GATES = {
    "by_history.min_lengths": "edges",
    "by_history.channels": "channels",
    "by_history.prior": "prior",
    "cold.channels": "new_channels",
    "cold.min_spread": "new_spread",
}
OLD_NUMBERS = {
    "by_history.min_pauses": "pauses",
    "cold.prior": "new_prior",
    "cold.offset": "new_item_offset",
    "cold.slope": "new_item_slope",
    "cold.length_range": "new_item_lengths",
}


def rewrite_as_format_3(folder: Path) -> None:
    """The folder as it was written when gates were one table whose rows went through lengths, then pauses."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    present = load_file(folder / "arrays.safetensors")
    arrays: dict[str, Array] = {"new": present.pop("is_cold")}
    gates = {name.removeprefix("gates."): present.pop(name) for name in list(present) if name.startswith("gates.")}
    for name, old in OLD_GATES.items():
        array = gates[name]
        rows = array.reshape(-1, *array.shape[2:]) if name in ("by_history.channels", "by_history.prior") else array
        arrays[f"gates.{old}"] = np.ascontiguousarray(rows)
    numbers = {old: gates[name].tolist() for name, old in OLD_NUMBERS.items()}
    for name in ("new_prior", "new_item_offset", "new_item_slope"):
        numbers[name] = float(np.ravel(numbers[name])[0])
    for name, array in present.items():
        channel, dot, part = name.partition(".")
        arrays[OLD_CHANNELS.get(channel, channel) + dot + part] = array
    save_file(arrays, folder / "arrays.safetensors")
    channels = [{**entry, "name": OLD_CHANNELS.get(entry["name"], entry["name"])} for entry in manifest["channels"]]
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    settings = {"new_item_cost" if name == "cold_item_cost" else name: v for name, v in manifest["settings"].items()}
    changes = {"format": 3, "channels": channels, "gates": numbers, "files": files, "settings": settings}
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}), encoding="utf-8")


@pytest.mark.parametrize(("depth", "name"), [(0, "co_taking"), (1, "knowledge")])
def test_a_bundle_of_format_4_calls_embeddings_knowledge_only_where_facts_send_messages(
    tmp_path: Path, depth: int, name: str
) -> None:
    bundle = random_bundle(np.random.default_rng(depth))
    first, *others = bundle.model.channels
    model = replace(bundle.model, channels=(replace(first, name="knowledge"), *others))
    manifest = replace(
        bundle.manifest,
        settings={**bundle.manifest.settings, "chosen": {"num_layers": depth}},
        metrics={"validation_ndcg@10": {"knowledge": 0.2, "fused": 0.3}},
    )
    replace(bundle, manifest=manifest, model=model).save(tmp_path / "b")
    path = tmp_path / "b" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "format": 4}), encoding="utf-8")
    back = Bundle.load(tmp_path / "b")
    assert back.model.channels[0].name == name
    assert back.manifest.metrics == {"validation_ndcg@10": {name: 0.2, "fused": 0.3}}
    histories = bundle.model.histories(bundle.interactions, 5)
    np.testing.assert_array_equal(back.model.scores(histories), bundle.model.scores(histories))


@pytest.mark.parametrize("names", [("short_term", "next_item", "long_term"), ("short_term", "co_session", "semantic")])
@pytest.mark.parametrize("seed", range(4))
def test_a_bundle_of_format_3_is_read_by_todays_names(tmp_path: Path, seed: int, names: tuple[str, ...]) -> None:
    rng = np.random.default_rng(seed)
    bundle = random_bundle(rng)
    channels = tuple(replace(c, name=name) for c, name in zip(bundle.model.channels[:3], names, strict=True))
    table = GateTable(np.array([0, 2]), rng.random((3, 2, 3)), rng.random((3, 2)), (0.0, 1800.0))
    cold = replace(bundle.model.gates.cold, channels=rng.random(3), min_spread=rng.random(3))
    gates = Gates(table, cold)
    manifest = replace(bundle.manifest, settings={**bundle.manifest.settings, "cold_item_cost": 0.02, "epochs": 3})
    bundle = replace(bundle, manifest=manifest, model=replace(bundle.model, channels=channels, gates=gates))
    bundle.save(tmp_path / "b")
    rewrite_as_format_3(tmp_path / "b")
    back = Bundle.load(tmp_path / "b")
    assert tuple(channel.name for channel in back.model.channels) == names
    assert back.model.gates.as_dict() == bundle.model.gates.as_dict()
    assert back.manifest == bundle.manifest
    np.testing.assert_array_equal(back.model.is_cold, bundle.model.is_cold)
    now = np.array([np.nan, 0.0, 10.0, 1e4, 2.0])
    before, after = (one.model.histories(one.interactions, 5, now) for one in (bundle, back))
    np.testing.assert_array_equal(back.model.scores(after), bundle.model.scores(before))
