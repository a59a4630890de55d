"""Names that fit what somebody types."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kgrec.errors import ConfigError
from kgrec.graph import GraphStore
from kgrec.recommendation import Recommender
from kgrec.testing.sample_graph import node
from tests.support.bundles import film_bundle


def searched(text: str, names: list[str], prior: list[float] | None = None) -> list[str]:
    bundle = film_bundle()
    names += ["-"] * (7 - len(names))
    model = replace(bundle.model, prior=np.array(prior or [0.0] * 7, np.float32))
    bundle = replace(bundle, names=(*names, *bundle.names[7:]), model=model)
    return [one.name for one in Recommender(bundle).search(text)]


def test_whole_names_come_first_then_beginnings_then_words_then_the_rest() -> None:
    names = ["Outer Space", "Aerospace", "Space", "Spaceballs", "space  ÉTÉ", "Space Été 2"]
    assert searched("SPACE", names) == ["Space", "Spaceballs", "space  ÉTÉ", "Space Été 2", "Outer Space", "Aerospace"]
    assert searched("space ete", names) == ["space  ÉTÉ", "Space Été 2"]
    assert searched("ete space", names) == ["space  ÉTÉ", "Space Été 2"]
    assert searched("nowhere", names) == []


def test_the_popular_come_first_among_those_that_fit_alike() -> None:
    assert searched("wars", ["Star Wars", "Clone Wars"], [0, 1, 0, 0, 0, 0, 0]) == ["Clone Wars", "Star Wars"]


def test_ids_and_other_languages_are_names() -> None:
    bundle = film_bundle()
    chinese = ("星球大战", *[""] * 9)
    recommender = Recommender(replace(bundle, names_by_language={"zh": chinese}))
    (found,) = recommender.search("星球")
    assert (found.id, found.names) == ("star-wars", {"zh": "星球大战"})
    assert [one.id for one in recommender.search("star-w")] == ["star-wars"]
    assert [one.id for one in recommender.search("B", kind="user")] == ["bob"]


def test_what_cannot_be_searched() -> None:
    recommender = Recommender(film_bundle())
    assert recommender.search(" ") == recommender.search("", kind="user") == []
    with pytest.raises(ConfigError):
        recommender.search("a", 0)


def test_who_came_after_the_bundle_is_found_by_their_whole_id(films: Recommender, store: GraphStore) -> None:
    assert films.search("annabel", kind="user") == []
    store.upsert_nodes([node("User", "annabel")])
    assert [one.id for one in films.search("annabel", kind="user")] == ["annabel"]
    assert [one.id for one in films.search("anna", kind="user")] == []
    assert [one.id for one in films.search("ann", kind="user")] == ["ann"]
    store.delete_user("annabel")
    assert films.search("annabel", kind="user") == []
