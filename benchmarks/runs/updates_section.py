"""What the page of results says of bundles that were brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgrec_benchmarks.runs.markdown_cells import table
from kgrec_benchmarks.runs.provenance import made_in_words

_SECONDS_OF = {"before": "training before", "updated": "update", "trained anew": "training anew"}


def updates_section(result: Mapping[str, Any]) -> str:
    """A section on accuracy and seconds of an update, beside those of a training."""
    seconds = result["timings_s"]
    rows = [[name, f"{result['rows'][name]['ndcg@10']:.4f}", f"{seconds[of]:,.0f}"] for name, of in _SECONDS_OF.items()]
    share = seconds["update"] / seconds["training anew"]
    return f"""\
## Brought up to date

MovieLens 1M: a bundle that was trained on all but the latest hundredth of what is known, the same after `kgrec update`
with that hundredth, and one that is trained on all of it. The update took {share:.1%} of the time of a training.

{table(["bundle", "ndcg@10", "seconds"], rows)}
{made_in_words([result])}
"""
