"""Text encoders by name: what the setting ``text_encoder`` may say, and the vectors that it gives a data set."""

from __future__ import annotations

from kgrec.config import TrainConfig
from kgrec.data.dataset import Array, Dataset
from kgrec.data.plugins import entry_points
from kgrec.errors import ConfigError, did_you_mean
from kgrec.learn.encoders.cache import encode_cached
from kgrec.learn.encoders.protocol import TextEncoder
from kgrec.learn.encoders.transformer import TransformerEncoder, model_folder
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


def text_vectors(dataset: Dataset, config: TrainConfig, progress: Progress) -> Array | None:
    """Vectors of the texts of all nodes, float32 ``(nodes, dim)``; None where there is no text or no encoder.

    Raises:
        MissingExtraError, ConfigError: see :func:`open_encoder`.
    """
    if not any(dataset.texts):
        return None
    encoder = open_encoder(config.text_encoder)
    if encoder is None:
        return None
    progress = progress.named("Texts")
    progress("texts to vectors", 0)
    return encode_cached(
        encoder, dataset.texts, lambda done, total: progress("texts to vectors", done, total, unit="texts")
    )
