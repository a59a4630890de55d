"""The last answers beside what a model was trained on: an alarm where they differ, none where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kgrec.bundle.bundle import Bundle
from kgrec.metrics.drift import BEST_SCORE, ENOUGH, HISTORY_LENGTH, Distribution
from kgrec.service.drift_watch import Drift, DriftWatch
from tests.support.bundles import film_bundle


def trained(version: str = "one") -> Bundle:
    rng = np.random.default_rng(0)
    reference = {
        HISTORY_LENGTH: Distribution.of(rng.poisson(9, 400)).as_dict(),
        BEST_SCORE: Distribution.of(rng.normal(2, 1, 400)).as_dict(),
    }
    bundle = film_bundle()
    return replace(bundle, version=version, manifest=replace(bundle.manifest, reference=reference))


def test_answers_as_in_training_are_no_alarm_and_others_are() -> None:
    watch, bundle, rng = DriftWatch(), trained(), np.random.default_rng(1)
    for _ in range(ENOUGH - 1):
        watch.note(bundle, int(rng.poisson(9)), float(rng.normal(2, 1)))
    assert watch.figures(bundle) == {name: Drift(None, ENOUGH - 1, False) for name in (HISTORY_LENGTH, BEST_SCORE)}
    for _ in range(400):
        watch.note(bundle, int(rng.poisson(9)), float(rng.normal(2, 1)))
    assert not any(one.alarm for one in watch.figures(bundle).values())
    for _ in range(900):
        watch.note(bundle, int(rng.poisson(9)), float(rng.normal(4, 1)))
    found = watch.figures(bundle)
    assert (found[HISTORY_LENGTH].alarm, found[BEST_SCORE].alarm) == (False, True)
    assert found[BEST_SCORE].answers == 1_000


def test_what_other_processes_answered_with_the_same_model_counts() -> None:
    watches, bundle, rng = (DriftWatch(), DriftWatch()), trained(), np.random.default_rng(1)
    for n in range(ENOUGH):
        watches[n % 2].note(bundle, int(rng.poisson(9)), float(rng.normal(4, 1)))
    assert watches[0].figures(bundle)[BEST_SCORE] == Drift(None, ENOUGH // 2, False)
    both = watches[0].figures(bundle, [watches[1].seen(bundle.version)])
    assert (both[BEST_SCORE].answers, both[BEST_SCORE].alarm, both[HISTORY_LENGTH].alarm) == (ENOUGH, True, False)
    assert watches[1].seen("another") == {}


def test_lists_that_are_filtered_say_nothing_of_the_best_score() -> None:
    watch, bundle = DriftWatch(), trained()
    for _ in range(ENOUGH):
        watch.note(bundle, 9, None)
    found = watch.figures(bundle)
    assert found[BEST_SCORE] == Drift(None, 0, False)
    assert found[HISTORY_LENGTH].alarm  # all of one length, where they were between 3 and 20


def test_another_model_begins_anew_and_an_early_one_has_nothing_to_compare_with() -> None:
    watch, first = DriftWatch(), trained()
    for _ in range(ENOUGH):
        watch.note(first, 40, 9.0)
    assert watch.figures(first)[BEST_SCORE].alarm
    second = trained("two")
    assert watch.figures(second)[BEST_SCORE] == Drift(None, 0, False)
    watch.note(second, 40, 9.0)
    assert watch.figures(second)[BEST_SCORE].answers == 1
    early = replace(second, manifest=replace(second.manifest, reference={}))
    assert watch.figures(early)[BEST_SCORE] == Drift(None, 1, False)
