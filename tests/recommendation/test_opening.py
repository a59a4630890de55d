"""A recommender opened from disk, with its store, without it, and with one that goes away."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import kglite
import pytest

from kgrec.data.records import Interaction
from kgrec.errors import (
    BundleError,
    ConfigError,
    SchemaMismatchError,
    StoreUnavailableError,
    UnknownUserError,
)
from kgrec.graph import open_store
from kgrec.graph.store import GraphStore
from kgrec.recommendation import Condition, Filters, Recommender, graph_of_bundle
from kgrec.recommendation.forgotten import FORGOTTEN, ForgottenUsers
from tests.support.bundles import (
    film_bundle,
    film_schema,
    film_store,
)


def test_opening_bundle_and_store_from_disk(tmp_path: Path) -> None:
    url = f"kglite:{tmp_path / 'graph'}"
    with film_store(url=url) as written:
        film_bundle(film_schema(), written.graph_id).save(tmp_path / "b")
    with Recommender.open(tmp_path / "b", url) as recommender:
        explanation = recommender.explain("ann", "empire")
        assert explanation.degraded is None
        assert len(explanation.paths) == 1
    assert recommender.explain("ann", "empire").degraded == (
        "no graph paths, and history as of the bundle: the store was closed"
    )


@pytest.mark.parametrize("held", [False, True])
def test_a_graph_that_is_to_be_writable_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    url = f"kglite:{tmp_path / 'graph'}"
    with film_store(url=url) as written:
        film_bundle(film_schema(), written.graph_id).save(tmp_path / "b")
    opened: list[str] = []
    open_session = kglite.open_session

    def noted(path: str, **how: Any) -> Any:
        opened.append(how.get("durable", "to read"))
        return open_session(path, **how)

    with open_store(url) if held else nullcontext():
        monkeypatch.setattr(kglite, "open_session", noted)
        with Recommender.open(tmp_path / "b", url, writable=True) as recommender:
            assert (recommender.writable_store() is None) is held
            assert len(recommender.history("ann")) == 2
    assert opened == (["full", "to read"] if held else ["full"])


def test_a_graph_is_written_once_the_other_process_has_let_it_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kgrec.graph.store_link.AGAIN_AFTER_S", 0.0)
    url = f"kglite:{tmp_path / 'graph'}"
    with film_store(url=url) as written:
        film_bundle(film_schema(), written.graph_id).save(tmp_path / "b")
    holder = open_store(url)
    with Recommender.open(tmp_path / "b", url, writable=True) as recommender:
        renewed = recommender.renewed(Recommender.open(tmp_path / "b").bundle)
        assert recommender.writable_store() is None
        assert recommender.degraded is None
        assert len(recommender.history("ann")) == 2
        holder.upsert_interactions([Interaction("WATCHED", "ann", "alien", "watch", "cinema", 9.0, 1.0)])
        holder.close()
        store = recommender.writable_store()
        assert len(recommender.history("ann")) == 3
        assert store is not None
        assert renewed.writable_store() is store
        assert recommender.store is store
        store.delete_user("ann")
        with pytest.raises(UnknownUserError):
            recommender.history("ann")
    assert recommender.writable_store() is None
    open_store(url).close()  # nobody holds it any more


def test_a_graph_that_was_opened_beside_a_bundle_that_is_none_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, store = Event(), film_store()
    monkeypatch.setattr(store, "close", closed.set)
    monkeypatch.setattr(graph_of_bundle, "open_store", lambda url, read_only: store)
    with pytest.raises(BundleError, match="there is no bundle here"):
        Recommender.open(tmp_path / "b", "kglite:graph")
    assert closed.wait(60)


def test_who_is_forgotten_while_the_graph_is_read_gets_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with film_store() as store:
        film_bundle(film_schema(), store.graph_id).save(tmp_path / "b")
        (tmp_path / "state").mkdir()

        def opened(url: str, read_only: bool) -> GraphStore:
            ForgottenUsers(tmp_path / "state" / FORGOTTEN).add("ann")  # another process; the graph has been read
            return store

        monkeypatch.setattr(graph_of_bundle, "open_store", opened)
        recommender = Recommender.open(tmp_path / "b", "kglite:graph", state=tmp_path / "state")
        assert store.about_user("ann") is not None
        with pytest.raises(UnknownUserError):
            recommender.recommend("ann")


def test_no_graph_is_made_where_there_is_none(tmp_path: Path) -> None:
    film_bundle(film_schema(), "g1").save(tmp_path / "b")
    recommender = Recommender.open(tmp_path / "b", f"kglite:{tmp_path / 'graph'}", writable=True)
    assert recommender.store is None
    assert "there is no graph to read" in str(recommender.degraded)
    assert [found.name for found in tmp_path.iterdir()] == ["b"]


def test_opening_with_an_empty_store(tmp_path: Path) -> None:
    film_bundle().save(tmp_path / "b")
    with pytest.raises(SchemaMismatchError, match="graph than the store holds"):
        Recommender.open(tmp_path / "b", "kglite::memory:")


def test_opening_without_the_store_that_was_named(tmp_path: Path) -> None:
    film_bundle(film_schema(), "g1").save(tmp_path / "b")
    recommender = Recommender.open(tmp_path / "b", f"kglite:{tmp_path / 'no' / 'graph'}")
    assert recommender.store is None
    assert [best.item for best in recommender.recommend("ann", k=1)] == ["empire"]
    degraded = recommender.explain("ann", "empire").degraded
    assert degraded is not None
    assert degraded.startswith("no graph paths, and history as of the bundle: the store cannot be reached (")
    assert Recommender.open(tmp_path / "b").explain("ann", "empire").degraded == (
        "no graph paths, and history as of the bundle: no store was opened"
    )
    with pytest.raises(ConfigError):
        Recommender.open(tmp_path / "b", "oracle:somewhere")


@dataclass
class Gone:
    """A store that was there when it was opened."""

    graph_id: str = "g1"
    url: str = "kglite:gone"
    schema: object = None
    facts_stay: bool = True

    def history(self, *_: object) -> list[Interaction]:
        raise StoreUnavailableError("the connection was refused.")

    paths_from = export_nodes = version = history


def test_a_store_that_goes_away_later() -> None:
    gone: Any = Gone(schema=film_schema())
    recommender = Recommender(film_bundle(film_schema(), "g1"), gone)
    (best,) = recommender.recommend("ann", k=1, explain=True)
    assert best.item == "empire"
    assert best.explanation is not None
    assert best.explanation.degraded == (
        "no graph paths, and history as of the bundle: the store cannot be reached (the connection was refused.)"
    )
    folded = recommender.explain(item="empire", history=["star-wars"])
    assert folded.degraded == "no graph paths: the store cannot be reached (the connection was refused.)"
    with pytest.raises(StoreUnavailableError):
        recommender.recommend("ann", filters=Filters(where=[Condition("year", "=", 1990)]))
