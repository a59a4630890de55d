"""What is known of scores by mean and spread alone is scaled as the scores themselves are."""

from __future__ import annotations

import numpy as np
import pytest

from kgrec.scoring.reach import ReachedScores
from kgrec.scoring.scaling import COLD, KNOWN, Scaling
from tests.support.bundles import random_interactions, random_model


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("unit", [None, np.array([0.4])])
def test_by_scores_or_by_mean_and_spread(seed: int, unit: np.ndarray | None) -> None:
    rng = np.random.default_rng(seed)
    model = random_model(rng, 9)
    histories = model.histories(random_interactions(rng, 1, 9, 5), 1)
    known, cold = rng.normal(3.0, 2.0, 6), rng.normal(0.0, 1e-3, 4)
    by_scores, by_sums = (Scaling.of(model.gates, histories) for _ in range(2))
    assert by_scores.bring(1, [known[None], cold[None]], unit, np.float64)
    assert by_sums.bring(1, [ReachedScores(known, 6), ReachedScores(cold, 4)], unit, np.float64)
    np.testing.assert_allclose(by_sums.scale, by_scores.scale, rtol=1e-9)
    np.testing.assert_allclose(by_sums.constant, by_scores.constant, rtol=1e-9)
    if unit is None:
        gate, least = by_scores.gate[:, 0, 1], model.gates.cold.min_spread[1] * known.std()
        assert by_scores.scale[1, KNOWN, 0] == pytest.approx(gate[KNOWN] / known.std())
        assert by_scores.scale[1, COLD, 0] == pytest.approx(gate[COLD] / max(cold.std(), least))


def test_what_is_not_asked_about_has_no_scale() -> None:
    rng = np.random.default_rng(1)
    model = random_model(rng, 9)
    scaling = Scaling.of(model.gates, model.histories(random_interactions(rng, 1, 9, 5), 1))
    scaling.bring(0, [None, None], None, np.float64)
    assert not scaling.scale.any()
    assert scaling.opens(0) == (bool(scaling.gate[0, :, 0].any()), bool(scaling.gate[1, :, 0].any()))
