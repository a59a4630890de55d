"""Recommender: lists, filters, fold-in, the store's truth, and what happens without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.bundle.bundle import Bundle
from kgrec.data.records import Interaction
from kgrec.errors import (
    KgrecError,
    UnknownItemError,
    UnknownUserError,
)
from kgrec.graph import GraphStore
from kgrec.recommendation import Condition, Context, Filters, PastInteraction, Recommender
from kgrec.recommendation.fold_in import fold_in
from kgrec.testing.sample_graph import node
from tests.support.bundles import (
    FILMS,
    KINDS,
    PLATFORMS,
    bundle_of,
    film_bundle,
    film_schema,
    film_store,
    random_bundle,
)

MANY = settings(max_examples=30, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def ids(recommender: Recommender, *args: Any, **settings: Any) -> list[str]:
    return [one.item for one in recommender.recommend(*args, **settings)]


def past_of(bundle: Bundle, user: str) -> list[PastInteraction]:
    seen = bundle.interactions
    return [
        PastInteraction(
            bundle.items[int(seen.item[n])],
            seen.kinds[int(seen.kind[n])],
            None if np.isnan(seen.time[n]) else float(seen.time[n]),
            float(seen.weight[n]),
            seen.platforms[int(seen.platform[n])],
        )
        for n in np.flatnonzero(seen.user == bundle.users.row(user))
    ]


def test_what_was_watched_speaks_for_its_like(films: Recommender) -> None:
    best = films.recommend("ann", k=3)
    assert [(found.rank, found.item, found.name, found.new) for found in best] == [
        (1, "empire", "Empire", False),
        (2, "aliens", "Aliens", False),
        (3, "newcomer", "Newcomer", True),
    ]
    assert [found.score for found in best] == films.score("ann", ["empire", "aliens", "newcomer"])
    assert best[0].explanation is None
    assert best[0].as_dict() == {
        "rank": 1,
        "item": "empire",
        "name": "Empire",
        "score": best[0].score,
        "new": False,
        "explanation": None,
        "names": {},
    }


def test_filters(films: Recommender) -> None:
    def passing(**parts: Any) -> list[str]:
        return ids(films, "ann", filters=Filters(**parts))

    everything = passing(include_seen=True)
    assert sorted(everything) == sorted(FILMS)
    unseen = ids(films, "ann")
    assert unseen == [item for item in everything if item not in ("star-wars", "alien")]
    assert passing() == passing(cold_items="include") == unseen
    assert passing(cold_items="only") == ["newcomer", "stranger"]
    assert passing(cold_items="exclude") == [item for item in unseen if item not in ("newcomer", "stranger")]
    assert passing(allow=["blade", "aliens", "alien"]) == ["aliens", "blade"]
    assert passing(allow=[]) == []
    assert passing(deny=["empire", "nobody knows it"]) == unseen[1:]
    assert passing(where=[Condition("year", ">=", 1981)]) == ["aliens", "blade"]
    assert passing(where=[Condition("year", ">=", 1981), Condition("year", "<", 1986)]) == ["blade"]
    assert passing(where=[Condition("tags", "=", "space")], deny=["empire"]) == []
    assert passing(met="exclude") == passing(met="exclude", include_seen=True) == unseen
    assert passing(met="only") == []
    assert sorted(passing(met="only", include_seen=True)) == ["alien", "star-wars"]


def test_a_user_without_history_gets_what_is_popular(films: Recommender) -> None:
    assert ids(films, "cold", k=3) == ["star-wars", "empire", "alien"]
    assert ids(films, history=[], k=3) == ["star-wars", "empire", "alien"]


def test_equal_scores_go_by_row(alone: Recommender) -> None:
    flat = replace(alone.bundle.model, prior=np.zeros(7, np.float32))
    assert ids(Recommender(replace(alone.bundle, model=flat)), history=[]) == list(FILMS)


def test_similar_items_leave_popularity_out(alone: Recommender) -> None:
    similar = alone.similar_items("alien", 2)
    assert [found.item for found in similar] == ["aliens", "newcomer"]
    louder = replace(alone.bundle.model, prior=alone.bundle.model.prior * 100)
    assert Recommender(replace(alone.bundle, model=louder)).similar_items("alien", 2) == similar
    assert len(alone.similar_items("alien", 99)) == 6


@MANY
@given(SEEDS, st.integers(1, 9))
def test_the_list_is_the_head_of_a_full_sort(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    recommender = Recommender(random_bundle(rng))
    scores = recommender.score("u0", list(recommender.bundle.items))
    seen = {past.item for past in past_of(recommender.bundle, "u0")}
    order = sorted(range(8), key=lambda row: (-scores[row], row))
    assert ids(recommender, "u0", k=k) == [f"i{row}" for row in order if f"i{row}" not in seen][:k]


@MANY
@given(SEEDS)
def test_a_known_user_is_their_history(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bundle = random_bundle(rng)
    if rng.random() < 0.5:
        time = bundle.interactions.time.copy()
        time[0] = np.nan
        bundle = replace(bundle, interactions=replace(bundle.interactions, time=time))
    recommender, items = Recommender(bundle), list(bundle.items)
    together = bundle.model.scores(bundle.model.histories(bundle.interactions, 5))
    for row, user in enumerate(bundle.users):
        past = past_of(bundle, user)
        shuffled = [past[n] for n in rng.permutation(len(past))]
        np.testing.assert_allclose(recommender.score(user, items), together[row], atol=1e-9)
        np.testing.assert_allclose(recommender.score(items=items, history=shuffled), together[row], atol=1e-9)


def test_bare_ids_are_of_the_usual_kind_and_platform() -> None:
    interactions = replace(random_bundle(np.random.default_rng(3)).interactions)
    usual = replace(interactions, kind=np.ones_like(interactions.kind), platform=np.zeros_like(interactions.platform))
    bundle = replace(random_bundle(np.random.default_rng(3)), interactions=usual)
    explicit = [PastInteraction("i1", KINDS[1], platform=PLATFORMS[0])]
    assert fold_in(["i1"], bundle).kinds == ("view",)
    recommender = Recommender(bundle)
    assert recommender.score(items=["i0", "i2"], history=["i1"]) == recommender.score(
        items=["i0", "i2"], history=explicit
    )


def test_the_store_knows_the_newest_history(films: Recommender, store: GraphStore) -> None:
    store.upsert_interactions([Interaction("WATCHED", "cold", "star-wars", "watch", "cinema", 9.0)])
    assert ids(films, "cold", k=1) == ["empire"]
    assert films.score("cold", FILMS) == pytest.approx(films.score(items=FILMS, history=["star-wars"]))


def test_items_newer_than_the_bundle_are_passed_over(films: Recommender, store: GraphStore) -> None:
    before = films.score("ann", FILMS)
    store.upsert_nodes([node("Film", "tomorrow", "Tomorrow"), node("User", "eve")])
    store.upsert_interactions([Interaction("WATCHED", who, "tomorrow", "watch", time=9.0) for who in ("ann", "eve")])
    assert films.score("ann", FILMS) == before
    assert ids(films, "eve", k=2) == ["star-wars", "empire"]


def test_a_deleted_user_is_unknown_at_once(films: Recommender, store: GraphStore) -> None:
    store.delete_user("ann")
    with pytest.raises(UnknownUserError) as caught:
        films.recommend("ann")
    assert str(caught.value) == (
        "UnknownUserError: there is no such user.\n"
        "  found     'ann'\n"
        "  expected  a User of kglite::memory:\n"
        "  next      give a history instead of a user: --history ITEM in a command, history=[...] in Python"
    )


def message(call: Callable[[], object]) -> str:
    with pytest.raises(KgrecError) as caught:
        call()
    return str(caught.value)


def test_unknown_user(alone: Recommender) -> None:
    assert message(lambda: alone.recommend("anna")) == (
        "UnknownUserError: there is no such user.\n"
        "  found     'anna'\n"
        "  expected  one of 3 users of the bundle\n"
        "  next      did you mean 'ann'?"
    )
    assert message(lambda: alone.recommend("x" * 10_000)) == (
        "UnknownUserError: there is no such user.\n"
        f"  found     '{'x' * 199}... (10002 characters)\n"
        "  expected  one of 3 users of the bundle\n"
        "  next      give a history instead of a user: --history ITEM in a command, history=[...] in Python"
    )


def test_unknown_item(alone: Recommender) -> None:
    expected = (
        "UnknownItemError: there is no such item in the bundle.\n"
        "  found     'alein'\n"
        "  expected  one of 7 item ids\n"
        "  next      did you mean 'alien', 'aliens'?"
    )
    assert message(lambda: alone.recommend(history=["alein"])) == expected
    assert message(lambda: alone.explain("ann", "alein")) == expected
    assert message(lambda: alone.score("ann", ["alein"])) == expected
    assert message(lambda: alone.similar_items("alein")) == expected
    assert message(lambda: alone.recommend("ann", filters=Filters(allow=["alein"]))) == expected
    assert message(lambda: alone.similar_items("?")).endswith(
        "\n  next      an item's id looks like 'star-wars'; train again where it is newer than the bundle"
    )


def test_a_title_in_the_place_of_an_id_is_answered_with_the_id(alone: Recommender) -> None:
    assert message(lambda: alone.similar_items("B")).endswith("\n  next      'blade' is the id of Blade")
    assert message(lambda: alone.similar_items("Emp")).endswith("\n  next      'empire' is the id of Empire")
    assert message(lambda: alone.recommend(history=["star  WARS"])).endswith(
        "\n  next      'star-wars' is the id of Star Wars"
    )
    assert "is the id of" not in message(lambda: alone.similar_items(" "))


def test_settings_that_cannot_be(alone: Recommender) -> None:
    expected = (
        "ConfigError: a user is given by id or by a history.\n"
        "  found     {}\n"
        "  expected  one of user and history\n"
        '  next      write recommend("id") or recommend(history=["item", ...])'
    )
    assert message(alone.recommend) == expected.format("neither")
    assert message(lambda: alone.recommend("ann", history=[])) == expected.format("both")
    assert message(lambda: alone.recommend("ann", k=0)) == (
        "ConfigError: k must be at least 1.\n  where     recommend\n  found     0\n  next      ask for one item or more"
    )
    assert message(lambda: alone.recommend("ann", filters=Filters(where=[Condition("year", "=", 1990)]))) == (
        "ConfigError: items can be filtered by their properties only with the graph.\n"
        "  where     where\n"
        "  found     no store is open\n"
        "  expected  a store\n"
        "  next      name the store that the bundle was learned from"
    )


def test_a_bundle_of_another_graph(store: GraphStore) -> None:
    assert message(lambda: Recommender(film_bundle(film_schema(), "g2"), store)) == (
        "SchemaMismatchError: the bundle was learned from another graph than the store holds.\n"
        "  where     kglite::memory:\n"
        f"  found     graph {store.graph_id}\n"
        "  expected  graph g2\n"
        "  next      open the store that the bundle was trained on, or train a bundle on this one"
    )
    assert "\n  expected  no store: the bundle comes from plain arrays\n" in message(
        lambda: Recommender(film_bundle(), store)
    )


def test_ids_are_compared_as_composed_letters_and_a_near_one_is_named() -> None:
    users, items = ("Am\u00e9lie", "20", "x"), ("1", "caf\u00e9", *map(str, range(5, 10)))
    with film_store(items, users) as store:
        recommender = Recommender(film_bundle(film_schema(), store.graph_id, items, users), store)
        assert recommender.recommend("Ame\u0301lie") == recommender.recommend("Am\u00e9lie")
        assert recommender.explain("20", "cafe\u0301").item == "caf\u00e9"
        with pytest.raises(UnknownUserError) as no_user:
            recommender.recommend("20.0")
        with pytest.raises(UnknownItemError) as no_item:
            recommender.recommend(history=["007"])
    assert (no_user.value.next, no_item.value.next) == ("'20' exists", "'7' exists")


HOSTILE = ("it's", 'say "no"', "{a: 1}", "`tick`", "x' DETACH DELETE n //", "$item", "\\")


def test_ids_that_look_like_cypher() -> None:
    users = ("' OR 1=1 //", "}) MATCH (n) DETACH DELETE n //", "`")
    with film_store(HOSTILE, users) as store:
        before = store.counts()
        recommender = Recommender(film_bundle(film_schema(), store.graph_id, HOSTILE, users), store)
        best = recommender.recommend(users[0], k=9, explain=True)
        assert [found.item for found in best][:2] == ['say "no"', "`tick`"]
        assert best[0].explanation is not None
        assert [each.uid for each in best[0].explanation.paths[0].nodes] == ["it's", "lucas", 'say "no"']
        assert recommender.explain(users[0], HOSTILE[3]).paths[0].steps[0].type == "SEQUEL_OF"
        injection = Condition("name", "=", "' OR 1=1 //")
        assert recommender.recommend(users[0], filters=Filters(where=[injection])) == []
        with pytest.raises(UnknownItemError):
            recommender.explain(users[0], "' OR 1=1 //")
        with pytest.raises(UnknownUserError):
            recommender.recommend("'}) RETURN 1 //")
        assert store.counts() == before


def test_answering_needs_no_deep_learning_framework(tmp_path: Path) -> None:
    bundle_of(
        random_bundle(np.random.default_rng(0)).model, random_bundle(np.random.default_rng(0)).interactions, 5
    ).save(tmp_path / "b")
    program = (
        "import sys; from kgrec.recommendation import Recommender, sentence\n"
        f"found = Recommender.open({str(tmp_path / 'b')!r}).recommend('u0', k=2, explain=True)\n"
        "sentence(found[0].explanation, 'zh')\n"
        "print([name for name in ('torch', 'torch_geometric', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_who_comes_back_after_a_pause_is_scored_by_the_gates_for_it() -> None:
    bundle = film_bundle()
    gates = bundle.model.gates
    table = gates.by_history
    closed = np.zeros_like(table.channels)
    later = gates.with_known(
        channels=np.concatenate([table.channels, table.channels, closed]),
        prior=np.concatenate([table.prior, table.prior, np.ones_like(table.prior)]),
        min_pauses=(0.0, 1800.0),
    )
    recommender = Recommender(replace(bundle, model=replace(bundle.model, gates=later)))
    history = [PastInteraction(bundle.items[0], time=1e9), PastInteraction(bundle.items[1], time=1e9 + 60)]
    items = list(bundle.items)
    unknown, soon, away = (
        recommender.score(history=history, items=items, context=Context(at)) for at in (None, 1e9 + 90, 2e9)
    )
    assert unknown == soon
    known = ~bundle.model.is_cold  # cold items have gates of their own, whatever the pause
    assert np.argsort(np.array(away)[known]).tolist() == np.argsort(bundle.model.prior[known]).tolist()
    explained = recommender.explain(history=history, item=items[2], context=Context(at=2e9))
    assert not explained.contributions
    assert explained.score == pytest.approx(away[2], abs=1e-5)
