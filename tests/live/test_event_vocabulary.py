"""What an event may leave out: what a model's data mostly have, or what a graph's schema has one of."""

from __future__ import annotations

import pytest

from kgrec.data.records import Interaction, NodeRecord
from kgrec.errors import GraphError, RecordError
from kgrec.graph import GraphStore, open_store
from kgrec.live.event_reading import EventReader
from kgrec.live.event_vocabulary import EventVocabulary
from kgrec.schema.model import GraphSchema, InteractionType
from kgrec.testing.sample_graph import words
from tests.support.bundles import film_bundle, film_schema
from tests.support.shop import IMPORT, SCHEMA, Shell


def test_of_a_bundle_it_is_what_its_data_mostly_have(store: GraphStore) -> None:
    known = EventVocabulary.of_bundle(film_bundle(store.schema, store.graph_id), {"dune"}.__contains__)
    assert known.usual == ("watch", "cinema")
    assert [known.has_item(item) for item in ("alien", "dune", "nobody-knows")] == [True, True, False]


def one_platform() -> GraphSchema:
    return film_schema().model_copy(update={"platforms": {"cinema": words("Cinema", "影院")}})


def test_of_a_graph_it_is_what_there_is_one_of() -> None:
    with open_store("kglite::memory:") as store:
        store.apply_schema(one_platform())
        store.upsert_nodes([NodeRecord("Film", "alien")])
        check_names_of(store)


def check_names_of(store: GraphStore) -> None:
    known = EventVocabulary.of_graph(store)
    assert known.schema == store.schema
    event = EventReader(known).read({"id": 1, "user": "ann", "item": "alien", "time": 5})
    assert event.interaction == Interaction("WATCHED", "ann", "alien", "watch", "cinema", 5.0)
    assert EventReader(known).read({"id": 1, "user": "ann", "item": "dune"}).aside == "unknown item"
    store.upsert_nodes([NodeRecord("Film", "dune")])
    assert EventReader(known).read({"id": 1, "user": "ann", "item": "dune"}).aside == ""


def test_what_a_graph_has_several_of_must_be_given() -> None:
    schema = film_schema()
    rated = InteractionType(user="User", item="Film", words=words("rated", "评分"), kinds=("rate",))
    schema = schema.model_copy(
        update={
            "interactions": {**schema.interactions, "RATED": rated},
            "platforms": {"cinema": words("c", "c"), "tv": words("t", "t")},
        }
    )
    with open_store("kglite::memory:") as store:
        store.apply_schema(schema)
        store.upsert_nodes([NodeRecord("Film", "alien")])
        read = EventReader(EventVocabulary.of_graph(store)).read
        with pytest.raises(RecordError) as caught:
            read({"id": 1, "user": "ann", "item": "alien"})
        assert caught.value.found == "kind must be given; platform must be given"
        event = read({"id": 1, "user": "ann", "item": "alien", "kind": "rate", "platform": "tv"})
        assert (event.interaction.type, event.aside) == ("RATED", "")


def test_behaviour_from_one_platform_needs_not_name_it(shell: Shell) -> None:
    """Others of the schema may be those of facts."""
    shell.write()
    (shell.folder / "shop.yaml").write_text(SCHEMA.replace("nodes:", "  wiki: {en: Wiki, zh: 维基}\nnodes:", 1))
    assert shell("ingest", *IMPORT).code == 0
    with open_store("kglite:kgrec.kgl", read_only=True) as store:
        assert set(EventVocabulary.of_graph(store).platforms) == {"shop", "wiki"}
        assert EventVocabulary.of_graph(store).usual == ("watch", "shop")


@pytest.mark.parametrize(("time", "moments"), [(1_700_000_000.0, True), (7.0, False), (None, None)])
def test_a_graph_says_whether_times_are_moments(time: float | None, moments: bool | None) -> None:
    with open_store("kglite::memory:") as store:
        store.apply_schema(one_platform())
        store.upsert_nodes([NodeRecord("Film", "alien"), NodeRecord("User", "ann")])
        store.upsert_interactions([Interaction("WATCHED", "ann", "alien", "watch", "cinema", time)])
        known = EventVocabulary.of_graph(store)
        assert known.cutoff == time
        read = EventReader(known).read
        for given, is_moment in ((1_700_000_001, True), (8, False)):
            report = {"id": 1, "user": "ann", "item": "alien", "time": given}
            if moments in (None, is_moment):
                assert read(report).interaction.time == given
            else:
                with pytest.raises(RecordError):
                    read(report)


def test_an_empty_store_has_no_names() -> None:
    with open_store("kglite::memory:") as store, pytest.raises(GraphError):
        EventVocabulary.of_graph(store)


def test_a_graph_in_neo4j_says_the_same(neo4j_url: str) -> None:
    with open_store(neo4j_url) as store:
        store.apply_schema(one_platform())
        store.upsert_nodes([NodeRecord("Film", "alien"), NodeRecord("User", "ann")])
        times = [float(n) for n in range(5)]
        store.upsert_interactions([Interaction("WATCHED", "ann", "alien", "watch", "cinema", time) for time in times])
        assert EventVocabulary.of_graph(store).cutoff == times[-1]
        check_names_of(store)
