"""Figures that others have published for the very same files, and which of kgrec's rows each may be compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kgrec_benchmarks.runs.summary import TRAIN_FIT, TRAIN_ONLY

REFITTED = ""
"""Ending of the row of a model that learned from all that is not the test."""


@dataclass(frozen=True)
class PublishedFigure:
    """What a publication says of a system on a set.

    Attributes:
        system: its name.
        values: metric to value, by our definition of the metric; KGAT's ndcg has a name of its own.
        row: ending of the row that learned from the same part and knew the same history.
        source: who published it.
    """

    system: str
    values: Mapping[str, float]
    row: str
    source: str


_ESASREC = "eSASRec (arXiv 2508.06450)"
_ADAKG = "AdaKG"
_LIGHTKG = "LightKG (arXiv 2506.10347)"
_KGCN = "KGCN (arXiv 1904.12575)"

FIGURES: dict[str, tuple[PublishedFigure, ...]] = {
    # Leave-one-out: learned without the validation item, which stands in the history at the test.
    "beauty_s3rec": (
        PublishedFigure("eSASRec", {"recall@10": 0.0928, "ndcg@10": 0.0523}, TRAIN_FIT, _ESASREC),
        PublishedFigure("SASRec, sampled softmax", {"recall@10": 0.0921, "ndcg@10": 0.0531}, TRAIN_FIT, _ESASREC),
    ),
    # Users and items of train alone; validation stops the training and is left out of the lists.
    "lastfm_lightkg": (
        PublishedFigure("AdaKG", {"recall@10": 0.3053, "mrr@10": 0.1398}, TRAIN_ONLY, _ADAKG),
        PublishedFigure("LightKG", {"recall@10": 0.2976, "mrr@10": 0.1351}, TRAIN_ONLY, _LIGHTKG),
        PublishedFigure("KGIN", {"recall@10": 0.2727}, TRAIN_ONLY, _LIGHTKG),
        PublishedFigure("LightGCN", {"recall@10": 0.2695}, TRAIN_ONLY, _LIGHTKG),
    ),
    # The authors have no validation part: all of train is learned from.
    "kgat_amazonbook": (
        PublishedFigure("KGIN", {"recall@20": 0.1688, "ndcg@20_kgat": 0.0915}, REFITTED, "KGIN (arXiv 2102.07057)"),
        PublishedFigure("KGAT", {"recall@20": 0.1503}, REFITTED, "KGIN (arXiv 2102.07057)"),
    ),
    "lastfm_kgcn": (
        PublishedFigure("KGCN", {"auc": 0.794}, REFITTED, _KGCN),
        PublishedFigure("RippleNet", {"auc": 0.777}, REFITTED, _KGCN),
    ),
    "bookcrossing_mcclk": (
        PublishedFigure("KGCN", {"auc": 0.738}, REFITTED, _KGCN),
        PublishedFigure("RippleNet", {"auc": 0.712}, REFITTED, _KGCN),
    ),
}
"""Set to what was published for it; metrics of a set in the order of its first figure."""
