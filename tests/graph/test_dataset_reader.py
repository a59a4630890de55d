"""The store as a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kgrec.bundle.bundle import Bundle
from kgrec.data.dataset import AGAINST, FOR
from kgrec.data.records import Interaction, NodeRecord
from kgrec.errors import GraphError
from kgrec.graph import open_store
from kgrec.graph.dataset_reader import read_dataset
from kgrec.graph.export.to_networkx import to_networkx
from kgrec.pipeline import ingest
from kgrec.recommendation import Recommender, sentence
from kgrec.schema.load import parse_schema
from kgrec.schema.model import GraphSchema
from kgrec.testing.sample_graph import SampleGraph, films_graph, films_schema
from tests.support.told_worlds import closed_form_bundle


def test_the_films_as_arrays() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        store.upsert_nodes([NodeRecord("Film", "alien", {"tags": ["space", "horror"], "plot": "A ship lands"})])
        data = read_dataset(store)
    assert list(data.users) == ["ann", "bob"]
    assert list(data.items) == ["alien", "aliens", "heat", "ronin", "solo"]
    assert list(data.nodes)[:6] == [
        *(f"Film:{uid}" for uid in data.items),
        "Person:cameron",
    ]
    assert len(data.nodes) == len(data.names) == 12
    assert data.names[0] == "Alien"
    assert data.names[data.nodes.row("Person:m.0x1") or 0] == "m.0x1"
    assert data.texts[:2] == ("Alien. space, horror. A ship lands", "Aliens")
    assert data.texts[5] == ""
    behaviour = data.interactions
    assert (behaviour.kinds, behaviour.platforms) == (("rate", "stream"), ("lens", "wiki"))
    told = [
        (data.users[u], data.items[i], behaviour.kinds[k], t, w)
        for u, i, k, t, w in zip(
            behaviour.user, behaviour.item, behaviour.kind, behaviour.time, behaviour.weight, strict=True
        )
    ]
    assert told[:3] == [
        ("ann", "alien", "rate", 10.0, 4.0),
        ("ann", "aliens", "rate", 20.0, 5.0),
        ("bob", "alien", "rate", 15.0, 3.0),
    ]
    assert told[3][:3] == ("ann", "heat", "stream")
    assert np.isnan(told[3][3])
    facts = data.facts
    assert facts.relations == ("ACTED_IN", "DIRECTED_BY", "HAS_GENRE", "SEQUEL_OF", "WORKED_WITH/as producer")
    triples = {
        (data.nodes[h], facts.relations[r], data.nodes[t])
        for h, r, t in zip(facts.head, facts.relation, facts.tail, strict=True)
    }
    assert len(triples) == len(facts) == 13
    assert ("Person:mann", "WORKED_WITH/as producer", "Person:scott") in triples
    assert ("Film:aliens", "SEQUEL_OF", "Film:alien") in triples


def test_a_graph_without_behaviour_or_facts() -> None:
    with open_store("kglite::memory:") as store:
        store.apply_schema(films_schema())
        data = read_dataset(store)
    assert repr(data) == "Dataset(0 users, 0 items, 0 nodes, 0 interactions, 0 facts)"


def test_an_empty_store_has_no_graph_to_read() -> None:
    with open_store("kglite::memory:") as store:
        with pytest.raises(GraphError, match="the store is empty"):
            read_dataset(store)
        with pytest.raises(GraphError, match="the store is empty"):
            to_networkx(store)


def test_what_speaks_against_its_item_is_apart() -> None:
    behaviour = [
        Interaction("RATED", "ann", "alien", "rate", "lens", 1.0, 4.0),
        Interaction("RATED", "ann", "heat", "rate", "lens", 2.0, -1.0),
        Interaction("WATCHED", "bob", "alien", "skip", "lens", 3.0),
        Interaction("WATCHED", "bob", "heat", "stream", "lens", 4.0),
    ]
    world = films_graph()
    with open_store("kglite::memory:") as store:
        replace(world, interactions=behaviour).put_into(store)
        data = read_dataset(store)
    told = [
        [(data.users[u], data.items[i], part.types[t]) for u, i, t in zip(part.user, part.item, part.type, strict=True)]
        for part in (data.interactions, data.against)
    ]
    assert told == [[("ann", "alien", "RATED"), ("bob", "heat", "WATCHED")], [("ann", "heat", "RATED")]]
    assert data.behaviour.says.tolist() == [FOR, FOR, AGAINST]


def test_items_of_one_name_are_told_apart() -> None:
    with open_store("kglite::memory:") as store:
        films_graph().put_into(store)
        store.upsert_nodes([NodeRecord("Film", "solo", {"name": "Heat", "year": 2018.0})])
        store.upsert_nodes([NodeRecord("Film", "heat", {"year": 1995.0})])
        data = read_dataset(store)
    names = dict(zip(data.items, data.names[: len(data.items)], strict=True))
    assert (names["heat"], names["solo"], names["alien"]) == ("Heat (1995)", "Heat (2018)", "Alien")


SCHEMA = """
version: 1
domain: films
platforms: {site: {en: the site, zh: 网站}}
nodes:
  Guest: {role: user, words: {en: guest, zh: 观众}, sources: [{table: seen, platform: site, id: guest, optional: true}]}
  Film:
    role: item
    words: {en: film, zh: 电影}
    properties: {name: {type: text, embed: true}, name_zh: {type: text}}
    sources: [{table: Film, platform: site, id: ID, columns: {name: NAME, name_zh: NAME_ZH}}]
  Person:
    words: {en: person, zh: 人物}
    properties: {name: {type: text}, name_zh: {type: text}}
    sources: [{table: Person, platform: site, id: ID, columns: {name: NAME, name_zh: NAME_ZH}}]
edges:
  DIRECTED_BY:
    source: [Film]
    target: [Person]
    words: {en: directed by, zh: 的导演是}
    noun: {en: director, zh: 导演}
    sources: [{table: Film, platform: site, source: {column: ID, type: Film}, target: {column: director, type: Person}}]
interactions:
  SEEN:
    user: Guest
    item: Film
    words: {en: watched, zh: 看过}
    sources: [{table: seen, platform: site, user: guest, item: film, kind: see}]
"""
TITLES = {"ice": ("Ice Storm, The", "冰风暴", "lee"), "tiger": ("Crouching Tiger", "卧虎藏龙", "lee"),
          "heat": ("Heat", "", "mann"), "insider": ("The Insider", "", "mann")}  # fmt: skip
PEOPLE = {"lee": ("Ang Lee", "李安"), "mann": ("Michael Mann", "")}
SEEN = [(f"g{n}", film) for n in range(6) for film in (("tiger", "ice") if n % 2 else ("heat", "insider"))]


def tables(folder: Path) -> tuple[str, Path]:
    """Films and people as CSV files, with a column for their names in Chinese."""
    films = [f'{uid},"{name}",{chinese},{director}' for uid, (name, chinese, director) in TITLES.items()]
    people = [f"{uid},{name},{chinese}" for uid, (name, chinese) in PEOPLE.items()]
    (folder / "Film.csv").write_text("\n".join(["id,title,title_zh,director", *films]), encoding="utf-8")
    (folder / "Person.csv").write_text("\n".join(["id,title,title_zh", *people]), encoding="utf-8")
    return SCHEMA.replace("ID", "id").replace("NAME_ZH", "title_zh").replace("NAME", "title"), folder


def turtle(folder: Path) -> tuple[str, Path]:
    """The same as Turtle, with labels in Chinese."""
    lines = ["@prefix : <http://x/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."]
    for uid, (name, chinese, director) in TITLES.items():
        lines.append(f':{uid} a :Film ; rdfs:label "{name}"@en ; :director :{director} .')
        lines += [f':{uid} rdfs:label "{chinese}"@zh .'] if chinese else []
    for uid, (name, chinese) in PEOPLE.items():
        lines.append(f':{uid} a :Person ; rdfs:label "{name}"@en .')
        lines += [f':{uid} rdfs:label "{chinese}"@zh .'] if chinese else []
    (folder / "films.ttl").write_text("\n".join(lines), encoding="utf-8")
    schema = SCHEMA.replace("ID", "iri").replace("NAME_ZH", "label@zh").replace("NAME", "label")
    return schema, folder / "films.ttl"


@pytest.mark.parametrize(("kind", "write", "prefix"), [("tables", tables, ""), ("rdf", turtle, "http://x/")])
def test_names_in_the_readers_language_come_from_the_source_to_the_sentence(
    tmp_path: Path, kind: str, write: Callable[[Path], tuple[str, Path]], prefix: str
) -> None:
    text, path = write(tmp_path)
    seen = tmp_path / "seen"
    seen.mkdir()
    rows = "\n".join(f"{guest},{prefix}{film}" for guest, film in SEEN)
    (seen / "seen.csv").write_text(f"guest,film\n{rows}\n", encoding="utf-8")
    with open_store("kglite::memory:") as store:
        ingest(parse_schema(text, "here"), [f"{kind}:{path}", f"tables:{seen}"], store)
        bundle = closed_form_bundle(parse_schema(text, "here"), store, {"paths": 1.0}, 0.1)
        bundle.save(tmp_path / "bundle")
        with Recommender(Bundle.load(tmp_path / "bundle"), store) as recommender:
            ice = recommender.explain(history=[f"{prefix}tiger"], item=f"{prefix}ice")
            heat = recommender.explain(history=[f"{prefix}heat"], item=f"{prefix}insider")
            (listed,) = recommender.recommend(history=[f"{prefix}tiger"], k=1)
    assert sentence(ice, "en", "short") == "Because you watched Crouching Tiger: same director, Ang Lee"
    assert sentence(ice, "zh", "short") == "因为您看过《卧虎藏龙》：导演都是李安"
    assert sentence(heat, "zh", "short") == "因为您看过《Heat》：导演都是Michael Mann"  # where there is no Chinese name
    assert (ice.name, ice.item_name_in("zh", ice.item, ice.name)) == ("The Ice Storm", "冰风暴")
    assert (listed.name_in("en"), listed.name_in("zh-TW")) == ("The Ice Storm", "冰风暴")
    assert ice.as_dict()["names_by_language"]["zh"][f"Film:{prefix}tiger"] == "卧虎藏龙"


def test_items_of_one_name_in_a_language_are_told_apart_there() -> None:
    given = films_schema().model_dump(mode="json")
    given["nodes"]["Film"]["properties"]["name_zh"] = {"type": "text"}
    schema = GraphSchema.model_validate(given)
    nodes = [
        NodeRecord("Film", uid, {"name": name, "year": year, "name_zh": chinese}, "lens")
        for uid, name, year, chinese in (
            ("e1", "Emma", 1996, "爱玛"),
            ("e2", "Emma.", 2020, "爱玛"),
            ("x", "Eva", 1, ""),
        )
    ]
    with open_store("kglite::memory:") as store:
        SampleGraph(schema, nodes, [], []).put_into(store)
        data = read_dataset(store)
    assert data.names_by_language == {"zh": ("爱玛 (1996)", "爱玛 (2020)", "")}
