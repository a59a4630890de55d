"""`kgrec export-person`: everything about somebody, nothing about anybody else, no secret."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from kgrec.data.records import EdgeRecord
from kgrec.graph import open_store
from kgrec.schema.model import EdgeType
from kgrec.testing.sample_graph import SampleGraph, node, words
from tests.support.bundles import film_schema
from tests.support.everything_on import PEOPLE, PLACES, everything_on
from tests.support.shop import Shell


def exported(shell: Shell, user: str, *more: str) -> dict[str, Any]:
    said = shell("export-person", "--user", user, "--out", "person.json", *more)
    assert said.code == 0, said.err
    report: dict[str, Any] = json.loads(Path("person.json").read_text(encoding="utf-8"))
    return report


def test_everything_about_somebody(shell: Shell) -> None:
    everything_on()
    report = exported(shell, PEOPLE[0], *PLACES)
    (graph,) = report["graph"]
    assert graph["properties"]["uid"] == PEOPLE[0]
    done = [(one["item"], one["name"], one["kind"], one["time"]) for one in graph["interactions"]]
    assert ("alien", "Alien", "watch", 10.0) in done
    assert [one["rank"] for one in graph["published_lists"]] == [1, 2, 3]
    assert all(one["name"] and one["model"] for one in graph["published_lists"])
    assert [(one["item"], one.get("reason")) for one in report["events"]] == [("blade", None), ("none", "item unknown")]
    assert report["events"][0]["arrived_iso"].startswith("20")
    (key,) = report["api_keys"]
    assert (key["name"], key["user"]) == (f"key of {PEOPLE[0]}", PEOPLE[0])
    assert not {"hash", "id"} & key.keys()
    assert [len(bundle["interactions"]) for bundle in report["bundles"]] == [2, 2, 2]
    assert report["bundles"][0]["interactions"][0]["name"] == "Star Wars"
    assert report["forgotten"] is False
    assert report["not_searched"] == []
    text = Path("person.json").read_text(encoding="utf-8")
    assert [other for other in PEOPLE[1:] if other in text] == []
    assert stat.S_IMODE(Path("person.json").stat().st_mode) == 0o600


def test_who_is_forgotten_has_nothing_but_that(shell: Shell) -> None:
    everything_on()
    assert shell("forget", PEOPLE[0], *PLACES).code == 0
    report = exported(shell, PEOPLE[0], *PLACES)
    assert (report["graph"], report["events"], report["api_keys"], report["bundles"]) == ([], [], [], [])
    assert report["forgotten"] is True
    said = shell("export-person", "--user", PEOPLE[1], "--out", "b.json", "--json")
    assert said.json == {"user": PEOPLE[1], "out": "b.json", "entries": 7 + 9, "forgotten": False}
    assert "no event log was named" in json.loads(Path("b.json").read_text())["not_searched"][0]


def test_facts_about_somebody_lead_both_ways(shell: Shell) -> None:
    schema = film_schema()
    knows = EdgeType(source=("User",), target=("User", "Genre"), words=words("knows", "认识"))
    schema = schema.model_copy(update={"edges": {**schema.edges, "KNOWS": knows}})
    people = [node("User", "customer-1"), node("User", "customer-2", "Bob"), node("Genre", "horror", "Horror")]
    facts = [
        EdgeRecord("KNOWS", "User", "customer-1", "Genre", "horror", "likes", {}, "cinema"),
        EdgeRecord("KNOWS", "User", "customer-2", "User", "customer-1", "KNOWS", {}, "cinema"),
    ]
    with open_store("kglite:kgrec.kgl") as store:
        SampleGraph(schema, people, facts, []).put_into(store)
    found = exported(shell, "customer-1")["graph"][0]["facts"]
    assert found == [
        {
            "type": "KNOWS",
            "to": {"type": "Genre", "uid": "horror", "name": "Horror"},
            "relation": "likes",
            "platforms": ["cinema"],
        },
        {
            "type": "KNOWS",
            "from": {"type": "User", "uid": "customer-2", "name": "Bob"},
            "relation": "KNOWS",
            "platforms": ["cinema"],
        },
    ]


def test_refusals(shell: Shell) -> None:
    everything_on(people=PEOPLE[:3])
    said = shell("export-person", "--user", "nobody", "--out", "p.json", *PLACES)
    assert (said.code, Path("p.json").exists()) == (5, False)
    assert shell("export-person", "--user", PEOPLE[0], "--out", "no/folder/p.json").code == 2
    assert shell("export-person", "--user", PEOPLE[0], "--out", "p.json", "--events", "none.db").code == 2
    assert list(shell.folder.glob(".p.json*")) == []
