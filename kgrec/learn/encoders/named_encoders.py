"""Text encoders by name: what the setting ``text_encoder`` may say, and the vectors that it gives a data set."""

from __future__ import annotations

from pathlib import Path

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError, did_you_mean
from kgrec.learn.encoders.cache import encode_cached
from kgrec.learn.encoders.protocol import TextEncoder
from kgrec.learn.encoders.transformer import TransformerEncoder, model_folder
from kgrec.parallel.executor import Executor, here
from kgrec.progress import Progress

ENCODER_GROUP = "kgrec.encoders"
"""Entry points of this group make a text encoder when called without arguments."""

_NO_ENCODER = "none"


def known_encoders() -> tuple[str, ...]:
    """Names of the text encoders that are installed."""
    return tuple(sorted({point.name for point in entry_points(group=ENCODER_GROUP)}))


def open_encoder(name: str) -> TextEncoder | None:
    """The text encoder of a name.

    Args:
        name: an entry point of the group ``kgrec.encoders``, the folder of a transformers model, or the hub name of one
            in the local cache; ``none`` gives None.

    Raises:
        MissingExtraError: a package that it needs is not installed.
        ConfigError: there is no such encoder, or its model cannot be read.
    """
    if name == _NO_ENCODER:
        return None
    points = {point.name: point for point in entry_points(group=ENCODER_GROUP)}
    if name in points:
        encoder: TextEncoder = points[name].load()()
        return encoder
    folder = model_folder(name)
    if folder is None:
        names = [*sorted(points), _NO_ENCODER]
        raise ConfigError(
            "there is no such text encoder.",
            where="setting text_encoder",
            found=f"{name!r}, neither a folder nor a model in the local cache of transformers"
            + did_you_mean(name, names, before="; "),
            expected=f"one of {', '.join(names)}, or a model in a local folder",
            next="give a name of these or the folder of a downloaded model; kgrec downloads none",
        )
    return TransformerEncoder(folder)


def open_encoders(names: str) -> list[TextEncoder]:
    """The text encoders of the setting ``text_encoder``: one, or several with commas between; none for ``none``.

    Raises:
        MissingExtraError, ConfigError: see :func:`open_encoder`; or one of several is ``none`` or there twice.
    """
    several = [names] if Path(names).exists() else [name.strip() for name in names.split(",")]
    if len(several) > 1 and (_NO_ENCODER in several or len(set(several)) < len(several)):
        raise ConfigError(
            "these text encoders cannot be joined.",
            where="setting text_encoder",
            found=names,
            expected=f"different encoders with commas between, or {_NO_ENCODER} alone",
            next="name each once",
        )
    return [encoder for encoder in map(open_encoder, several) if encoder is not None]


def text_vectors(dataset: Dataset, config: TrainConfig, progress: Progress, executor: Executor = here) -> list[Array]:
    """Unit vectors of the texts of all nodes by each encoder, float32 ``(nodes, dim)``; none without texts or encoders.

    Args:
        executor: encodes blocks of texts.

    Raises:
        MissingExtraError, ConfigError: see :func:`open_encoders`.
    """
    if not any(dataset.texts):
        return []
    progress = progress.named("Texts")
    encoders = open_encoders(config.text_encoder)
    vectors = []
    for encoder, share in zip(encoders, progress.parts(*[1] * len(encoders)), strict=True):
        share("texts to vectors", 0)
        vectors.append(encode_cached(encoder, dataset.texts, share, executor))
    return vectors
