"""Embeddings learned with torch: the only folder that imports it."""

from kgrec.errors import MissingExtraError

try:
    import kgrec.learn.neural.quiet_pyg  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        "learning needs packages that are not installed.",
        where="kgrec.learn",
        found=str(error),
        expected="torch and torch-geometric",
        next="pip install 'kgrec[train]'; answering from a bundle needs neither",
    ) from error
