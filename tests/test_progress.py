"""Shares of a run: every event says how much of its stage and of the whole is done."""

from __future__ import annotations

import pytest

from kgrec.progress import Event, Progress, silent


def test_shares_follow_one_another_and_fill_the_whole() -> None:
    parts = Progress(lambda event: None).parts(1, 2, 1)
    assert [part.share for part in parts] == [(0.0, 0.25), (0.25, 0.75), (0.75, 1.0)]
    assert [part.share for part in parts[1].parts(1, 1)] == [(0.25, 0.5), (0.5, 0.75)]


def test_an_event_says_what_is_done_of_the_stage_and_of_the_run() -> None:
    told: list[Event] = []
    _, training = Progress(told.append).parts(1, 1)
    first, second = training.named("Train").parts(3, 1)
    first("embeddings", 10, 40, "loss 0.4", unit="epochs")
    second("channels", 0)
    second("channels", 9, 4)
    assert told[0] == Event("Train", "embeddings", 10, 40, "epochs", "loss 0.4", 0.1875, 0.59375)
    assert [(event.of_stage, event.of_run) for event in told[1:]] == [(0.75, 0.875), (1.0, 1.0)]


def test_within_a_stage_a_part_is_no_stage_of_its_own() -> None:
    told: list[Event] = []
    fold = Progress(told.append).parts(1, 1)[1].named("Fold 2")
    fold.parts(1, 1)[1].named("Train")("embeddings", 1, 2)
    assert (told[0].stage, told[0].of_stage, told[0].of_run) == ("Fold 2", 0.75, 0.875)


def test_a_share_of_nothing_stays_where_it_begins() -> None:
    told: list[Event] = []
    nothing, _ = Progress(told.append).parts(0, 1)
    nothing.named("Tidy")("the version before", 1, 2)
    assert (told[0].of_stage, told[0].of_run) == (0.0, 0.0)
    assert Progress(told.append).parts() == []


def test_silent_takes_everything_and_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent.named("Train").parts(1)[0]("embeddings", 1, 2, "good", unit="epochs")
    assert capsys.readouterr() == ("", "")
