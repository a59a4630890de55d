"""Bundle: everything needed to answer, in one folder. No pickle: it opens safely wherever it comes from.

manifest.json        what it is: format, schema, settings, seed, versions, metrics, hashes of the files below
arrays.safetensors   the model's and the behaviour's numbers
ids.json             vocabularies and names
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from scipy import sparse

from kgrec.bundle.old_names import OLDEST, renamed
from kgrec.data.dataset import Array, Interactions
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import BundleError
from kgrec.schema.model import GraphSchema
from kgrec.scoring.history_weights import HistoryWeights
from kgrec.scoring.model import AdditiveModel, Channel, Gates, LowRankMatrix, SparseMatrix

FORMAT = 4
_GATE_ARRAYS = ("edges", "channels", "prior", "new_channels", "new_spread")
_GATES = ("new_prior", "new_item_offset", "new_item_slope", "new_item_lengths", "pauses")
_MANIFEST, _ARRAYS, _IDS = "manifest.json", "arrays.safetensors", "ids.json"


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        schema: the graph's schema; None for a bundle learned from plain arrays.
        graph_id: the graph it was learned from, None likewise.
        settings: every setting that was used, the chosen ones included.
        versions: of kgrec and of what it was learned with.
        data_cutoff: unix seconds of the last interaction learned from, None where time is unknown.
        metrics: validation results of each channel and of the fused model.
        training: loss and validation by epoch.
        created: ISO time.
    """

    schema: GraphSchema | None
    graph_id: str | None
    settings: Mapping[str, Any]
    seed: int
    versions: Mapping[str, str]
    data_cutoff: float | None
    metrics: Mapping[str, Any]
    training: list[dict[str, float]]
    created: str


@dataclass(frozen=True)
class Bundle:
    """A learned model with the ids and the behaviour that it needs to answer.

    Attributes:
        nodes: ``Type:uid`` of all nodes, the items first; ``names`` are what people read.
        interactions: what it was learned from: the users' histories.
        node_embeddings: GNN output, float32 ``(nodes, d)``; relation_embeddings ``(relations, d)``.
    """

    manifest: Manifest
    model: AdditiveModel
    users: Vocabulary
    items: Vocabulary
    nodes: Vocabulary
    names: tuple[str, ...]
    relations: tuple[str, ...]
    interactions: Interactions
    node_embeddings: Array
    relation_embeddings: Array

    def __repr__(self) -> str:
        channels = ", ".join(channel.name for channel in self.model.channels)
        return f"Bundle({len(self.users)} users, {len(self.items)} items, channels: {channels})"

    def save(self, folder: str | Path) -> None:
        """Write the folder as a whole, in the place of an earlier bundle: a reader never sees half of one.

        Raises:
            BundleError: something else than a bundle is there, which would be lost.
        """
        target = Path(folder).absolute()
        if target.is_file() or (target.is_dir() and any(target.iterdir()) and not (target / _MANIFEST).is_file()):
            raise BundleError(
                "a bundle cannot be written here.",
                where=str(folder),
                found="a file" if target.is_file() else "a folder that holds something else than a bundle",
                expected="a new path, an empty folder or an earlier bundle",
                next="name another folder",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        save_file({name: np.ascontiguousarray(array) for name, array in self._arrays().items()}, fresh / _ARRAYS)
        ids = {
            "users": list(self.users),
            "items": list(self.items),
            "nodes": list(self.nodes),
            "names": list(self.names),
            "relations": list(self.relations),
            "kinds": list(self.interactions.kinds),
            "platforms": list(self.interactions.platforms),
        }
        (fresh / _IDS).write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
        manifest = {
            "format": FORMAT,
            **{name: value for name, value in vars(self.manifest).items() if name != "schema"},
            "schema": self.manifest.schema.model_dump(mode="json") if self.manifest.schema else None,
            "channels": [
                {
                    "name": channel.name,
                    "matrix": "low_rank" if isinstance(channel.matrix, LowRankMatrix) else "sparse",
                    "history": asdict(channel.history),
                }
                for channel in self.model.channels
            ],
            "gates": {name: getattr(self.model.gates, name) for name in _GATES},
            "files": {name: _sha256(fresh / name) for name in (_ARRAYS, _IDS)},
        }
        (fresh / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        old = target.with_name(f".{target.name}.{os.getpid()}.old")
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def _arrays(self) -> dict[str, Array]:
        model, seen = self.model, self.interactions
        arrays: dict[str, Array] = {
            "prior": model.prior.astype(np.float32),
            "new": model.new,
            **{f"gates.{name}": getattr(model.gates, name) for name in _GATE_ARRAYS},
            "node_embeddings": self.node_embeddings.astype(np.float32),
            "relation_embeddings": self.relation_embeddings.astype(np.float32),
            "interactions.user": seen.user,
            "interactions.item": seen.item,
            "interactions.time": seen.time,
            "interactions.weight": seen.weight,
            "interactions.kind": seen.kind,
            "interactions.platform": seen.platform,
        }
        for channel in model.channels:
            if isinstance(channel.matrix, LowRankMatrix):
                arrays[f"{channel.name}.source"] = channel.matrix.source.astype(np.float32)
                arrays[f"{channel.name}.target"] = channel.matrix.target.astype(np.float32)
            else:
                weights = channel.matrix.weights
                arrays[f"{channel.name}.data"] = weights.data.astype(np.float32)
                arrays[f"{channel.name}.indices"] = weights.indices.astype(np.int32)
                arrays[f"{channel.name}.indptr"] = weights.indptr.astype(np.int64)
        return arrays

    @classmethod
    def load(cls, folder: str | Path) -> Bundle:
        """Open a bundle.

        Raises:
            BundleError: it is missing, damaged, or of another format version.
        """
        root = Path(folder)
        manifest = _read_manifest(root)
        try:
            arrays = load_file(root / _ARRAYS)
            ids = json.loads((root / _IDS).read_text(encoding="utf-8"))
            if manifest["format"] < FORMAT:
                manifest, arrays = renamed(manifest, arrays)
            _check_sizes(arrays, ids)
            channels = tuple(_channel(entry, arrays, len(ids["items"])) for entry in manifest["channels"])
            numbers = manifest["gates"] | {
                name: tuple(manifest["gates"][name]) for name in ("pauses", "new_item_lengths")
            }
            gates = Gates(*(arrays[f"gates.{name}"] for name in _GATE_ARRAYS), **numbers)
            fields = ("user", "item", "time", "weight", "kind", "platform")
            schema = manifest["schema"]
            return cls(
                Manifest(
                    GraphSchema.model_validate(schema) if schema else None,
                    **{name: manifest[name] for name in Manifest.__dataclass_fields__ if name != "schema"},
                ),
                AdditiveModel(channels, gates, arrays["prior"], arrays["new"]),
                Vocabulary(ids["users"]),
                Vocabulary(ids["items"]),
                Vocabulary(ids["nodes"]),
                tuple(ids["names"]),
                tuple(ids["relations"]),
                Interactions(
                    **{name: arrays[f"interactions.{name}"] for name in fields},
                    kinds=tuple(ids["kinds"]),
                    platforms=tuple(ids["platforms"]),
                ),
                arrays["node_embeddings"],
                arrays["relation_embeddings"],
            )
        except (KeyError, ValueError, TypeError, SafetensorError) as error:
            raise BundleError(
                "the bundle's files do not fit together.",
                where=str(root),
                found=f"{type(error).__name__}: {error}",
                expected="the files that `kgrec train` wrote",
                next="train again, or copy the whole folder again",
            ) from error


def _read_manifest(root: Path) -> dict[str, Any]:
    path = root / _MANIFEST
    if not path.is_file():
        raise BundleError(
            "there is no bundle here.",
            where=str(root),
            found="no manifest.json" if root.is_dir() else "no such folder",
            expected="a folder that `kgrec train --out` wrote",
            next="check the path, or run `kgrec train`",
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(
            "the bundle's manifest cannot be read.",
            where=str(path),
            found=f"{type(error).__name__}: {error}",
            expected="a JSON object with format and files",
            next="train again, or copy the whole folder again",
        ) from error
    if version not in range(OLDEST, FORMAT + 1):
        raise BundleError(
            "the bundle has a format that this kgrec does not know.",
            where=str(path),
            found=f"format {version}",
            expected=f"format {OLDEST} to {FORMAT}",
            next="upgrade kgrec" if isinstance(version, int) and version > FORMAT else "train again",
        )
    for name in (_ARRAYS, _IDS):
        if name not in files:
            raise BundleError(
                "the bundle is damaged.",
                where=str(path),
                found=f"no hash of {name}",
                expected=f"a sha256 for each of {_ARRAYS}, {_IDS}",
                next="train again, or copy the whole folder again",
            )
        expected = files[name]
        found = _sha256(root / name) if (root / name).is_file() else "no such file"
        if found != expected:
            raise BundleError(
                "the bundle is damaged.",
                where=str(root / name),
                found=found[:16],
                expected=f"{expected[:16]} (sha256, from manifest.json)",
                next="train again, or copy the whole folder again",
            )
    return dict(manifest)


def _check_sizes(arrays: Mapping[str, Array], ids: Mapping[str, list[str]]) -> None:
    """Every array has a row for each id that it is about, and names no row beyond them; else ValueError."""
    about = {"prior": "items", "new": "items", "node_embeddings": "nodes", "relation_embeddings": "relations"}
    about |= {name: "items" for name in arrays if name.endswith((".source", ".target"))}
    for name, kind in about.items():
        if len(arrays[name]) != len(ids[kind]):
            raise ValueError(f"{name} has {len(arrays[name])} rows, there are {len(ids[kind])} {kind}")
    if len(ids["names"]) != len(ids["nodes"]):
        raise ValueError(f"there are {len(ids['names'])} names and {len(ids['nodes'])} nodes")
    rows = {"user": "users", "item": "items", "kind": "kinds", "platform": "platforms"}
    for field, kind in rows.items():
        array = arrays[f"interactions.{field}"]
        if len(array) and not 0 <= array.min() <= array.max() < len(ids[kind]):
            beyond = array.min() if array.min() < 0 else array.max()
            raise ValueError(f"interactions.{field} names row {beyond}, there are {len(ids[kind])}")


def _channel(entry: Mapping[str, Any], arrays: Mapping[str, Array], n_items: int) -> Channel:
    name = entry["name"]
    history = HistoryWeights(**entry["history"])
    if entry["matrix"] == "low_rank":
        return Channel(name, LowRankMatrix(arrays[f"{name}.source"], arrays[f"{name}.target"]), history)
    parts = (arrays[f"{name}.data"], arrays[f"{name}.indices"], arrays[f"{name}.indptr"])
    weights = sparse.csr_matrix(parts, shape=(n_items, n_items))
    weights.check_format(full_check=True)
    return Channel(name, SparseMatrix(weights), history)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
