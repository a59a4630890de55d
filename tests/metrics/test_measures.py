"""Every metric against numbers worked out by hand."""

import math

import numpy as np
import pytest

from kgrec.errors import KgrecError
from kgrec.metrics import measures as metrics

# Three users, lists of four; user 0 has test items {5, 7, 9}, user 1 {2}, user 2 {0, 1}.
TOP = np.array([[5, 3, 7, 9], [4, 2, 0, -1], [6, 7, 8, 9]])
HITS = metrics.hit_matrix(TOP, np.array([0, 0, 0, 1, 2, 2]), np.array([5, 7, 9, 2, 0, 1]))
N_RELEVANT = np.array([3, 1, 2])


def test_hits_are_where_the_test_items_are() -> None:
    assert HITS.tolist() == [[True, False, True, True], [False, True, False, False], [False] * 4]


def test_the_end_of_a_short_list_is_never_a_hit() -> None:
    # Row 1 ends with -1, which as a key would be the last item of row 0.
    hits = metrics.hit_matrix(np.array([[0], [-1]]), np.array([0]), np.array([9]))
    assert not hits.any()


def test_recall_precision_hit_rate() -> None:
    assert metrics.recall(HITS, N_RELEVANT, 2) == pytest.approx([1 / 3, 1, 0])
    assert metrics.precision(HITS, 3) == pytest.approx([2 / 3, 1 / 3, 0])
    assert metrics.hit_rate(HITS, 1) == pytest.approx([1, 0, 0])


def test_mrr() -> None:
    assert metrics.mrr(HITS, 4) == pytest.approx([1, 0.5, 0])
    assert metrics.mrr(HITS, 1) == pytest.approx([1, 0, 0])


def test_ndcg_by_hand() -> None:
    # (1 + 1/log2(4)) / (1 + 1/log2(3) + 1/log2(4)) = 1.5 / 2.130930
    assert metrics.ndcg(HITS, N_RELEVANT, 3) == pytest.approx([0.7039181, 0.6309298, 0], abs=1e-7)


def test_ndcg_has_no_more_ideal_hits_than_places() -> None:
    perfect = np.ones((1, 2), bool)
    assert metrics.ndcg(perfect, [50], 2) == pytest.approx([1.0])


def test_ndcg_of_kgat_forgives_what_was_missed() -> None:
    # k = 2: the list of four holds three hits, so its ideal start is two hits; user 1 found its only one at place 2.
    assert metrics.ndcg_kgat(HITS, 2) == pytest.approx([1 / 1.6309298, 0.6309298, 0], abs=1e-7)
    only_two_deep = HITS[:, :2]
    assert metrics.ndcg_kgat(only_two_deep, 2)[0] == pytest.approx(1.0)


def test_coverage_counts_items_once_and_no_empty_places() -> None:
    assert metrics.coverage(TOP, 20, 4) == pytest.approx(9 / 20)
    assert metrics.coverage(TOP, 20, 1) == pytest.approx(3 / 20)


def test_diversity_by_hand() -> None:
    features = np.array([[1.0, 0], [2.0, 0], [0, 3.0], [1.0, 1.0], [0, 0]])
    top = np.array([[0, 1, 2], [0, 3, -1], [0, 4, -1], [2, -1, -1]])
    # cosines 1, 0, 0 -> mean 1/3; cosine of 45 degrees; a zero vector is like nothing; one item has no pairs.
    expected = [2 / 3, 1 - math.sqrt(0.5), 1.0]
    found = metrics.diversity(top, features, 3)
    assert found[:3] == pytest.approx(expected)
    assert math.isnan(found[3])


def test_novelty_by_hand() -> None:
    # Of 8 users, 4 took item 0 (1 bit), 1 took item 1 (3 bits); nobody took item 2: counts as one.
    found = metrics.novelty(np.array([[0, 1], [2, -1], [-1, -1]]), [4, 1, 0], 8, 2)
    assert found[:2] == pytest.approx([2.0, 3.0])
    assert math.isnan(found[2])


def test_auc_by_hand_with_a_tie() -> None:
    # positives .8 .4, negatives .4 .2: pairs 1, 1, .5, 1 of 4
    assert metrics.auc([1, 1, 0, 0], [0.8, 0.4, 0.4, 0.2]) == pytest.approx(3.5 / 4)
    assert metrics.auc([0, 1], [0.9, 0.1]) == 0.0


def test_auc_needs_both_labels() -> None:
    with pytest.raises(KgrecError) as error:
        metrics.auc([1, 1], [0.1, 0.2])
    assert str(error.value) == (
        "KgrecError: AUC needs positive and negative labels.\n"
        "  found     2 positive, 0 negative\n"
        "  expected  at least one of each\n"
        "  next      check the column that holds the labels"
    )


def test_f1_by_hand() -> None:
    # said 2, of them right 1, positives 3: 2 * 1 / (2 + 3)
    assert metrics.f1([1, 1, 1, 0], [0.9, 0.1, 0.4, 0.5]) == pytest.approx(0.4)
    assert metrics.f1([0, 0], [0.1, 0.2]) == 0.0


def test_log_loss_by_hand() -> None:
    assert metrics.log_loss([1, 0], [0.5, 0.75]) == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert metrics.log_loss([1], [0.0]) == pytest.approx(-math.log(1e-15))


def test_calibration_error_by_hand() -> None:
    # Two bins: (.2, .4) with one positive of two, gap |.5 - .3|; (.9) with a positive, gap |1 - .9|.
    assert metrics.ece([1, 0, 1], [0.2, 0.4, 0.9], bins=2) == pytest.approx((2 * 0.2 + 1 * 0.1) / 3)
    assert metrics.ece([0, 1], [0.0, 1.0]) == 0.0
    # An edge belongs to the bin below it: .5 is with .2, so their gaps cancel, |.5 - .35| over two of two.
    assert metrics.ece([0, 1], [0.2, 0.5], bins=2) == pytest.approx(0.15)


def test_click_metrics_are_those_of_the_labels() -> None:
    found = metrics.click_metrics([1, 0], [0.5, 0.25])
    log_loss = pytest.approx((np.log(2) + np.log(4 / 3)) / 2)
    assert found == {"auc": 1.0, "f1": 1.0, "log_loss": log_loss, "ece": pytest.approx((0.5 + 0.25) / 2)}
