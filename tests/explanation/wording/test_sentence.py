"""Explanations as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from kgrec.errors import ConfigError
from kgrec.explanation.evidence_paths import ShownPath, ShownStep
from kgrec.explanation.explanation import Explanation
from kgrec.explanation.reasons import Counterfactual, EdgeReason, EntityReason, PastItem, PastItemReason, Relation
from kgrec.graph.store_types import NodeRef
from kgrec.recommendation import Recommender, sentence
from tests.support.bundles import film_bundle, film_schema, film_store

WATCHED, BOUGHT = {"en": "watched", "zh": "看过"}, {"en": "bought", "zh": "购买过"}
STAR_WARS, THX, WILLOW = (NodeRef("Film", name, name) for name in ("Star Wars", "THX 1138", "Willow"))
LUCAS = NodeRef("Person", "lucas", "George Lucas")
DIRECTED = {"en": "directed by", "zh": "的导演是"}


def over(past: NodeRef, shared: NodeRef, words: dict[str, str]) -> ShownPath:
    steps = tuple(ShownStep(end, shared, "R", "R", words) for end in (past, WILLOW))
    return ShownPath((past, shared, WILLOW), steps, 0.1)


def through(shared: NodeRef, *paths: ShownPath) -> EntityReason:
    return EntityReason(0.1 * len(paths), 0.1, shared, (), (), paths)


FANTASY = NodeRef("Genre", "g", "Fantasy")
GENRE = {"en": "has the genre", "zh": "属于类型"}
FOLLOWS = {"en": "follows", "zh": "的前作是"}
SEQUEL = ShownPath((THX, WILLOW), (ShownStep(WILLOW, THX, "SEQUEL_OF", "SEQUEL_OF", FOLLOWS),), 0.1)
LABYRINTH = PastItem("lb", "Labyrinth", 0.15, BOUGHT)

FULL = Explanation(
    user="ann",
    item="willow",
    name="Willow",
    new=True,
    history=4,
    score=1.0,
    base=0.1,
    contributions=(),
    past=(
        PastItem("sw", "Star Wars", 0.524, WATCHED),
        PastItem("thx", "THX 1138", 0.311, WATCHED),
        PastItem("lb", "Labyrinth", 0.2, BOUGHT),
        PastItem("no", "Not Shown", 0.1, WATCHED),
    ),
    channels={},
    reasons=(
        through(LUCAS, over(STAR_WARS, LUCAS, DIRECTED), over(THX, LUCAS, DIRECTED)),
        through(FANTASY, over(STAR_WARS, FANTASY, GENRE)),
        PastItemReason(0.15, 0.15, "semantic", LABYRINTH),
        EdgeReason(
            0.1,
            0.1,
            PastItem("thx", "THX 1138", 0.1, WATCHED),
            Relation("SEQUEL_OF", "SEQUEL_OF", FOLLOWS, True, 0.1),
            (SEQUEL,),
        ),
    ),
    constant=0.1,
    counterfactual=Counterfactual("sw", "Star Wars", 0.2, 3, 41, 900),
    degraded=None,
)
BARE = replace(FULL, new=False, past=(), reasons=(), counterfactual=None)


def test_english() -> None:
    assert sentence(FULL) == (
        "Recommended because you watched Star Wars (+0.52) and THX 1138 (+0.31) and bought Labyrinth (+0.20). "
        "Like Star Wars and THX 1138, Willow is directed by George Lucas. "
        "Like Star Wars, Willow has the genre Fantasy. "
        "The graph says: Willow follows THX 1138. "
        "Of what you know, the text of Labyrinth speaks most for it (+0.15). "
        "New here: nobody had chosen it when the model was learned. "
        "Without Star Wars it would fall from rank 3 to 41."
    )


def test_chinese() -> None:
    assert sentence(FULL, "zh") == (
        "推荐理由：您看过《Star Wars》（+0.52）和《THX 1138》（+0.31），购买过《Labyrinth》（+0.20）。"
        "《Star Wars》、《THX 1138》和《Willow》的导演是George Lucas。"
        "《Star Wars》和《Willow》属于类型Fantasy。"
        "图谱中：《Willow》的前作是《THX 1138》。"
        "在您的历史记录中，《Labyrinth》的文字介绍对它的支持最大（+0.15）。"
        "新上架：训练模型时还没有人选过它。"
        "如果没有《Star Wars》，它会从第3位降到第41位。"
    )


@pytest.mark.parametrize(
    ("history", "new", "english", "chinese"),
    [
        (
            0,
            False,
            "There is no history to go by yet: what counts is its popularity.",
            "目前还没有您的历史记录可供参考，依据的是它的整体热度。",
        ),
        (
            2,
            False,
            "Nothing in your history speaks for it: what counts is its popularity.",
            "您的历史记录中没有支持它的内容，依据的是它的整体热度。",
        ),
        (
            0,
            True,
            "There is no history to go by yet: what counts is the popularity expected of it. "
            "New here: nobody had chosen it when the model was learned.",
            "目前还没有您的历史记录可供参考，依据的是它的预期热度。新上架：训练模型时还没有人选过它。",
        ),
    ],
)
def test_without_reasons_in_the_history(history: int, new: bool, english: str, chinese: str) -> None:
    explanation = replace(BARE, history=history, new=new)
    assert sentence(explanation) == english
    assert sentence(explanation, "zh") == chinese


@pytest.mark.parametrize(
    ("before", "after", "english", "chinese"),
    [
        (2, 2, "what counts is its popularity.", "依据的是它的整体热度。"),
        (4, 3, "Without X it would rise from rank 4 to 3.", "如果没有《X》，它会从第4位升到第3位。"),
    ],
)
def test_counterfactuals(before: int, after: int, english: str, chinese: str) -> None:
    explanation = replace(BARE, counterfactual=Counterfactual("x", "X", 0.0, before, after, 9))
    assert sentence(explanation).endswith(english)
    assert sentence(explanation, "zh").endswith(chinese)


def test_what_speaks_against_an_item_is_not_given_as_a_reason() -> None:
    explanation = replace(BARE, past=(PastItem("sw", "Star Wars", -0.5, WATCHED),))
    assert "Star Wars" not in sentence(explanation)
    assert "Star Wars" not in sentence(explanation, "zh")


@pytest.fixture
def films() -> Iterator[Recommender]:
    with film_store() as store:
        yield Recommender(film_bundle(film_schema(), store.graph_id), store)


def test_from_model_and_graph(films: Recommender) -> None:
    assert sentence(films.explain("ann", "empire")).startswith(
        "Recommended because you watched Star Wars (+4.12). Like Star Wars, Empire is directed by George Lucas. "
    )


def test_another_language(films: Recommender) -> None:
    with pytest.raises(ConfigError) as caught:
        sentence(FULL, "fr")
    assert str(caught.value) == (
        "ConfigError: there are no sentences in this language.\n"
        "  found     'fr'\n"
        "  expected  one of en, zh\n"
        "  next      choose one of them, or install a package that adds it (entry point group kgrec.wording)"
    )
