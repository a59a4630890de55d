"""Bundle: everything needed to answer, in one folder. No pickle: it opens safely wherever it comes from.

manifest.json        what it is: format, schema, settings, seed, versions, metrics, hashes of the files below
arrays.safetensors   the model's and the behaviour's numbers
ids.json             vocabularies and names
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kgrec.bundle.files import (
    ARRAYS,
    FORMAT,
    IDS,
    MANIFEST,
    check_sizes,
    put_in_place,
    read_manifest,
    sha256,
    version_of,
    which_manifest,
)
from kgrec.bundle.mapped_arrays import mapped_arrays
from kgrec.bundle.model_arrays import (
    channel_entries,
    context_entries,
    model_arrays,
    model_from,
    part_of,
    target_entries,
)
from kgrec.bundle.narrow_columns import columns_of, narrowed
from kgrec.bundle.old_names import renamed
from kgrec.bundle.packed_ids import names_of, packed_ids, vocabulary_of, with_packed
from kgrec.data.dataset import COLUMN_TYPES, FOR, Array, IntArray, Interactions
from kgrec.data.persons import Persons
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.errors import BundleError, ConfigError, shorten
from kgrec.parallel.cached_attribute import cached_property
from kgrec.plain_text import local_path
from kgrec.schema.model import GraphSchema
from kgrec.scoring.int8_table import Int8Table
from kgrec.scoring.matrices import Table
from kgrec.scoring.model import AdditiveModel
from kgrec.scoring.path_terms import without_facts

_NODES = "node_embeddings"
_ENDING = "head", "relation", "tail", "since", "until"
_LATER = {"reference", "forgotten", "compacted"}
"""Entries of a manifest that bundles of earlier versions do not have."""


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
        reference: what answers were like for the users it was trained on, see kgrec/metrics/drift.py; empty for
            bundles of earlier versions.
        forgotten: how many people it was learned with who were forgotten since: neither ids nor histories of theirs are
            in it, and weights and gates stay as they were made with them, until the next training.
        compacted: from what and how it was made smaller, see kgrec/evaluation/compaction.py; empty where it was not.
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
    reference: Mapping[str, Any] = field(default_factory=dict)
    forgotten: int = 0
    compacted: Mapping[str, Any] = field(default_factory=dict)


_AS_THEY_ARE = Manifest.__dataclass_fields__.keys() - {"schema"}


@dataclass(frozen=True)
class Bundle:
    """A learned model with the ids and the behaviour that it needs to answer.

    Attributes:
        nodes: ``Type:uid`` of all nodes, the items first; ``names`` are what people read.
        names_by_language: the same in further languages, by code; empty texts where a node has none of its own.
        interactions: what users did: what it was learned from, and what hides items or speaks against them; in a
            compacted bundle in narrow columns, see :meth:`~kgrec.data.dataset.Interactions.widened`.
        node_embeddings: GNN output, float32 or in bytes ``(nodes, d)``; relation_embeddings ``(relations, d)``.
        version: its id, by the hash of its manifest; empty where it was not loaded from a folder.
        persons: which of ``users`` have several accounts, of all of which the interactions are.
        ending: those of the facts that it was learned from which will not hold any more at some moment.
        offered: items of the lists that it makes, bool ``(items,)``; None for all, see :meth:`for_platform`.
    """

    manifest: Manifest
    model: AdditiveModel
    users: Vocabulary
    items: Vocabulary
    nodes: Vocabulary
    names: Sequence[str]
    relations: tuple[str, ...]
    interactions: Interactions
    node_embeddings: Table
    relation_embeddings: Array
    names_by_language: Mapping[str, Sequence[str]] = field(default_factory=dict)
    version: str = ""
    persons: Persons = field(default_factory=Persons)
    ending: Facts = field(default_factory=Facts.none)
    offered: npt.NDArray[np.bool_] | None = None

    def __repr__(self) -> str:
        channels = ", ".join(channel.name for channel in self.model.channels)
        return f"Bundle({len(self.users)} users, {len(self.items)} items, channels: {channels})"

    @cached_property
    def occurrences(self) -> Mapping[tuple[str, str, str], int]:
        """How many interactions there are of each type, kind and platform; what speaks against items counts, too."""
        seen = self.interactions
        sizes = len(seen.types), len(seen.kinds), len(seen.platforms)
        sort = np.ravel_multi_index((seen.type, seen.kind, seen.platform), sizes)
        names = product(seen.types, seen.kinds, seen.platforms)
        return dict(zip(names, np.bincount(sort, minlength=int(np.prod(sizes))).tolist(), strict=True))

    @cached_property
    def usual(self) -> tuple[str, str]:
        """The most frequent kind and the most frequent platform of what speaks for its items."""
        seen = self.interactions.saying(FOR)
        return _most_frequent(seen.kinds, seen.kind), _most_frequent(seen.platforms, seen.platform)

    def has_readable_name(self, row: int) -> bool:
        """Whether a node's name says more to people than its id, as the schema has it; without a schema all do."""
        schema = self.manifest.schema
        if self._readable[row] < 0:
            type, _, uid = self.nodes[row].partition(":")
            self._readable[row] = schema is None or schema.is_readable(type, uid, self.names[row])
        return bool(self._readable[row])

    @cached_property
    def _readable(self) -> npt.NDArray[np.int8]:
        """Of each node that was asked about; of others -1, for most are never asked about."""
        return np.full(len(self.nodes), -1, np.int8)

    def with_model(self, model: AdditiveModel) -> Bundle:
        """The same with another model; what was worked out of all else is kept."""
        other = copy(self)
        object.__setattr__(other, "model", model)
        return other

    def as_of(self, moment: float) -> Bundle:
        """The same without the facts that do not hold any more at a moment, unix seconds; nothing is learned again."""
        ended = self.ending.until <= moment
        if not ended.any():
            return self
        other = self.with_model(without_facts(self.model, self.ending.select(ended)))
        return other.with_ending(self.ending.select(~ended))

    def with_ending(self, ending: Facts) -> Bundle:
        """The same with other facts that will end."""
        other = self.with_model(self.model)
        object.__setattr__(other, "ending", ending)
        return other

    def for_platform(self, name: str) -> Bundle:
        """The same, for lists of one platform: of what somebody took there, and of what nobody took anywhere.

        Where a cold item is offered is not known before somebody took it.

        Raises:
            ConfigError: there is no such platform.
        """
        platforms = [platform for platform in self.interactions.platforms if platform]
        if name not in platforms:
            raise ConfigError(
                "there is no such platform.",
                where="platform",
                found=shorten(name),
                expected=f"one of {', '.join(platforms)}" if platforms else "none: the data names no platforms",
                next="correct the name, or leave the platform out",
            )
        target = self.model.for_platform(name)
        there = ~target.is_cold
        if target is self.model:
            there = np.zeros(len(self.items), np.bool_)
            there[self.interactions.saying(FOR).on_platform(name).item] = True
        other = self.with_model(target)
        object.__setattr__(other, "offered", there | self.model.is_cold)
        return other

    def user_row(self, account: str) -> int | None:
        """Row of the user who has an account; None where it is unknown."""
        return self.users.row(self.persons.person_of(account))

    def save(self, folder: str | Path) -> None:
        """Write the folder as a whole, in the place of an earlier bundle: a reader never sees half of one.

        Raises:
            BundleError: something else than a bundle is there, which would be lost.
        """
        from safetensors.numpy import save_file  # whoever answers does not need it

        target = local_path(folder).absolute()
        if target.is_file() or (target.is_dir() and any(target.iterdir()) and not (target / MANIFEST).is_file()):
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
        ids, arrays = self._ids(), self._arrays()
        if self.manifest.compacted:
            ids, texts = packed_ids(ids)
            arrays |= texts
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, fresh / ARRAYS)
        (fresh / IDS).write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
        manifest = {
            "format": FORMAT,
            **{name: value for name, value in vars(self.manifest).items() if name != "schema"},
            "schema": self.manifest.schema.model_dump(mode="json") if self.manifest.schema else None,
            "channels": channel_entries(self.model),
            **({"contexts": context_entries(self.model)} if self.model.contexts else {}),
            **({"targets": target_entries(self.model)} if self.model.targets else {}),
            "files": {name: sha256(fresh / name) for name in (ARRAYS, IDS)},
        }
        (fresh / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        put_in_place(fresh, target)

    def _ids(self) -> dict[str, Any]:
        return {
            "users": list(self.users),
            "items": list(self.items),
            "nodes": list(self.nodes),
            "names": list(self.names),
            "names_by_language": {code: list(names) for code, names in self.names_by_language.items()},
            "relations": list(self.relations),
            "persons": list(self.persons.groups.values()),
            "kinds": list(self.interactions.kinds),
            "platforms": list(self.interactions.platforms),
            "types": list(self.interactions.types),
        }

    def _arrays(self) -> dict[str, Array]:
        seen, nodes = self.interactions.widened(), self.node_embeddings[:].astype(np.float32)
        columns = narrowed(seen) if self.manifest.compacted else {name: getattr(seen, name) for name in COLUMN_TYPES}
        return {
            **model_arrays(self.model),
            **(Int8Table.of(nodes).arrays(_NODES) if self.manifest.compacted else {_NODES: nodes}),
            "relation_embeddings": self.relation_embeddings.astype(np.float32),
            **{f"interactions.{name}": column for name, column in columns.items()},
            **{f"ending.{name}": getattr(self.ending, name) for name in _ENDING if len(self.ending)},
        }

    @classmethod
    def load(cls, folder: str | Path) -> Bundle:
        """Open a bundle; its arrays are mapped into memory, so its files may be replaced but not written over.

        One that is replaced meanwhile is read again: no two are mixed.

        Raises:
            BundleError: it is missing, damaged, or of another format version.
        """
        root = local_path(folder)
        while True:
            before = which_manifest(root)
            try:
                bundle = cls._read(root)
            except (BundleError, OSError):
                if which_manifest(root) == before:
                    raise
            else:
                if which_manifest(root) == before:
                    return bundle

    @classmethod
    def _read(cls, root: Path) -> Bundle:
        manifest = read_manifest(root)
        try:
            arrays = mapped_arrays(root / ARRAYS)
            ids = with_packed(json.loads((root / IDS).read_text(encoding="utf-8")), arrays)
            if manifest["format"] < FORMAT:
                manifest, arrays = renamed(manifest, arrays)
            check_sizes(arrays, ids)
            seen, ending = columns_of(part_of(arrays, "interactions")), part_of(arrays, "ending")
            names = {code: names_of(of) for code, of in ids.get("names_by_language", {}).items()}
            schema, said = manifest["schema"], _AS_THEY_ARE - (_LATER - manifest.keys())
            return cls(
                Manifest(
                    GraphSchema.model_validate(schema) if schema else None,
                    **{name: manifest[name] for name in said},
                ),
                model_from(manifest, arrays, len(ids["items"])),
                vocabulary_of(ids, arrays, "users"),
                vocabulary_of(ids, arrays, "items"),
                vocabulary_of(ids, arrays, "nodes"),
                names_of(ids["names"]),
                tuple(ids["relations"]),
                Interactions(
                    **{name: column for name, column in seen.items() if name in COLUMN_TYPES},
                    context=(),  # counted in the model: nobody's own is kept
                    kinds=tuple(ids["kinds"]),
                    platforms=tuple(ids["platforms"]),
                    types=tuple(ids.get("types", ("",))),  # bundles of earlier versions have none
                ),
                arrays[_NODES] if _NODES in arrays else Int8Table.from_arrays(arrays, _NODES),
                arrays["relation_embeddings"],
                names,
                version_of(root),
                Persons(ids.get("persons", ())),  # bundles of earlier versions have none
                Facts(**ending, relations=tuple(ids["relations"])) if ending else Facts.none(),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise BundleError(
                "the bundle's files do not fit together.",
                where=str(root),
                found=f"{type(error).__name__}: {error}",
                expected="the files that `kgrec train` wrote",
                next="train again, or copy the whole folder again",
            ) from error


def _most_frequent(names: Sequence[str], index: IntArray) -> str:
    return names[int(np.bincount(index).argmax())] if len(index) else next(iter(names), "")
