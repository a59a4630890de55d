"""`kgrec forget`: people and all they did are gone from every file; everybody else stays."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kgrec.bundle.bundle_versions import BundleVersions
from kgrec.bundle.people_in_bundle import PeopleInBundle
from kgrec.data.persons import Persons
from kgrec.data.records import NodeRecord
from kgrec.errors import UnknownUserError
from kgrec.graph import open_store
from kgrec.graph.people_in_graph import PeopleInGraph
from kgrec.live.event_log import EventLog
from kgrec.live.people_in_log import PeopleInLog
from kgrec.live.swapping import ModelSwap
from kgrec.recommendation import Recommender
from kgrec.service.access import Scope
from kgrec.service.api_keys import KeyRing
from kgrec.service.people_in_keys import PeopleInKeys
from kgrec.testing.sample_graph import SampleGraph, linked_films_schema, node
from tests.support.bundles import film_bundle
from tests.support.everything_on import PEOPLE, PLACES, everything_on
from tests.support.shop import IMPORT, Shell

GONE, KEPT = PEOPLE[:4], PEOPLE[4:]
MANY = tuple(f"person-{number:03}" for number in range(110))


def found_in(folder: Path, people: tuple[str, ...]) -> dict[str, list[str]]:
    """Whom a search that knows nothing of kgrec finds in each file; what the store packs, it unpacks by itself."""
    script = "import sys, kglite; print(kglite.load(sys.argv[1]).cypher('MATCH (n) RETURN properties(n)').to_list())"
    found = {}
    for path in folder.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if path.suffix == ".kgl":
            content += subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, check=True).stdout
        if some := [one for one in people if one.encode() in content]:
            found[str(path.relative_to(folder))] = some
    return found


def test_a_hundred_people_are_in_no_file(shell: Shell) -> None:
    everything_on(people=MANY)
    before = found_in(shell.folder, MANY[:100])
    assert {Path(name).name for name in before} == {"kgrec.kgl", "ids.json", "events.db", "kgrec.keys"}
    said = shell("forget", *MANY[:100], *PLACES, "--proof", "proof.json", "--json")
    assert said.code == 0, said.err
    assert found_in(shell.folder, MANY[:100]) == {}
    proof = json.loads(Path("proof.json").read_text())
    assert proof["finished"]
    assert len(set(proof["people"])) == 100
    entries = {place["what"]: (place["entries_before"], place["entries_after"]) for place in proof["places"]}
    assert entries == {
        "event log": (103, 0),
        "graph": (100 * (1 + 2 + 3) + 3, 0),
        "bundle": (900, 0),
        "API keys": (2, 0),
    }
    hits = {Path(one["file"]).name: one["ids_before"] for one in proof["files"] if one["ids_before"]}
    assert hits.keys() == {"kgrec.kgl", "ids.json", "events.db", "kgrec.keys"}
    assert [one for one in proof["files"] if one["ids_after"]] == []
    assert said.json["proof"] == "proof.json"


@pytest.mark.neo4j
def test_in_neo4j_no_value_of_anything_holds_them(shell: Shell, neo4j_url: str) -> None:
    everything_on(neo4j_url)
    said = shell("forget", *GONE, "--store", neo4j_url, *PLACES)
    assert said.code == 0, said.err
    assert "transaction logs" in said.err
    with open_store(neo4j_url, read_only=True) as store:
        reader: Any = store
        text = "MATCH {} UNWIND keys(x) AS name RETURN DISTINCT toStringOrNull(x[name]) AS value"
        rows = [row for what in ("(x)", "()-[x]->()") for row in reader._read(text.format(what), {}, None)]
        values = [row["value"] for row in rows]
        assert [value for value in values if value and any(user in value for user in GONE)] == []
        assert [user for user in KEPT if any(value and user in value for value in values)] == list(KEPT)
        assert store.counts().nodes["User"] == len(KEPT)
        about = store.about_user(KEPT[0])
        assert about is not None
        assert len(about.lists) == 3
    assert shell("forget", *GONE, "--store", neo4j_url, *PLACES).code == 0
    assert found_in(shell.folder, GONE) == {}


def test_everybody_else_is_as_before(shell: Shell) -> None:
    everything_on()
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        before = {user: recommender.recommend(user, explain=True) for user in KEPT}
    assert shell("forget", *GONE, *PLACES, "--quiet").code == 0
    with Recommender.open("kgrec.bundle", "kglite:kgrec.kgl") as recommender:
        assert {user: recommender.recommend(user, explain=True) for user in KEPT} == before
        assert recommender.bundle.manifest.forgotten == len(GONE)
    with EventLog("events.db") as log:
        assert [one and one.user for _, one in log.after(0, 1000)] == [None] * len(GONE) + list(KEPT)
    assert [key.name for key in KeyRing.load("kgrec.keys").keys] == ["the shop"]
    card = shell("inspect", "--bundle", "kgrec.bundle", "--json").json
    assert card["bundle"]["people_forgotten_since"] == len(GONE)
    assert not Path("kgrec.bundle.checkpoint").exists()


@pytest.mark.parametrize("place", [PeopleInBundle, PeopleInGraph, PeopleInLog, PeopleInKeys])
def test_a_place_that_is_left_out_is_told(shell: Shell, place: Any) -> None:
    """The search knows no format: it finds what a place did not take out, though the place itself finds nothing."""
    everything_on()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place, "remove", lambda *_: None)
        patched.setattr(place, "entries", lambda *_: {})
        said = shell("forget", PEOPLE[0], PEOPLE[1], *PLACES, "--quiet")
    assert said.code == 4, said.out
    assert said.err.startswith("StillThereError: something of the people is left.")
    assert shell("forget", PEOPLE[0], PEOPLE[1], *PLACES).code == 0


@pytest.mark.parametrize("step", range(5))
def test_whoever_is_stopped_runs_it_again(shell: Shell, step: int) -> None:
    """Before each place, in their order."""
    everything_on()
    places: list[Any] = [PeopleInLog, PeopleInKeys, PeopleInGraph, PeopleInBundle]

    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        for place in places[step:]:
            patched.setattr(place, "remove", stopped)
        said = shell("forget", PEOPLE[0], *PLACES, "--proof", "first.json")
    assert said.code == (0 if step == 4 else 130)
    assert step == 4 or "run the same command again" in said.err
    assert (json.loads(Path("first.json").read_text())["finished"] is None) == (step < 4)
    for _ in range(2):
        assert shell("forget", PEOPLE[0], *PLACES).code == 0
    assert found_in(shell.folder, PEOPLE[:1]) == {}


def test_old_copies_are_named(shell: Shell) -> None:
    """A backup is cleaned where it is named; what nobody knows how to change is searched, and what is there is said."""
    everything_on()
    Path("old").mkdir()
    for name in ("kgrec.kgl", "events.db", "kgrec.keys"):
        shutil.copy(name, f"old/{name}")
    shutil.copytree("kgrec.bundle", "old/kgrec.bundle")
    copies = [part for name in sorted(Path("old").iterdir()) for part in ("--also", str(name))]
    said = shell("forget", PEOPLE[0], *PLACES, *copies)
    assert said.code == 0, said.err
    assert found_in(shell.folder, PEOPLE[:1]) == {}
    Path("mail.txt").write_text(f"from {PEOPLE[1]}")
    said = shell("forget", PEOPLE[1], *PLACES, "--also", "mail.txt")
    assert said.code == 4
    assert "1 times in mail.txt" in said.err
    assert shell("forget", PEOPLE[1], "--also", "nothing").code == 2


def test_an_id_within_anothers_is_no_trace(shell: Shell) -> None:
    everything_on(people=(*PEOPLE[:3], f"{PEOPLE[0]}-b"))
    assert shell("forget", PEOPLE[0], *PLACES).code == 0
    assert shell("forget", f"{PEOPLE[0]}-b", *PLACES).code == 0
    assert found_in(shell.folder, PEOPLE[:1]) == {}


def test_all_accounts_of_a_person_go(shell: Shell) -> None:
    """Also where the graph knows nothing of them any more, as after a first run that was stopped."""
    accounts = ("customer-a", "customer-b")
    hashed = "1f2e3d4c5b6a7988"
    users = [NodeRecord("User", uid, {"email": hashed}, "lens") for uid in accounts]
    learned = film_bundle(users=("customer-a", "customer-c", "customer-d"))
    for stopped in (False, True):
        with open_store("kglite:kgrec.kgl") as store:
            world = SampleGraph(linked_films_schema(), [*users, node("User", "customer-c"), node("Film", "alien")])
            world.put_into(store)
            for uid in accounts if stopped else ():
                store.delete_user(uid)
        replace(learned, persons=Persons([accounts])).save("kgrec.bundle")
        ring, _ = KeyRing.empty().with_new("own", [Scope.READ], user="customer-a")
        ring.save("kgrec.keys")
        assert found_in(shell.folder, accounts)
        assert shell("forget", "customer-b", "--keys", "kgrec.keys", "--proof", "p.json").code == 0
        assert found_in(shell.folder, (*accounts, hashed)) == {}
        files = json.loads(Path("p.json").read_text())["files"]
        (of_graph,) = [one for one in files if one["file"].endswith("kgrec.kgl")]
        assert (of_graph["names_before"] > 0, of_graph["names_after"]) == (not stopped, 0)
        assert found_in(shell.folder, ("customer-c",)).keys() >= {"kgrec.kgl", "kgrec.bundle/ids.json"}


def test_who_was_unlinked_stays_though_a_bundle_has_them_as_one(shell: Shell) -> None:
    with open_store("kglite:kgrec.kgl") as store:
        users = [node("User", "customer-a"), node("User", "customer-b")]
        SampleGraph(linked_films_schema(), [*users, node("Film", "alien")]).put_into(store)
    learned = film_bundle(users=("customer-a", "customer-c", "customer-d"))
    replace(learned, persons=Persons([("customer-a", "customer-b")])).save("kgrec.bundle")
    assert shell("export-person", "--user", "customer-a", "--out", "a.json").code == 0
    held = json.loads((shell.folder / "a.json").read_text(encoding="utf-8"))
    assert [account["properties"]["uid"] for account in held["graph"]] == ["customer-a"]
    (shell.folder / "a.json").unlink()
    assert shell("forget", "customer-a").code == 0
    assert found_in(shell.folder, ("customer-b",)).keys() == {"kgrec.kgl"}


def test_a_graph_that_is_held_is_told_what_to_do(shell: Shell) -> None:
    everything_on()
    script = "from kgrec import open_store; store = open_store('kglite:kgrec.kgl'); print('held', flush=True); input()"
    held = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert held.stdout is not None
    held.stdout.readline()
    said = shell("forget", PEOPLE[0], *PLACES)
    assert said.code == 4
    assert "1 of the people are in it" in said.err
    assert "DELETE /v1/users/ID" in said.err
    held.communicate(b"\n")
    with open_store("kglite:kgrec.kgl") as store:
        store.delete_user(PEOPLE[0])
        store.checkpoint()
        assert shell("forget", PEOPLE[0], *PLACES).code == 0  # this process holds it, and they are not in it any more
    assert found_in(shell.folder, PEOPLE[:1]) == {}


def test_a_service_that_runs_refuses_at_once_and_swaps(shell: Shell) -> None:
    everything_on()
    versions = BundleVersions("kgrec.bundle")
    with Recommender.open("kgrec.bundle", None, state=versions.folder, loaded=versions.to_open()) as recommender:
        swap = ModelSwap(versions, recommender)
        assert not swap.look()
        assert recommender.recommend(PEOPLE[0])
        assert shell("forget", PEOPLE[0], *PLACES).code == 0
        for _ in range(2):
            with pytest.raises(UnknownUserError):
                swap.recommender.recommend(PEOPLE[0])
            assert swap.recommender.recommend(PEOPLE[1])
            swap.look()
        assert PEOPLE[0] not in swap.recommender.bundle.users
        assert (swap.swaps, swap.refused, swap.version) == (1, 0, versions.live)
        assert not swap.look()


def test_what_is_said(shell: Shell) -> None:
    shell.write()
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    said = shell("forget", "ann", "--proof", "p.json")
    assert (said.code, said.out) == (0, "ann is forgotten: 2 entries in 1 places, 0 are left. Proof: p.json\n")
    assert "not searched: no event log was named" in said.err
    assert "not searched: there is no bundle at kgrec.bundle" in said.err
    held = shell("inspect", "--json").json
    assert (held["nodes"], held["interactions"]) == ({"User": 1, "Film": 2}, {"WATCHED": 1})
    as_json = shell("forget", "bob", "--json", "--quiet")
    assert (as_json.json["users"], as_json.err) == (1, "")
    assert [path.name for path in Path().glob("forgotten-*.json")] == [as_json.json["proof"]]


def test_an_unknown_user_is_told_with_what_is_nearly_it(shell: Shell) -> None:
    shell.write(users="user\nann\n20\n", ratings="user,film,time\nann,alien,100\n20,heat,5\n")
    assert shell("ingest", *IMPORT, "--quiet").code == 0
    for users in (["20.0"], ["ann", "20.0"]):
        said = shell("forget", *users)
        assert said.code == 5
        assert "'20' exists" in said.err
    assert shell("inspect", "--json").json["nodes"]["User"] == 2
    assert list(Path().glob("forgotten-*.json")) == []


@pytest.mark.parametrize("option", ["--events", "--keys", "--also"])
def test_a_file_that_is_not_there_is_not_passed_over(shell: Shell, option: str) -> None:
    everything_on(people=PEOPLE[:3])
    said = shell("forget", PEOPLE[0], option, "none.db")
    assert (said.code, Path("none.db").exists()) == (2, False)
    assert shell("inspect", "--json").json["nodes"]["User"] == 3


def test_a_store_that_is_not_there_is_not_made(shell: Shell) -> None:
    assert shell("forget", "ann", "--store", "kglite:none.kgl").code == 4
    assert list(shell.folder.glob("none.kgl")) == []
