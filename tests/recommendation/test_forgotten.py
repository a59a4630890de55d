"""Forgotten users: no answer from a bundle that still has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgrec.data.records import Interaction
from kgrec.errors import ConfigError, StoreUnavailableError, UnknownUserError
from kgrec.graph import open_store
from kgrec.recommendation import Recommender
from kgrec.recommendation.forgotten import ForgottenMeanwhile, ForgottenUsers
from kgrec.testing.sample_graph import node
from tests.support.bundles import film_bundle, film_store
from tests.support.shop import Shell


def test_what_another_process_adds_is_seen(tmp_path: Path) -> None:
    bundled, state = tmp_path / "a", tmp_path / "b"
    here, there = ForgottenUsers(bundled, state), ForgottenUsers(bundled)
    assert "ann" not in here
    there.add("ann")
    there.add("\ud800")
    assert all(user in here for user in ("ann", "\ud800"))
    here.add("bob")
    assert "bob" in ForgottenUsers(state)
    assert "bob" not in there
    assert "ann" not in bundled.read_text()


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written down"):
        ForgottenUsers(tmp_path / "no" / "folder").add("ann")


def test_a_user_whom_the_command_line_forgot(shell: Shell) -> None:
    shell.learned()
    assert shell("forget", "ann").code == 0
    with Recommender.open("kgrec.bundle") as away:
        with pytest.raises(UnknownUserError):
            away.recommend("ann")
        assert away.recommend("bob")
        with pytest.raises(StoreUnavailableError):
            away.forget("bob")


def test_a_user_whom_the_store_did_not_know_is_not_answered_from_the_bundle_later(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.learned()
    assert shell("forget", "ann", "--bundle", "elsewhere").code == 0
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        with pytest.raises(UnknownUserError):
            recommender.recommend("ann")
        recommender.close()
        with pytest.raises(UnknownUserError):
            recommender.recommend("ann")
        assert recommender.recommend("bob")


def test_who_is_forgotten_while_an_embedded_graph_is_open_is_not_answered_from_it(shell: Shell) -> None:
    """It is in memory as it was opened; who is back is in one that is opened later."""
    shell.learned()
    for state in (None, "kgrec.bundle.versions"):
        with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl", state=state) as recommender:
            assert recommender.recommend("ann")
            assert shell("forget", "ann").code == 0
            with pytest.raises(UnknownUserError):
                recommender.recommend("ann")
            assert recommender.recommend("bob")
        with open_store("kglite:kgrec.kgl") as store:
            store.upsert_nodes([node("User", "ann")])
            store.upsert_interactions([Interaction("WATCHED", "ann", "blade", "watch", "cinema", 9.0, 1.0)])


def test_without_files_it_lasts_as_long_as_the_process() -> None:
    forgotten = ForgottenUsers()
    recommender = Recommender(film_bundle(), forgotten=forgotten)
    assert recommender.recommend("ann")
    forgotten.add("ann")
    with pytest.raises(UnknownUserError):
        recommender.recommend("ann")


def test_who_is_back_in_a_graph_that_others_write_into_is_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with film_store() as store:
        monkeypatch.setattr(store, "facts_stay", False)  # as on a server
        recommender = Recommender(film_bundle(store.schema, store.graph_id), store)
        assert [one.item for one in recommender.history("ann")] == ["star-wars", "alien"]
        store.delete_user("ann")
        with pytest.raises(UnknownUserError):
            recommender.history("ann")
        store.upsert_nodes([node("User", "ann")])
        store.upsert_interactions([Interaction("WATCHED", "ann", "blade", "watch", "cinema", 9.0, 1.0)])
        assert [one.item for one in recommender.history("ann")] == ["blade"]
        store.close()
        with pytest.raises(UnknownUserError):  # what the bundle has of them was deleted
            recommender.history("ann")


def test_who_is_forgotten_during_a_training(tmp_path: Path) -> None:
    path = tmp_path / "forgotten.txt"
    before_any = ForgottenMeanwhile(path)
    assert before_any.among(["ann", "bob"]) == []
    ForgottenUsers(path).add("ann", "bob")
    after = ForgottenMeanwhile(path)
    ForgottenUsers(path).add("bob", "cold")
    assert before_any.among(["ann", "bob", "cold", "zoe"]) == ["ann", "bob", "cold"]
    assert after.among(["ann", "bob", "cold", "zoe"]) == ["bob", "cold"]
