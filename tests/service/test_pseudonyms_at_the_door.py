"""Who has a pseudonym in the graph is asked about, reported of and forgotten by the real id, where the key is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from kgrec.errors import ConfigError, UnknownUserError
from kgrec.live.event_log import EventLog
from kgrec.live.event_reading import EventReader
from kgrec.live.event_vocabulary import EventVocabulary
from kgrec.live.intake import Intake
from kgrec.privacy.byte_search import Needles
from kgrec.privacy.pseudonyms import KEY, KEY_FILE, PseudonymKey
from kgrec.recommendation import Recommender
from kgrec.schema.model import GraphSchema
from kgrec.service.app import service
from tests.support import bundles
from tests.support.bundles import film_bundle, film_store
from tests.support.shop import Shell

SECRET = "0123456789abcdef" * 2
MADE = PseudonymKey(SECRET.encode()).pseudonym
ANN, BOB = "customer-ann", "customer-bob"
USERS = (MADE(ANN), MADE(BOB), MADE("cold"))


def pseudonymous() -> GraphSchema:
    schema = bundles.film_schema()
    user = schema.nodes["User"].model_copy(update={"pseudonymise": True})
    return schema.model_copy(update={"nodes": {**schema.nodes, "User": user}})


@pytest.fixture(autouse=True)
def world(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph and a bundle whose users have pseudonyms, at their usual places."""
    monkeypatch.delenv(KEY_FILE, raising=False)
    monkeypatch.setenv(KEY, SECRET)
    schema = pseudonymous()
    monkeypatch.setattr(bundles, "film_schema", lambda: schema)
    with film_store(users=USERS, url="kglite:kgrec.kgl") as store:
        film_bundle(store.schema, store.graph_id, users=USERS).save("kgrec.bundle")


@pytest.fixture
def recommender() -> Iterator[Recommender]:
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl", writable=True) as opened:
        yield opened


def test_the_real_id_leads_to_the_answers(recommender: Recommender) -> None:
    client = TestClient(service(recommender))
    real, pseudonym = (client.get(f"/v1/recommend?user={user}&k=3").json() for user in (ANN, MADE(ANN)))
    assert real["recommendations"] == pseudonym["recommendations"]
    assert [one["item"] for one in client.get(f"/v1/users/{ANN}").json()["history"]] == ["star-wars", "alien"]
    recommender.close()
    assert (
        client.get(f"/v1/recommend?user={ANN}&k=3").json()["recommendations"] == real["recommendations"]
    )  # from the bundle alone


def test_without_the_key_it_is_told_what_is_missing(recommender: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as away:
        with pytest.raises(UnknownUserError, match=KEY_FILE):
            away.history(ANN)
        assert TestClient(service(away)).get(f"/v1/recommend?user={ANN}").status_code == 404
        assert away.history(MADE(ANN))
    with pytest.raises(ConfigError, match="need a key"):
        EventReader(EventVocabulary.of_bundle(recommender.bundle))


def test_events_are_written_under_the_pseudonym(recommender: Recommender, tmp_path: Path) -> None:
    with EventLog(tmp_path / "log") as log, Intake(log, lambda: recommender, recommender.writable_store) as intake:
        recommender.answer_with(intake)
        intake.start()
        for number, user in enumerate((ANN, "customer-new")):
            intake.report([{"id": f"{number}", "user": user, "item": "blade"}])
            assert recommender.history(user)[-1].item == "blade"
        assert [one and one.user for _, one in log.after(0, 9)] == [MADE(ANN), MADE("customer-new")]
        assert recommender.forget(ANN) == 3
    for path in (tmp_path / "log", tmp_path / "kgrec.kgl"):
        assert Needles.of([ANN, MADE(ANN)]).hits(path) == 0


def test_forgetting_and_exporting_by_the_real_id(shell: Shell) -> None:
    assert shell("export-person", "--user", ANN, "--out", "ann.json", "--json").json["entries"] == 3 + 3
    assert shell("forget", ANN).code == 0
    assert Needles.of([MADE(ANN)]).hits(Path("kgrec.kgl")) == 0
    assert Needles.of([MADE(ANN)]).hits(Path("kgrec.bundle/ids.json")) == 0
    assert shell("recommend", "--user", ANN).code == 5
    assert shell("recommend", "--user", BOB).code == 0
    assert shell("forget", ANN).code == 0
    assert shell("forget", "customer-nobody").code == 5


def test_events_under_another_key_are_refused(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(KEY, SECRET[::-1])
    with EventLog(tmp_path / "log") as log, Intake(log, lambda: recommender, recommender.writable_store) as intake:
        with pytest.raises(ConfigError, match="made with another key"):
            intake.report([{"id": "1", "user": ANN, "item": "blade"}])
        assert list(log.after(0, 9)) == []
    recommender.close()
    assert EventReader(EventVocabulary.of_bundle(recommender.bundle))


def test_with_a_table_no_line_of_log_leads_from_an_id_to_a_pseudonym(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with EventLog(tmp_path / "log") as log, Intake(log, lambda: recommender, recommender.writable_store) as intake:
        recommender.answer_with(intake)
        intake.start()
        app, said = service(recommender), list[str | None]()
        monkeypatch.setattr(app.state, "audit", lambda request, caller, act, user, outcome: said.append(user))
        assert TestClient(app).delete(f"/v1/users/{ANN}").status_code == 200
    assert said == [MADE(ANN)]
