"""Embeddings learned with torch."""

from kgrec.errors import missing_extra

try:
    import kgrec.learn.neural.quiet_pyg  # noqa: F401
except ImportError as error:
    raise missing_extra(
        "train",
        "torch",
        "torch-geometric",
        where="kgrec.learn.neural",
        found=str(error),
        instead="answer from a bundle, which needs neither",
    ) from error
