"""Explanations add up, their counterfactuals are what scoring again gives, their paths are in the graph."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.dataset import Array, IntArray, Interactions
from kgrec.errors import KgrecError, QueryTimeoutError, StoreUnavailableError
from kgrec.explanation import explainer as explain_module
from kgrec.explanation.reasons import EntityReason, PastItem, PastItemReason, PopularityReason
from kgrec.graph import GraphStore
from kgrec.graph.store_link import AGAIN_AFTER_S
from kgrec.graph.store_types import GraphPath
from kgrec.recommendation import Explanation, Filters, PastInteraction, Recommender
from kgrec.schema.model import GraphSchema
from kgrec.scoring.gates import Gates
from kgrec.scoring.matrices import LowRankMatrix
from kgrec.scoring.model import AdditiveModel, Channel
from tests.support.bundles import bundle_of, film_bundle, film_schema, film_store, random_bundle

MANY = settings(max_examples=20, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture
def store() -> Iterator[GraphStore]:
    with film_store() as opened:
        yield opened


@pytest.fixture
def films(store: GraphStore) -> Recommender:
    return Recommender(film_bundle(film_schema(), store.graph_id), store)


PAST = st.builds(
    PastInteraction,
    st.sampled_from([f"i{n}" for n in range(8)]),
    st.sampled_from([None, "buy", "view", "never seen"]),
    st.sampled_from([None, 1.0, 1.0, 2.0, 3.5]),
    st.sampled_from([0.0, 1.0, 5.0]),
    st.sampled_from([None, "app", "web", "never seen"]),
)


def near(value: float) -> Any:
    """Whatever differs from a value by rounding only."""
    return pytest.approx(value)


def adds_up(it: Explanation) -> None:
    assert it.base + sum(part.value for part in it.contributions) == pytest.approx(it.score, abs=1e-5)
    assert it.base + sum(past.value for past in it.past) == pytest.approx(it.score, abs=1e-5)
    assert it.base + sum(it.channels.values()) == pytest.approx(it.score, abs=1e-5)
    assert it.constant + sum(reason.value for reason in it.reasons) == pytest.approx(it.score, abs=1e-5)


@MANY
@given(SEEDS, st.lists(PAST, max_size=10))
def test_explanations_of_any_history_add_up(seed: int, history: list[PastInteraction]) -> None:
    recommender = Recommender(random_bundle(np.random.default_rng(seed)))
    for found in recommender.recommend(history=history, k=8, filters=Filters(include_seen=True), explain=True):
        it = found.explanation
        assert it is not None
        adds_up(it)
        assert it.score == found.score == recommender.score(items=[found.item], history=history)[0]
        assert all(part.item != found.item for part in it.contributions)
        sizes = [abs(part.value) for part in it.contributions]
        assert sizes == sorted(sizes, reverse=True)


@MANY
@given(SEEDS, st.integers(0, 4), st.integers(0, 7))
def test_explanations_of_known_users_add_up(seed: int, user: int, item: int) -> None:
    it = Recommender(random_bundle(np.random.default_rng(seed))).explain(f"u{user}", f"i{item}")
    adds_up(it)
    assert json.loads(json.dumps(it.as_dict())) == it.as_dict()


@MANY
@given(SEEDS, st.lists(PAST, min_size=1, max_size=10), st.integers(0, 7))
def test_the_counterfactual_is_scoring_again_without_the_item(
    seed: int, history: list[PastInteraction], item: int
) -> None:
    recommender = Recommender(random_bundle(np.random.default_rng(seed)))
    it = recommender.explain(history=history, item=f"i{item}")
    if it.counterfactual is None:
        assert not it.past or it.past[0].value <= 0
        return
    assert it.counterfactual.uid == it.past[0].item
    ids = list(recommender.bundle.items)
    rest = [past for past in history if past.item != it.counterfactual.uid]
    before = recommender.score(items=ids, history=history)
    after = recommender.score(items=ids, history=rest)
    assert it.counterfactual.score == pytest.approx(after[item], abs=1e-9)
    rivals = [row for row in range(8) if row != item and ids[row] not in {past.item for past in history}]
    assert it.counterfactual.candidates == len(rivals) + 1
    for scores, rank in ((before, it.counterfactual.rank_before), (after, it.counterfactual.rank_after)):
        own = (-scores[item], item)
        assert rank == 1 + sum((-scores[row], row) < own for row in rivals)


def test_ranks_count_the_items_that_passed_the_filters(films: Recommender) -> None:
    (best,) = films.recommend("ann", k=1, filters=Filters(allow=["aliens", "blade", "newcomer"]), explain=True)
    assert best.explanation is not None
    assert best.explanation.counterfactual is not None
    assert (best.explanation.counterfactual.rank_before, best.explanation.counterfactual.candidates) == (1, 3)


def test_an_explanation_in_full(films: Recommender) -> None:
    it = films.explain("ann", "empire")
    assert (it.user, it.item, it.name, it.new, it.history, it.degraded) == ("ann", "empire", "Empire", False, 2, None)
    assert [(part.item, part.channel) for part in it.contributions] == [
        ("star-wars", "behaviour"),
        ("star-wars", "semantic"),
        ("star-wars", "paths"),
    ]
    behaviour, semantic, paths = (part.value for part in it.contributions)
    assert behaviour == near(2.5)  # 3 over the spread of (0, 3, 0, 2, .5, ...) over known films, 1.2
    watched = {"en": "watched", "zh": "看过"}
    assert it.past == (PastItem("star-wars", "Star Wars", near(behaviour + paths + semantic), watched),)
    assert it.channels == {"behaviour": behaviour, "semantic": semantic, "paths": paths}
    together, texts, lucas, popular = it.reasons
    positive = behaviour + paths + semantic + 0.05
    assert together == PastItemReason(
        behaviour,
        near(behaviour / positive),
        "taken_together",
        PastItem("star-wars", "Star Wars", behaviour, watched),
    )
    assert isinstance(texts, PastItemReason)
    assert (texts.evidence, texts.value) == ("semantic", semantic)
    assert popular == PopularityReason(near(0.05), near(0.05 / positive), False)
    assert isinstance(lucas, EntityReason)
    assert (lucas.value, lucas.share) == (near(paths), near(paths / positive))
    assert it.path_share == lucas.share
    (path,) = lucas.paths
    assert it.paths == (path,)
    assert ([each.name for each in path.nodes], path.value) == (["Star Wars", "George Lucas", "Empire"], lucas.value)
    assert [(step.source.uid, step.type, step.target.uid) for step in path.steps] == [
        ("star-wars", "DIRECTED_BY", "lucas"),
        ("empire", "DIRECTED_BY", "lucas"),
    ]
    assert path.steps[0].words == {"en": "directed by", "zh": "导演是"}
    assert json.loads(json.dumps(it.as_dict())) == it.as_dict()


def test_every_edge_of_every_shown_path_is_in_the_store(films: Recommender, store: GraphStore) -> None:
    edges = {
        (row["source_type"], row["source"], name, row["relation"], row["target_type"], row["target"])
        for name in film_schema().edges
        for batch in store.export_edges(name)
        for row in batch.to_pylist()
    }
    shown = [
        step
        for found in films.recommend(
            history=["star-wars", "alien", "blade"], k=9, filters=Filters(include_seen=True), explain=True
        )
        if found.explanation
        for path in found.explanation.paths
        for step in path.steps
    ]
    assert len(shown) == 5
    for step in shown:
        ends = (step.source.type, step.source.uid, step.type, step.relation, step.target.type, step.target.uid)
        assert ends in edges


def test_cold_items_are_explained_by_their_facts(films: Recommender) -> None:
    it = films.explain("ann", "newcomer")
    assert it.new
    assert it.past[0].item == "alien"
    assert it.paths[0].value > 0
    assert [step.type for step in it.paths[0].steps] == ["HAS_GENRE", "HAS_GENRE"]


def test_without_history_there_is_no_counterfactual(films: Recommender) -> None:
    it = films.explain("cold", "empire")
    assert (it.contributions, it.past, it.paths, it.counterfactual) == ((), (), (), None)
    assert [type(reason) for reason in it.reasons] == [PopularityReason]
    assert it.base == it.score


@dataclass
class OddStore:
    """Confirms paths over the entities that it is told to."""

    schema: GraphSchema = field(default_factory=film_schema)
    graph_id: str = "g1"
    facts_stay: bool = True
    holds: tuple[str, ...] = ("lucas", "horror")
    fails: Exception | None = None
    asked: int = 0

    def version(self) -> None: ...

    def confirm_all(self, candidates: Sequence[GraphPath], timeout_s: float) -> list[bool]:
        self.asked += 1
        if self.fails:
            raise self.fails
        return [path.nodes[1].uid in self.holds for path in candidates]


def test_a_reason_whose_edges_the_store_does_not_have_counts_and_is_not_shown_as_a_path() -> None:
    store: Any = OddStore(holds=("horror",))
    it = Recommender(film_bundle(film_schema(), "g1"), store).explain(item="empire", history=["star-wars"])
    (lucas,) = (reason for reason in it.reasons if isinstance(reason, EntityReason))
    assert lucas.value > 0
    assert (lucas.paths, it.paths, it.degraded) == ((), (), None)
    adds_up(it)


def test_the_paths_of_a_whole_list_are_confirmed_together() -> None:
    store: Any = OddStore()
    best = Recommender(film_bundle(film_schema(), "g1"), store).recommend(
        history=["star-wars", "alien"], k=7, explain=True
    )
    shown = {one.item: [path.nodes[1].uid for path in one.explanation.paths] for one in best if one.explanation}
    assert shown == {"empire": ["lucas"], "newcomer": ["horror"], "aliens": [], "blade": [], "stranger": []}
    assert store.asked == 1


def test_a_timeout_degrades_an_explanation_and_does_not_fail_it() -> None:
    store: Any = OddStore(fails=QueryTimeoutError("too slow."))
    it = Recommender(film_bundle(film_schema(), "g1"), store).explain(item="empire", history=["star-wars"])
    assert it.degraded == "no graph paths: the look-up ran out of its time"
    assert it.counterfactual is not None


def test_a_store_that_is_away_is_left_alone_for_a_while_and_then_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    odd = OddStore(fails=StoreUnavailableError("the server cannot be reached."))
    store: Any = odd
    recommender = Recommender(film_bundle(film_schema(), "g1"), store)
    gone = "no graph paths: the store cannot be reached (the server cannot be reached.)"
    three = recommender.recommend(history=["star-wars"], k=3, explain=True)
    assert [one.explanation.degraded for one in three if one.explanation] == [gone] * 3
    assert odd.asked == 1
    odd.fails = None
    assert recommender.explain(item="empire", history=["star-wars"]).degraded == gone
    assert odd.asked == 1
    now = AGAIN_AFTER_S + 0.1
    back = recommender.explain(item="empire", history=["star-wars"])
    assert (back.degraded, len(back.paths), odd.asked) == (None, 1, 2)


@pytest.mark.parametrize("off", ["contributions", "reasons"])
def test_parts_that_do_not_add_up_are_refused(films: Recommender, monkeypatch: pytest.MonkeyPatch, off: str) -> None:
    true_check = explain_module.check_sums

    def check(what: str, rows: IntArray, sums: Array, scores: Array, rounded: Array | float = 0.0) -> None:
        assert np.max(rounded) < 5e-6
        true_check(what, rows, sums, scores + 2e-5 * (what == off), rounded)

    monkeypatch.setattr(explain_module, "check_sums", check)
    with pytest.raises(KgrecError) as caught:
        films.explain("ann", "empire")
    assert str(caught.value) == (
        f"KgrecError: the {off} do not add up to the score.\n"
        "  where     item row 1\n"
        f"  found     a sum of {films.score('ann', ['empire'])[0]:.6f}\n"
        f"  expected  the score, {films.score('ann', ['empire'])[0] + 2e-5:.6f}, within 1e-05\n"
        "  next      the bundle's numbers may be too large for their precision: "
        "train again, and report it if it stays"
    )


def test_parts_that_cancel_out_are_explained_in_a_large_catalogue_too() -> None:
    """Their sum is rounded in a list: by more than 1e-5 where they are a thousand times as large as what is left."""
    rng = np.random.default_rng(0)
    n_items, past = 5_000, 300
    for_it = LowRankMatrix(rng.random((n_items, 8), np.float32), rng.random((n_items, 8), np.float32))
    nearly = LowRankMatrix(for_it.source, for_it.target + rng.normal(0, 1e-3, (n_items, 8)).astype(np.float32))
    channels = Channel("one", for_it, unit=1.0), Channel("other", nearly, unit=1.0)
    model = AdditiveModel(
        channels, Gates.common(np.array([3.0, -3.0]), 0.0), np.zeros(n_items), np.zeros(n_items, bool)
    )
    done = Interactions.of_pairs(np.zeros(past, np.int64), rng.choice(n_items, past, replace=False))
    recommender = Recommender(bundle_of(model, done, 1))
    best = recommender.recommend("u0", k=20, explain=True)
    rounded = recommender.recommend("u0", k=20)
    gaps = []
    for one, plain in zip(best, rounded, strict=True):
        it = one.explanation
        assert it is not None
        assert (one.item, one.score) == (plain.item, it.score)
        assert it.score == pytest.approx(it.constant + sum(reason.value for reason in it.reasons), abs=1e-5)
        gaps.append(abs(plain.score - it.score))
    assert 1e-5 < max(gaps) < 1e-2


def test_the_verb_is_that_of_the_latest_kind() -> None:
    schema = film_schema()
    watched = schema.interactions["WATCHED"]
    bought = watched.model_copy(update={"kinds": ("buy",), "words": watched.words.model_copy(update={"en": "bought"})})
    schema = schema.model_copy(update={"interactions": {"WATCHED": watched, "BOUGHT": bought}})
    recommender = Recommender(film_bundle(schema, "g1"))
    history = [PastInteraction("star-wars", "buy", 2.0), PastInteraction("star-wars", "watch", 1.0)]
    assert recommender.explain(item="empire", history=history).past[0].verb["en"] == "bought"
    assert recommender.explain(item="empire", history=history[1:]).past[0].verb["en"] == "watched"
    assert Recommender(film_bundle()).explain("ann", "empire").past[0].verb == {"en": "chose", "zh": "选过"}
