"""What is reported counts for everybody in the next answer, from its moment on, and once."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.context import Context
from kgrec.data.dataset import Interactions
from kgrec.data.records import Interaction
from kgrec.data.triples import Facts
from kgrec.data.vocabulary import Vocabulary
from kgrec.graph import GraphStore, open_store
from kgrec.recommendation import Recommender, live_bundle
from kgrec.recommendation.live_bundle import LiveBundle
from kgrec.recommendation.recent_events import NO_EVENTS
from kgrec.schema.model import InteractionType
from kgrec.scoring.path_terms import facts_told, without_facts
from kgrec.scoring.trend import DAY_S, Trend
from kgrec.testing.sample_graph import words
from tests.support.bundles import bundle_of, film_bundle, film_schema, random_interactions
from tests.support.ending_graphs import ending_schema, put_facts
from tests.support.path_worlds import N_ITEMS, path_world
from tests.support.trends import START, with_trend

CUTOFF = START + 10 * DAY_S
NOW = CUTOFF + DAY_S


class Reports:
    """What is reported, as the event log tells it."""

    def __init__(self) -> None:
        self.done: list[Interaction] = []
        self.asked: list[int] = []

    def report(self, user: str, item: str, time: float, kind: str = "watch", type: str = "WATCHED") -> None:
        self.done.append(Interaction(type, user, item, kind, "cinema", time, 1.0))

    def of_user(self, user: str, *, in_graph: int = 0) -> list[Interaction]:
        return [one for one in self.done[in_graph:] if one.user == user]

    def since(self, offset: int, moment: float) -> tuple[int, list[Interaction]]:
        self.asked.append(offset)
        return len(self.done), [one for one in self.done[offset:] if (one.time or 0.0) > moment]

    def in_graph(self) -> int:
        return 0

    def forget(self, user: str) -> int | None:
        return None


def trending_films(trend: bool = True) -> Bundle:
    """The films; up to the cut-off, Star Wars alone was watched, and watching counts double where it is lately."""
    schema = film_schema()
    returned = InteractionType(
        user="User", item="Film", words=words("returned", "退了"), kinds=("return",), speaks="against"
    )
    schema = schema.model_copy(update={"interactions": schema.interactions | {"RETURNED": returned}})
    bundle = film_bundle(schema)
    past = Interactions.of_pairs([0, 1], [0, 0], [CUTOFF - DAY_S, CUTOFF])
    bundle = replace(bundle, manifest=replace(bundle.manifest, data_cutoff=CUTOFF))
    counts = Trend.of(past, len(bundle.items), DAY_S)
    return replace(bundle, model=with_trend(bundle.model, counts, 2.0)) if trend else bundle


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def films(reports: Reports) -> Recommender:
    recommender = Recommender(trending_films())
    recommender.answer_with(reports)
    return recommender


def first(recommender: Recommender, at: float | None = None) -> str:
    """What somebody new is recommended."""
    return recommender.recommend(history=[], k=1, context=Context(at))[0].item


@pytest.mark.parametrize("at", [None, NOW])
def test_what_others_watch_now_is_recommended_to_whoever_asks_next(
    films: Recommender, reports: Reports, at: float | None
) -> None:
    assert first(films, at) == "star-wars"
    for number in range(1, 4):
        reports.report(f"u{number}", "blade", NOW - 60.0)
        assert films.live.state == (number, 0)
    assert first(films, at) == "blade"
    scored = films.score(items=["blade", "star-wars"], history=[], context=Context(at))
    it = films.explain(item="blade", history=[], context=Context(at))
    assert it.score == pytest.approx(scored[0])
    assert it.constant + sum(reason.value for reason in it.reasons) == pytest.approx(it.score, abs=1e-5)
    assert max(it.reasons, key=lambda reason: reason.value).kind == "trend"
    after = films.what_if(history=[], add=["alien"], context=Context(at)).after
    assert [one.item for one in after] == [
        one.item for one in films.recommend(history=["alien"], k=10, context=Context(at))
    ]


def test_the_future_of_the_moment_that_is_asked_about_does_not_count(films: Recommender, reports: Reports) -> None:
    before = films.score(items=["blade"], history=[], context=Context(NOW))
    for _ in range(3):
        reports.report("zoe", "blade", NOW)
    assert films.score(items=["blade"], history=[], context=Context(NOW)) == before
    assert films.score(items=["blade"], history=[], context=Context(NOW + 1)) > before


def test_events_count_once_and_those_that_the_bundle_may_have_do_not(films: Recommender, reports: Reports) -> None:
    before = films.score(items=["blade"], history=[], context=Context(NOW))
    reports.report("zoe", "blade", CUTOFF)
    reports.report("zoe", "blade", CUTOFF - 5.0)
    assert films.score(items=["blade"], history=[], context=Context(NOW)) == before
    reports.report("zoe", "blade", CUTOFF + 1.0)
    after = films.score(items=["blade"], history=[], context=Context(NOW))
    assert after > before
    assert films.score(items=["blade"], history=[], context=Context(NOW)) == after
    assert reports.asked == [0, 0, 2, 3]


def test_what_does_not_speak_for_its_item_does_not_count_and_takes_nothing_back(
    films: Recommender, reports: Reports
) -> None:
    before = films.score(items=["blade"], history=[], context=Context(NOW))
    reports.report("zoe", "blade", NOW - 60.0, "return", "RETURNED")
    assert films.score(items=["blade"], history=[], context=Context(NOW)) == before
    reports.report("ann", "blade", NOW - 90.0)
    reports.report("ann", "blade", NOW - 30.0, "return", "RETURNED")  # in one go, after what it would take back
    assert films.score(items=["blade"], history=[], context=Context(NOW)) > before


def test_items_that_nobody_knows_and_cold_ones_have_no_trend(films: Recommender, reports: Reports) -> None:
    before = films.score(items=["newcomer", "blade"], history=[], context=Context(NOW))
    reports.report("zoe", "of the graph alone", NOW - 60.0)
    assert films.score(items=["newcomer", "blade"], history=[], context=Context(NOW)) == before
    reports.report("zoe", "newcomer", NOW - 60.0)
    assert films.score(items=["newcomer"], history=[], context=Context(NOW)) == before[:1]
    assert "trend" not in {one.kind for one in films.explain(item="newcomer", history=[]).reasons}


def test_a_new_model_begins_with_what_is_later_than_its_own_counts(films: Recommender, reports: Reports) -> None:
    reports.report("zoe", "blade", CUTOFF + 10.0)
    reports.report("zoe", "blade", NOW)
    late = trending_films()
    late = replace(late, manifest=replace(late.manifest, data_cutoff=CUTOFF + 10.0))
    renewed = films.renewed(late)
    assert renewed.live.state == (2, 0)
    expected = late.model.with_later(np.array([NOW]), np.array([4])).scored(Interactions.of_pairs([], []), NOW + 9)
    assert renewed.score(items=["blade"], history=[], context=Context(NOW + 9)) == [expected.scores[4]]


def test_without_a_trend_nobody_is_asked(reports: Reports) -> None:
    films = Recommender(trending_films(trend=False))
    films.answer_with(reports)
    reports.report("zoe", "blade", NOW)
    assert (first(films), films.live.state, reports.asked) == ("star-wars", (0, 0), [])
    assert LiveBundle(trending_films(), NO_EVENTS).state == (0, 0)


def test_the_bundle_itself_stays_as_it_was_learned(films: Recommender, reports: Reports) -> None:
    bundle = films.bundle
    reports.report("zoe", "blade", NOW)
    films.recommend(history=[])
    assert films.bundle is bundle
    assert bundle.model.trend is not None
    assert len(bundle.model.trend.later_time) == 0


def ending_world(seed: int) -> tuple[Bundle, Facts]:
    """A bundle whose scores flow through facts, half of which end at 100 and a few at 200."""
    rng = np.random.default_rng(seed)
    facts, model = path_world(rng)
    until = np.where(np.arange(len(facts)) % 2 == 0, 100.0, np.where(np.arange(len(facts)) % 5 == 0, 200.0, np.nan))
    facts = replace(facts, until=until)
    bundle = bundle_of(model, random_interactions(rng, 3, N_ITEMS, 20), 3)
    return replace(bundle, ending=facts.select(~np.isnan(until))), facts


@pytest.mark.parametrize("seed", range(5))
def test_a_fact_that_ended_takes_its_number_out_of_the_score_and_nothing_else(seed: int, tmp_path: Path) -> None:
    bundle, facts = ending_world(seed)
    bundle.save(tmp_path / "b")
    bundle = Bundle.load(tmp_path / "b")
    now = 50.0
    live = LiveBundle(bundle, NO_EVENTS, clock=lambda: now)
    assert live.bundle() is bundle
    states = [live.state]
    for now in (150.0, 250.0):
        past = bundle.interactions.select(bundle.interactions.user == 0)
        found = live.bundle().model.scored(past).scores
        ended = facts.select(facts.until <= now)
        np.testing.assert_allclose(found, without_facts(bundle.model, ended).scored(past).scores, atol=1e-9)
        assert np.abs(found - bundle.model.scored(past).scores).max() > 1e-6
        states.append(live.state)
    assert len(set(states)) == 3
    assert len(live.bundle().ending) == 0


def test_models_of_platforms_lose_the_fact_as_well() -> None:
    bundle, facts = ending_world(0)
    model = replace(bundle.model, targets={"app": ending_world(1)[0].model})
    later = replace(bundle, model=model).as_of(1e9).model.targets["app"]
    past = bundle.interactions.select(bundle.interactions.user == 0)
    ended = facts.select(~np.isnan(facts.until))
    expected = without_facts(model.targets["app"], ended).scored(past).scores
    np.testing.assert_allclose(later.scored(past).scores, expected, atol=1e-9)


def test_what_ended_is_in_no_answer() -> None:
    bundle, _ = ending_world(2)
    recommender = Recommender(bundle)
    past = bundle.as_of(time.time())
    for item in bundle.items:
        it = recommender.explain(history=["i0", "i1"], item=item)
        plain = Recommender(replace(past, ending=Facts.none())).explain(history=["i0", "i1"], item=item)
        assert it.score == pytest.approx(plain.score, abs=1e-12)
        assert [reason.kind for reason in it.reasons] == [reason.kind for reason in plain.reasons]


def put_world(store: GraphStore, bundle: Bundle, facts: Facts) -> None:
    """Write the facts of a bundle, with when they end."""
    rows = zip(facts.head.tolist(), facts.relation.tolist(), facts.tail.tolist(), facts.until.tolist(), strict=True)
    put_facts(
        store,
        [
            (bundle.nodes[head], bundle.relations[relation], bundle.nodes[tail], None if np.isnan(until) else until)
            for head, relation, tail, until in rows
        ],
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_fact_that_is_retired_in_the_graph_goes_with_its_number(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    facts, model = path_world(rng)
    retired = np.arange(len(facts)) % 3 == 0
    stated = replace(facts, until=np.where(retired, 10.0, np.nan))
    with open_store("kglite::memory:") as store:
        store.apply_schema(ending_schema())
        bundle = bundle_of(
            model, random_interactions(rng, 3, N_ITEMS, 20), 3, schema=store.schema, graph_id=store.graph_id
        )
        put_world(store, bundle, facts)
        before = Recommender(bundle, store)
        plain = before.score(items=list(bundle.items), history=["i0", "i1"])
        assert plain == Recommender(bundle).score(items=list(bundle.items), history=["i0", "i1"])
        put_world(store, bundle, stated)
        found = Recommender(bundle, store).score(items=list(bundle.items), history=["i0", "i1"])
        expected = bundle.with_model(without_facts(model, facts.select(retired)))
        assert found == pytest.approx(Recommender(expected).score(items=list(bundle.items), history=["i0", "i1"]))
        assert np.abs(np.array(found) - plain).max() > 1e-6
        # An embedded graph is nobody else's while it is open; another one is asked again.
        assert before.score(items=list(bundle.items), history=["i0", "i1"]) == plain
        monkeypatch.setattr(type(store), "facts_stay", False)
        asked = Recommender(bundle, store)
        states = {asked.live.state}
        monkeypatch.setattr(live_bundle, "LOOK_AGAIN_S", 0.01)
        put_world(store, bundle, replace(facts, until=np.full(len(facts), 20.0)))
        asked.live._ask_at = 1e-9
        deadline = time.monotonic() + 30
        while len(states) < 2 and time.monotonic() < deadline:
            states.add(asked.live.state)
        told = facts_told(model, facts)
        assert 0 < told.sum() < len(facts)
        assert states == {(0, int((told & retired).sum())), (0, int(told.sum()))}


def test_an_end_that_the_graph_takes_back_does_not_come(tmp_path: Path) -> None:
    bundle, facts = ending_world(0)
    with open_store("kglite::memory:") as store:
        store.apply_schema(ending_schema())
        manifest = replace(bundle.manifest, schema=store.schema)
        renamed = tuple(name.replace("Movie:", "Film:") for name in bundle.nodes)
        bundle = replace(bundle, manifest=manifest, nodes=Vocabulary(renamed))
        put_world(store, bundle, replace(facts, until=np.full(len(facts), np.nan)))
        assert LiveBundle(bundle, NO_EVENTS).state == (0, len(bundle.ending))
        assert LiveBundle(bundle, NO_EVENTS, store=lambda: store).state == (0, 0)
        assert LiveBundle(bundle, NO_EVENTS, store=lambda: None).state == (0, len(bundle.ending))
        store.close()
        assert LiveBundle(bundle, NO_EVENTS, store=lambda: store).state == (0, len(bundle.ending))


def test_a_graph_that_is_opened_again_is_asked_again() -> None:
    bundle, facts = ending_world(0)
    renamed = Vocabulary([name.replace("Movie:", "Film:") for name in bundle.nodes])
    manifest = replace(bundle.manifest, schema=ending_schema())
    bundle = replace(bundle, manifest=manifest, nodes=renamed, ending=Facts.none())
    with open_store("kglite::memory:") as first, open_store("kglite::memory:") as second:
        put_world(first, bundle, replace(facts, until=np.full(len(facts), np.nan)))
        put_world(second, bundle, facts)
        stores: list[GraphStore | None] = [None]
        live = LiveBundle(bundle, NO_EVENTS, store=lambda: stores[-1])
        found = []
        for store in (None, first, None, second):
            stores.append(store)
            found.append(live.state[1])
    assert found[:3] == [0, 0, 0]
    assert found[3] == facts_told(bundle.model, facts.select(facts.until < 1e9)).sum() > 0
