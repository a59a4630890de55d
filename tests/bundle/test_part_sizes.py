"""The parts of a bundle add up to what its folder takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kgrec.bundle.part_sizes import part_sizes
from tests.support.bundles import film_bundle


def test_parts_add_up_to_the_folder(tmp_path: Path) -> None:
    bundle = film_bundle()
    bundle.save(tmp_path / "a")
    replace(bundle, manifest=replace(bundle.manifest, compacted={"of": "x"})).save(tmp_path / "b")
    for folder in (tmp_path / "a", tmp_path / "b"):
        sizes = part_sizes(folder)
        assert sum(sizes.values()) == sum(file.stat().st_size for file in folder.iterdir())
        assert {"behaviour", "semantic", "interactions", "node_embeddings", "ids and names", "manifest"} <= set(sizes)
        assert list(sizes.values()) == sorted(sizes.values(), reverse=True)
    n, d = bundle.node_embeddings.shape
    both = [part_sizes(tmp_path / name)["node_embeddings"] for name in "ab"]
    assert both == [4 * n * d, n * d + 4 * n]
