"""An event that was acknowledged counts in the very next answer, with a graph, without one and while it is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from kgrec.data.context import Context
from kgrec.data.dataset import Interactions
from kgrec.data.records import NodeRecord
from kgrec.errors import RecordError, StoreUnavailableError, TooManyEventsError, UnknownUserError
from kgrec.graph import GraphStore
from kgrec.live.event import Receipt
from kgrec.live.event_log import EventLog
from kgrec.live.intake import Intake
from kgrec.recommendation import Recommender
from kgrec.scoring.trend import DAY_S, Trend
from tests.support.bundles import film_bundle
from tests.support.trends import START, with_trend


@pytest.fixture(params=["applied", "waiting", "no graph", "away"])
def served(
    request: pytest.FixtureRequest, log: EventLog, store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Recommender, Intake]]:
    """A recommender with its events: in the graph as soon as can be, or in the log alone, or beside the bundle."""
    if request.param == "no graph":
        recommender = Recommender(film_bundle())
    else:
        recommender = Recommender(film_bundle(store.schema, store.graph_id), store)
    if request.param == "away":

        def away(*given: object, **options: object) -> None:
            raise StoreUnavailableError("it is away.")

        for name in ("history", "node", "ping"):
            monkeypatch.setattr(store, name, away)
    with Intake(log, lambda: recommender, lambda: store if request.param == "applied" else None) as intake:
        recommender.answer_with(intake)
        if request.param == "applied":
            intake.start()
        yield recommender, intake


def seen(recommender: Recommender, user: str) -> set[str]:
    """The items that the user's list leaves out: those of the history."""
    return {*recommender.bundle.items} - {one.item for one in recommender.recommend(user, k=99)}


def test_an_event_counts_in_the_next_answer(served: tuple[Recommender, Intake]) -> None:
    recommender, intake = served
    assert seen(recommender, "bob") == {"blade"}
    for number, item in enumerate(("alien", "empire", "newcomer"), 1):
        assert intake.report([{"id": item, "user": "bob", "item": item}]) == [Receipt("accepted", number)]
        assert item in seen(recommender, "bob")
    assert recommender.score("bob", ["aliens"]) == recommender.score(
        history=["blade", "alien", "empire", "newcomer"], items=["aliens"]
    )
    assert seen(recommender, "ann") == {"star-wars", "alien"}


def test_an_event_counts_for_everybody_where_there_is_a_trend(
    served: tuple[Recommender, Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    recommender, intake = served
    trend = Trend.of(Interactions.of_pairs([0], [0], [START]), 7, DAY_S)
    bundle = replace(recommender.bundle, model=with_trend(recommender.bundle.model, trend, 2.0))
    bundle = replace(bundle, manifest=replace(bundle.manifest, data_cutoff=START))
    recommender = recommender.renewed(bundle)
    monkeypatch.setattr(intake, "_recommender", lambda: recommender)
    at = Context(START + DAY_S)
    before = recommender.score(history=[], items=["blade"], context=at)
    reports = [{"id": n, "user": "zoe", "item": "blade", "time": START + 60.0 * n} for n in range(1, 4)]
    for report in (*reports, reports[0]):
        intake.report([report])
    alone = bundle.model.with_later(START + 60.0 * np.arange(1, 4), np.full(3, 4))
    (expected,) = alone.scored(Interactions.of_pairs([], []), at.at).of_items(np.array([4])).tolist()
    assert recommender.score(history=[], items=["blade"], context=at) == [expected]
    assert expected > before[0]
    assert recommender.recommend(history=[], k=1, context=at)[0].item == "blade"
    intake.forget("zoe")  # what they did is one of many in a number
    assert recommender.score(history=[], items=["blade"], context=at) == [expected]


def test_who_is_new_is_known_by_their_events(served: tuple[Recommender, Intake]) -> None:
    recommender, intake = served
    with pytest.raises(UnknownUserError):
        recommender.recommend("zoe")
    intake.report([{"id": 1, "user": "zoe", "item": "alien"}])
    assert seen(recommender, "zoe") == {"alien"}


def test_what_graph_or_bundle_hold_already_counts_once(served: tuple[Recommender, Intake]) -> None:
    recommender, intake = served
    before = recommender.score("ann", ["empire", "aliens"])
    stated = {"user": "ann", "item": "star-wars", "kind": "watch", "platform": "cinema", "time": 1}
    assert [got.status for got in intake.report([{"id": 1, **stated}, {"id": 2, **stated}]) if isinstance(got, Receipt)]
    assert recommender.score("ann", ["empire", "aliens"]) == before


def test_each_report_has_an_answer_of_its_own(served: tuple[Recommender, Intake]) -> None:
    recommender, intake = served
    reports = [
        {"id": "a", "user": "bob", "item": "alien"},
        {"id": "b", "user": "bob"},
        {"id": "a", "user": "bob", "item": "alien"},
        {"id": "c", "user": "bob", "item": "nobody-knows"},
        {"id": "d", "user": "bob", "item": "aliens", "kind": "teleport"},
    ]
    accepted, refused, repeated, item, kind = intake.report(reports)
    assert accepted == Receipt("accepted", 1)
    assert isinstance(refused, RecordError)
    assert (repeated, item, kind) == (
        Receipt("repeated", 1),
        Receipt("set aside", None, "unknown item"),
        Receipt("set aside", None, "unknown kind"),
    )
    counts = intake.counts()
    assert (counts.accepted, counts.refused, counts.repeated, counts.set_aside) == (1, 1, 1, 2)
    assert counts.aside == {"unknown item": 1, "unknown kind": 1}
    assert (counts.last_offset, counts.waiting) == (1, 0)
    assert seen(recommender, "bob") == {"blade", "alien"}


def test_an_item_that_the_graph_has_is_known_before_the_model_has_it(log: EventLog, store: GraphStore) -> None:
    recommender = Recommender(film_bundle(store.schema, store.graph_id), store)
    with Intake(log, lambda: recommender, lambda: store) as intake:
        recommender.answer_with(intake)
        report = {"id": 1, "user": "bob", "item": "dune"}
        assert intake.report([report]) == [Receipt("set aside", None, "unknown item")]
        store.upsert_nodes([NodeRecord("Film", "dune")])
        assert intake.take_up() == 1
        assert intake.report([report | {"id": 2, "item": "dune"}]) == [Receipt("accepted", 2)]
        intake.start()
    assert [one.item for one in store.history("bob")] == ["blade", "dune", "dune"]


def test_a_new_model_takes_over_with_the_events(log: EventLog) -> None:
    old = Recommender(film_bundle())
    current = [old]
    with Intake(log, lambda: current[0]) as intake:
        old.answer_with(intake)
        intake.report([{"id": 1, "user": "bob", "item": "alien"}])
        none = Interactions.of_pairs([0], [0], [1.0])
        current[0] = old.renewed(
            replace(old.bundle, interactions=replace(none, kinds=("watch",), platforms=("cinema",)))
        )
        assert seen(current[0], "bob") == {"alien"}


def test_too_many_at_once_are_refused_as_a_whole(log: EventLog) -> None:
    recommender = Recommender(film_bundle())
    with Intake(log, lambda: recommender, most_waiting=1) as intake:
        intake._commit._waiting = 1
        with pytest.raises(TooManyEventsError):
            intake.report([{"id": 1, "user": "bob", "item": "alien"}])
        intake._commit._waiting = 0
        assert intake.counts().accepted == 0


def test_who_is_forgotten_has_no_events(log: EventLog, store: GraphStore) -> None:
    recommender = Recommender(film_bundle(store.schema, store.graph_id), store)
    with Intake(log, lambda: recommender, lambda: store) as intake:
        recommender.answer_with(intake)
        intake.report([{"id": 1, "user": "zoe", "item": "alien"}])
        assert intake.forget("zoe") == 1
        with pytest.raises(UnknownUserError):
            recommender.recommend("zoe")
        intake.report([{"id": 2, "user": "zoe", "item": "blade"}])
        assert seen(recommender, "zoe") == {"blade"}
