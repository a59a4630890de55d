"""Vectors of texts, kept on disk by the content of each text."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError
from kgrec.learn.encoders.protocol import TextEncoder
from kgrec.parallel.blocks import map_blocks, ranges
from kgrec.parallel.executor import Executor, here
from kgrec.plain_text import local_path
from kgrec.progress import Progress, silent


def cache_folder() -> Path:
    """The folder of computed files: ``$KGREC_CACHE`` or ``~/.cache/kgrec``."""
    return local_path(os.environ.get("KGREC_CACHE") or "~/.cache/kgrec")


_TEXTS_AT_ONCE = 1024
"""Texts of a block: seconds of work, and whole batches of an encoder that takes a power of 2 at once."""


def encode_cached(
    encoder: TextEncoder, texts: Sequence[str], progress: Progress = silent, executor: Executor = here
) -> Array:
    """Unit vectors of texts, float32 ``(len(texts), dim)``, from the cache where they were encoded before.

    The cache is one file per encoder, keyed by the hash of each text; a text is encoded once however often it occurs.
    A cache file that cannot be read is made anew, and a writer replaces it as a whole, so that several may run at once.
    Where the folder cannot be written to, texts are encoded again next time.

    Args:
        progress: told of the texts that were not in the cache.
        executor: encodes blocks of these; an encoder has to be picklable where that is in other processes.

    Raises:
        ConfigError: the encoder gives vectors of another shape or type than it promises.
    """
    keys = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    path = cache_folder() / "texts" / f"{encoder.name}.npz"
    stored, known = _read_cache(path, encoder.dim)
    fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if fresh:
        stored = np.concatenate([stored, _encoded(encoder, list(fresh.values()), progress, executor)])
        known |= {key: len(known) + row for row, key in enumerate(fresh)}
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{uuid.uuid4().hex}.tmp.npz")
            try:
                np.savez(draft, vectors=stored, keys=np.array(list(known)))
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
    return stored[[known[key] for key in keys]]


def _encoded(encoder: TextEncoder, texts: list[str], progress: Progress, executor: Executor) -> Array:
    """Vectors of texts, which go by length, so that those of a block have little padding."""
    by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    shared = encoder, [texts[row] for row in by_length]
    blocks = ranges(len(texts), _TEXTS_AT_ONCE)
    parts = list(map_blocks(executor, _of_block, shared, blocks, progress, "texts to vectors", "texts"))
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    vectors[by_length] = np.concatenate(parts)
    return vectors


def _of_block(shared: tuple[TextEncoder, list[str]], rows: range) -> Array:
    """Vectors of some texts."""
    encoder, texts = shared
    return _as_promised(encoder, encoder.encode(texts[rows.start : rows.stop]), len(rows))


def _as_promised(encoder: TextEncoder, vectors: Array, n_texts: int) -> Array:
    """The vectors, if they have the shape and type that every encoder promises."""
    if vectors.shape == (n_texts, encoder.dim) and vectors.dtype == np.float32:
        return vectors
    raise ConfigError(
        "the text encoder does not keep its promise.",
        where=f"text encoder {encoder.name}",
        found=f"{vectors.dtype} of shape {vectors.shape} for {n_texts} texts",
        expected=f"float32 of shape {(n_texts, encoder.dim)}",
        next="test it with kgrec.testing.text_encoder.TextEncoderContract",
    )


def _read_cache(path: Path, dim: int) -> tuple[Array, dict[str, int]]:
    """Vectors of a cache file and their rows by key; nothing where it is missing or damaged."""
    if path.is_file():
        # A damaged archive raises nearly anything, and a cache can always be made again.
        with suppress(Exception):
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                stored, keys = file["vectors"], file["keys"].tolist()
            if stored.shape == (len(keys), dim) and stored.dtype == np.float32:
                return stored, {key: row for row, key in enumerate(keys)}
    return np.zeros((0, dim), np.float32), {}
