"""Tables of a result from values per user that are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec_benchmarks.runs.outcome import Outcome
from kgrec_benchmarks.runs.summary import grouped, summarised


def outcome(**rows: list[float]) -> list[Outcome]:
    return [
        Outcome(
            rows={row: {"ndcg@10": float(np.nanmean(values))} for row, values in rows.items()},
            users={row: {"ndcg@10": np.array(values)} for row, values in rows.items()},
        )
    ]


def test_in_each_group_we_are_set_against_the_baseline_that_is_best_there() -> None:
    outcomes = {
        "kgrec": outcome(kgrec=[0.9, 0.5, 0.1, 0.1], kgrec_train_only=[1.0, 1.0, 1.0, 1.0]),
        "ease": outcome(ease=[0.4, 0.2, 0.0, 0.0]),
        "knn": outcome(knn=[0.0, 0.0, 0.2, 0.2]),
    }
    groups = {name: np.array(mask, np.bool_) for name, mask in {"near": [1, 1, 0, 0], "far": [0, 0, 1, 1]}.items()}
    found = grouped(outcomes, groups | {"never": np.zeros(4, np.bool_)}, "kgrec")
    assert found["near"]["users"] == 2
    assert found["near"]["rows"].keys() == {"kgrec", "ease", "knn"}
    near, far = (found[name]["against_best"]["ndcg@10"] for name in ("near", "far"))
    assert (near["baseline"], far["baseline"]) == ("ease", "knn")
    assert near["difference"] == pytest.approx(0.4)
    assert near["interval"] == pytest.approx([0.3, 0.5])  # both users are ahead, by .5 and by .3
    assert far["interval"] == pytest.approx([-0.1, -0.1])
    assert found["never"] == {"users": 0, "rows": {}, "against_best": {}}


def test_rows_of_what_was_met_before_stand_apart() -> None:
    outcomes = {
        "kgrec": outcome(kgrec=[0.5, 0.1], kgrec_met_before=[0.7, np.nan], kgrec_never_met=[np.nan, 0.2]),
        "knn": outcome(knn=[0.2, 0.0], knn_met_before=[0.9, np.nan], knn_never_met=[np.nan, 0.3]),
    }
    found = summarised(outcomes, [0], "kgrec")
    assert found["rows"].keys() == {"kgrec", "knn"}
    assert found["rows_met_before"].keys() == {"kgrec_met_before", "knn_met_before"}
    assert found["rows_never_met"].keys() == {"kgrec_never_met", "knn_never_met"}
    assert found["against_best"]["ndcg@10"]["baseline"] == "knn"
    assert found["intervals"]["kgrec_never_met"]["ndcg@10"] == pytest.approx([0.2, 0.2])
    assert found["intervals"]["kgrec"]["ndcg@10"] == pytest.approx([0.1, 0.5])
    without = summarised({"kgrec": outcome(kgrec=[0.5])}, [0], "kgrec")
    assert without["rows_met_before"] is without["rows_never_met"] is None
