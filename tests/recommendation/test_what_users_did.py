"""From tables to sentences: what users did is said by the very interaction, and what they returned is no reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest

from kgrec.config import TrainConfig
from kgrec.data.records import Table
from kgrec.explanation.wording.sentence import sentence
from kgrec.extract import Extraction, check
from kgrec.graph import open_store
from kgrec.pipeline import ingest, train
from kgrec.recommendation import Recommendation, Recommender
from kgrec.recommendation.filters import Filters
from kgrec.recommendation.fold_in import PastInteraction
from kgrec.schema.load import parse_schema

SCHEMA = parse_schema(
    """\
version: 1
domain: games
platforms: {shop: {en: the shop, zh: 商店}}
nodes:
  Customer:
    role: user
    words: {en: customer, zh: 顾客}
    sources: [{table: customers, platform: shop, id: customer}]
  Game:
    role: item
    words: {en: game, zh: 游戏}
    properties: {name: {type: text}, year: {type: number}}
    sources: [{table: games, platform: shop, id: game, columns: {name: title, year: released}}]
  Studio:
    words: {en: studio, zh: 工作室}
    sources: [{table: games, platform: shop, id: studios, split: ";"}]
edges:
  MADE_BY:
    source: [Game]
    target: [Studio]
    words: {en: made by, zh: 的开发商是}
    sources:
      - table: games
        platform: shop
        source: {column: game, type: Game}
        target: {column: studios, type: Studio, split: ";"}
interactions:
  VIEWED:
    user: Customer
    item: Game
    words: {en: looked at, zh: 看过}
    sources: [{table: views, platform: shop, user: customer, item: game, kind: view}]
  ORDERED:
    user: Customer
    item: Game
    words: {en: bought, zh: 购买过}
    sources: [{table: orders, platform: shop, user: customer, item: game, kind_column: what}]
""",
    "games.yaml",
)
STUDIOS = ("Blue Fox", "Cobalt", "Aldebaran", "Delta Nine")
N_GAMES, N_CUSTOMERS = 24, 32


class Shop:
    """Customer c likes the games of studio c % 4 and returned one of the next studio; two games are called Emma."""

    def tables(self) -> Iterator[Table]:
        orders, views = [], []
        for c in range(N_CUSTOMERS):
            own, other = [[g for g in range(N_GAMES) if g % 4 == (c + step) % 4] for step in (0, 1)]
            bought = [game for n, game in enumerate(own) if n != c // 4 % 6]
            orders += [(c, game, "buy") for game in bought[:-1]]
            views += [(c, bought[-1], "view")]
            orders += [(c, other[c % 6], "buy"), (c, other[c % 6], "return")]
        yield self._table("customers", [{"customer": f"c{c}"} for c in range(N_CUSTOMERS)])
        yield self._table(
            "games",
            [
                {
                    "game": f"g{g}",
                    "title": "Emma" if g in (0, 4) else f"Game {g}",
                    "released": 1990 + g,
                    "studios": STUDIOS[g % 4],
                }
                for g in range(N_GAMES)
            ],
        )
        for name, rows in (("orders", orders), ("views", views)):
            columns = [{"customer": f"c{c}", "game": f"g{g}", "what": what} for c, g, what in rows]
            yield self._table(name, columns)

    def _table(self, name: str, rows: Sequence[dict[str, Any]]) -> Table:
        return Table(name, pa.Table.from_pylist(rows).to_batches(), f"shop:{name}")


def other_studio(customer: int) -> set[str]:
    return {f"g{g}" for g in range(N_GAMES) if g % 4 == (customer + 1) % 4}


def returned(customer: int) -> str:
    return sorted(other_studio(customer), key=lambda game: int(game[1:]))[customer % 6]


@pytest.fixture(scope="module")
def shop(one_gate_search: None) -> Iterator[Recommender]:
    settings = {"epochs": 1, "ensemble": 1, "num_layers": 0, "text_encoder": "none", "num_threads": 1}
    with open_store("kglite::memory:") as store:
        ingest(SCHEMA, [Shop()], store)
        yield Recommender(train(store, config=TrainConfig.of(settings)), store)


@pytest.fixture(scope="module")
def lists(shop: Recommender) -> dict[int, list[Recommendation]]:
    return {c: shop.recommend(f"c{c}", k=N_GAMES, explain=True) for c in range(N_CUSTOMERS)}


def test_what_was_returned_is_not_recommended_again_even_where_seen_items_may_be(shop: Recommender) -> None:
    for c in range(4):
        listed = {one.item for one in shop.recommend(f"c{c}", k=N_GAMES, filters=Filters(include_seen=True))}
        assert listed == {f"g{g}" for g in range(N_GAMES)} - {returned(c)}


def test_what_was_returned_is_no_reason_and_nothing_like_it_is_on_top(lists: dict[int, list[Recommendation]]) -> None:
    for c, listed in lists.items():
        assert listed[0].item not in other_studio(c)
        for one in listed:
            assert one.explanation is not None
            assert returned(c) not in {past.item for past in one.explanation.past if past.value > 0}
            because = sentence(one.explanation).split("Against it")[0]
            assert f"Game {returned(c)[1:]} (" not in because


def test_the_verb_is_that_of_the_interaction_itself(lists: dict[int, list[Recommendation]]) -> None:
    said = {
        past.item: past.verb["en"]
        for one in lists[1]
        if one.explanation
        for past in one.explanation.past
        if not past.against
    }
    assert set(said.values()) == {"bought", "looked at"}
    assert [game for game, verb in said.items() if verb == "looked at"] == ["g21"]


def test_parts_of_a_cell_are_names_that_paths_are_shown_over(lists: dict[int, list[Recommendation]]) -> None:
    explanation = lists[0][0].explanation
    assert explanation is not None
    assert "same studio, Blue Fox" in sentence(explanation)


def test_two_games_of_one_name_are_told_apart_everywhere(
    shop: Recommender, lists: dict[int, list[Recommendation]]
) -> None:
    assert {shop.bundle.names[row] for row in (0, 1)} == {"Emma (1990)", "Game 1"}
    told = [one.explanation for one in lists[0] if one.explanation]
    texts = " ".join(text for it in told for text in (it.name, sentence(it), *(past.name for past in it.past)))
    assert "Emma (1990)" in texts
    assert "Emma (1994)" in texts
    assert "Emma " not in texts.replace("Emma (19", "")


def test_a_given_history_is_read_like_the_stored_one(shop: Recommender) -> None:
    history = [PastInteraction("g0"), PastInteraction("g5", "return"), PastInteraction("g6", "buy", weight=-1.0)]
    listed = [one.item for one in shop.recommend(history=history, k=N_GAMES)]
    assert not {"g0", "g5", "g6"} & set(listed)
    past = {one.item for one in shop.explain(history=history, item="g4").past if one.value > 0}
    assert past <= {"g0"}


def test_check_tells_how_returns_are_taken() -> None:
    told = {one.what: one for one in check(Extraction(SCHEMA, [Shop()])).checks}
    returns = next(what for what in told if what.startswith("interactions of kind 'return' (ORDERED) are taken as"))
    assert (told[returns].status, told[returns].count) == ("WARN", N_CUSTOMERS)
    assert not any("Studio has no names" in what for what in told)
