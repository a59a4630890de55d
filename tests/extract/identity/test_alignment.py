"""Alignment: every rule with an example and a counter-example, and the hand-checked sample of real films."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.data.records import NodeRecord, Value
from kgrec.errors import SourceError
from kgrec.extract.identity.alignment import AlignmentReport, Ambiguity, Match, align
from kgrec.schema.identity_rules import Alignment

SPEC = Alignment(title="name", year="year", year_tolerance=1)
SAMPLE = Path(__file__).with_name("alignment_sample.tsv")


def film(platform: str, uid: str, name: str, year: int | None = None, **more: Value) -> NodeRecord:
    properties = {"name": name, **({} if year is None else {"year": year}), **more}
    return NodeRecord("Movie", uid, properties, platform)


def pairs(report: AlignmentReport) -> list[tuple[str, str, str]]:
    return [(match.uid_a, match.uid_b, match.rule) for match in report.matches]


def of(name: str, year: int | None, other: str, other_year: int | None, spec: Alignment = SPEC) -> list[str]:
    """The rules that match one film of platform a with one of platform b."""
    report = align([film("a", "1", name, year), film("b", "2", other, other_year)], spec, node_type="Movie")
    return [match.rule for match in report.matches]


@pytest.mark.parametrize(
    ("name", "year", "other", "other_year", "rule"),
    [
        ("Godfather, The (1972)", 1972, "The Godfather", 1972, "title, same year"),
        ("Godfather, The (1972)", None, "The Godfather", 1972, "title, same year"),
        ("Twelve Monkeys", 1995, "12 Monkeys", 1995, "title, same year"),
        ("Hate (Haine, La)", 1995, "La Haine", 1995, "alternative title, same year"),
        ("Three Colors: Red", 1994, "Three Colours: Red", 1994, "loose title, same year"),
        ("Heathers", 1989, "Heathers", 1988, "title, near year"),
        ("Hate (Haine, La)", 1996, "La Haine", 1995, "alternative title, near year"),
        ("Star Wars", 1977, "Star Wars: Episode IV – A New Hope", 1977, "part of title, same year"),
        ("Jungle Book, The", 1994, "Rudyard Kipling's The Jungle Book", 1994, "part of title, same year"),
        ("Poison Ivy II", 1995, "Poison Ivy II: Lily", 1996, "part of title, near year"),
        ("U.S. Marshalls", 1998, "U.S. Marshals", 1998, "similar title, same year"),
    ],
)
def test_what_matches(name: str, year: int | None, other: str, other_year: int, rule: str) -> None:
    assert of(name, year, other, other_year) == [rule]
    assert of(other, other_year, name, year) == [rule]


@pytest.mark.parametrize(
    ("name", "year", "other", "other_year"),
    [
        ("Sabrina", 1995, "Sabrina", 1954),
        ("Psycho", 1960, "Psycho", 1998),
        ("Heathers", 1989, "Heathers", 1987),
        ("Hate (Haine, La)", 1997, "La Haine", 1995),
        ("Boys, Les", 1997, "The Boys", 1998),
        ("Star Trek: Generations", 1994, "Star Trek: First Contact", 1994),
        ("Star Wars", 1977, "Star Wars: Episode V – The Empire Strikes Back", 1980),
        ("List, The", 1993, "Schindler's List", 1993),
        ("Amityville II", 1982, "Amityville III", 1982),
        ("U.S. Marshalls", 1998, "U.S. Marshals", 1997),
        ("Heat", 1995, "Seat", 1995),
        ("Kill Bill", 2003, "Kill Bill: Vol. 2", 2003),
        ("Alien", 1991, "Alien 3: The Return", 1992),
        ("Heat", None, "Heat", 1995),
        ("???", 1995, "!!!", 1995),
    ],
)
def test_what_does_not_match(name: str, year: int | None, other: str, other_year: int) -> None:
    assert of(name, year, other, other_year) == []
    assert of(other, other_year, name, year) == []


def test_without_tolerance_the_year_must_be_the_same() -> None:
    assert of("Heathers", 1989, "Heathers", 1988, Alignment(title="name", year="year")) == []


def test_without_a_year_property_the_title_alone_decides() -> None:
    spec = Alignment(title="name")
    assert of("Beatles, The", None, "The Beatles", None, spec) == ["title"]
    assert of("Prince (The Artist)", None, "The Artist", None, spec) == ["alternative title"]
    assert of("Beatles, The", None, "The Beetles", None, spec) == []


def test_keys_are_enough_and_come_first() -> None:
    records = [
        film("a", "1", "Other Name", 1950, imdb="tt1"),
        film("b", "2", "Sabrina", 1954, imdb="tt1"),
        film("b", "3", "Other Name", 1950, imdb="tt3"),
        film("b", "4", "Unkeyed", 1950, imdb=""),
        film("a", "5", "Keyless", 1950, imdb=""),
    ]
    report = align(records, SPEC.model_copy(update={"keys": ("imdb",)}), node_type="Movie")
    assert pairs(report) == [("1", "2", "key imdb")]
    assert report.matches[0].evidence == (
        "key imdb: a has 'Other Name' of 1950; b has 'Sabrina' of 1954; both: imdb tt1"
    )


def test_different_keys_forbid_what_titles_suggest() -> None:
    records = [film("a", "1", "Heat", 1995, imdb=1), film("b", "2", "Heat", 1995, imdb=2)]
    assert align(records, SPEC.model_copy(update={"keys": ("imdb",)}), node_type="Movie").matches == ()
    assert len(align(records, SPEC, node_type="Movie").matches) == 1


def test_a_match_keeps_its_evidence() -> None:
    report = align([film("a", "1", "Heathers", 1989), film("b", "2", "Heathers", 1988)], SPEC, node_type="Movie")
    evidence = "title, near year: a has 'Heathers' of 1989; b has 'Heathers' of 1988"
    assert report.matches == (Match("a", "1", "b", "2", "title, near year", evidence),)
    assert report.counts == {"title, near year": 1}


def test_tied_candidates_are_reported_and_never_guessed() -> None:
    records = [film("a", "1", "Hamlet", 1996), film("b", "2", "Hamlet", 1996), film("b", "3", "Hamlet (Hamlet)", 1996)]
    report = align(records, SPEC, node_type="Movie")
    assert report.matches == ()
    why = "rule 'title, same year' finds 2 equally good"
    assert report.ambiguous == (Ambiguity("a", "1", "Hamlet", ("b:2", "b:3"), why),)
    assert report.unmatched == {"a": ("1",), "b": ("2", "3")}


def test_years_on_either_side_are_tied() -> None:
    records = [film("a", "1", "Heat", 1996), film("b", "2", "Heat", 1995), film("b", "3", "Heat", 1997)]
    report = align(records, SPEC, node_type="Movie")
    assert report.matches == ()
    assert [ambiguity.candidates for ambiguity in report.ambiguous] == [("b:2", "b:3")]


def test_remakes_find_their_own_year() -> None:
    records = [
        *(film("a", str(year), "Sabrina", year) for year in (1954, 1995)),
        *(film("b", f"b{year}", "Sabrina", year) for year in (1954, 1955, 1995)),
    ]
    assert pairs(align(records, SPEC, node_type="Movie")) == [
        ("1954", "b1954", "title, same year"),
        ("1995", "b1995", "title, same year"),
    ]


def test_one_partner_only() -> None:
    records = [film("a", "1", "Heat", 1995), film("a", "2", "Heat", 1996), film("b", "3", "Heat", 1995)]
    report = align(records, SPEC, node_type="Movie")
    assert pairs(report) == [("1", "3", "title, same year")]
    assert report.unmatched == {"a": ("2",), "b": ()}


def test_also_and_related_break_ties() -> None:
    records = [
        film("a", "1", "Hamlet", 1996, genres=["Drama"]),
        film("b", "2", "Hamlet", 1996, genres=["Comedy"]),
        film("b", "3", "Hamlet", 1996, genres=["Drama", "War"]),
    ]
    assert align(records, SPEC, node_type="Movie").matches == ()
    report = align(records, SPEC.model_copy(update={"also": ("genres",)}), node_type="Movie")
    assert pairs(report) == [("1", "3", "title, same year")]
    assert report.matches[0].evidence.endswith("; both: genres drama")
    related = {("a", "1"): frozenset({"K. Branagh"}), ("b", "2"): frozenset({"k branagh", "K. Winslet"})}
    assert pairs(align(records, SPEC, node_type="Movie", related=related)) == [("1", "2", "title, same year")]


def test_evidence_against_the_nearer_year_leave_a_tie() -> None:
    spec = Alignment(title="name", year="year", year_tolerance=3, also=("genres",))
    records = [
        film("a", "1", "Nightwatch", 1997, genres=["Horror", "Thriller"]),
        film("b", "2", "Nightwatch", 1994, genres=["Horror", "Thriller"]),
        film("b", "3", "Nightwatch", 1998, genres=["Horror"]),
    ]
    assert align(records, spec, node_type="Movie").matches == ()


def test_similar_titles_need_common_evidence_where_there_is_any() -> None:
    spec = SPEC.model_copy(update={"also": ("genres",)})
    records = [film("a", "1", "Strangers", 1998, genres=["Horror"]), film("b", "2", "Stranger", 1998, genres=["War"])]
    assert align(records, spec, node_type="Movie").matches == ()
    assert len(align(records, SPEC, node_type="Movie").matches) == 1


def test_a_film_listed_twice_is_one_film() -> None:
    twice = [film("a", uid, "Chasing Amy", 1997, genres=["Drama"]) for uid in ("1", "2")]
    report = align([*twice, film("b", "3", "Chasing Amy", 1997)], SPEC, node_type="Movie")
    assert pairs(report) == [("1", "3", "title, same year"), ("2", "3", "title, same year")]
    assert report.canonical("a", "2") == report.canonical("b", "3") == "1"
    assert report.aliases("1") == ("a:1", "a:2", "b:3")


def test_the_same_title_and_year_alone_are_not_the_same_film() -> None:
    twice = [film("a", uid, "Chasing Amy", 1997) for uid in ("1", "2")]
    report = align([*twice, film("b", "3", "Chasing Amy", 1997)], SPEC, node_type="Movie")
    assert report.matches == ()
    assert [(ambiguity.platform, ambiguity.uid) for ambiguity in report.ambiguous] == [("b", "3")]


def test_one_uid_described_twice_has_both_titles() -> None:
    records = [film("a", "1", "Apocalypse Now", 1979), film("b", "2", "Apocalypse Now", 1979)]
    report = align([*records, film("b", "2", "Apocalypse Now Redux", 2001)], SPEC, node_type="Movie")
    assert pairs(report) == [("1", "2", "title, same year")]


def test_three_platforms_chain() -> None:
    records = [
        film("c", "c1", "12 Monkeys", 1995),
        film("b", "b1", "12 Monkeys (L'armée des 12 singes)", 1996),
        film("a", "a1", "L'armée des 12 singes", 1997),
        film("a", "a2", "Heat", 1995),
    ]
    report = align(records, SPEC, node_type="Movie")
    assert len(report.matches) == 2
    assert [report.canonical(*each) for each in (("a", "a1"), ("b", "b1"), ("c", "c1"))] == ["c1"] * 3
    assert report.aliases("c1") == ("c:c1", "b:b1", "a:a1")
    assert report.canonical("a", "a2") == "a2"
    assert report.aliases("a2") == ()
    assert report.unmatched == {"c": (), "b": (), "a": ("a2",)}


def test_a_chain_may_not_join_two_films_of_one_platform() -> None:
    records = [
        film("a", "a1", "Heat", 1995),
        film("b", "b1", "Heat (Fire)", 1995),
        film("c", "c1", "Fire", 1995),
        film("a", "a2", "Fire (Blaze)", 1996),
        film("c", "c1", "Blaze", 1996),
    ]
    report = align(records, SPEC, node_type="Movie")
    assert {report.canonical("a", uid) for uid in ("a1", "a2")} == {"a1", "a2"}
    assert "rule 'alternative title, same year' would join two different records of one platform" in {
        ambiguity.why for ambiguity in report.ambiguous
    }


def test_other_node_types_are_passed_over() -> None:
    records = [film("a", "1", "Heat", 1995), NodeRecord("Person", "2", {"name": "Heat", "year": 1995}, "b")]
    assert align(records, SPEC, node_type="Movie").matches == ()
    assert align([], SPEC, node_type="Movie").unmatched == {}


WORLD = [
    *(
        film("a", f"a{at}", name, year)
        for at, (name, year) in enumerate([("Heat", 1995), ("Heat", 1996), ("Fire", 1990)])
    ),
    *(
        film("b", f"b{at}", name, year)
        for at, (name, year) in enumerate([("Heat", 1996), ("Fire", 1991), ("Fire", 1989)])
    ),
    *(
        film("c", f"c{at}", name, year)
        for at, (name, year) in enumerate([("Heat (Fire)", 1996), ("Fire: Again", 1990)])
    ),
]


@settings(max_examples=60, deadline=None)
@given(st.permutations(WORLD))
def test_order_of_records_does_not_matter(shuffled: Sequence[NodeRecord]) -> None:
    expected, found = align(WORLD, SPEC, node_type="Movie"), align(shuffled, SPEC, node_type="Movie")
    assert found.matches == expected.matches
    assert found.ambiguous == expected.ambiguous
    assert dict(found.counts) == dict(expected.counts)
    assert dict(found.unmatched) == dict(expected.unmatched)


def real_films() -> Iterator[NodeRecord]:
    movielens = pytest.importorskip("kgrec_loaders.movielens100k").MovieLens100kLoader()
    wikidata = pytest.importorskip("kgrec_loaders.wikidata_films").WikidataFilmsLoader()
    for table in movielens.tables():
        if table.name == "films":
            for row in (row for batch in table.batches for row in batch.to_pylist()):
                year = {"year": row["release_year"]} if str(row["release_year"]).isdigit() else {}
                properties = {"name": row["movie_title"], "genres": row["class"].split(), **year}
                yield NodeRecord("Movie", str(row["item_id"]), properties, "movielens")
    for table in wikidata.tables():
        for row in (row for batch in table.batches for row in batch.to_pylist()):
            properties = {"name": row["Title"], "year": row["Year"], "genres": (row["Genre"] or "").split(", ")}
            yield NodeRecord("Movie", row["imdbID"], properties, "wikidata")


@pytest.fixture(scope="module")
def real_report() -> AlignmentReport:
    try:
        records = list(real_films())
    except SourceError as error:
        pytest.skip(f"the films cannot be fetched: {error.summary}")
    return align(records, SPEC.model_copy(update={"also": ("genres",)}), node_type="Movie")


@pytest.mark.download
def test_precision_and_recall_on_the_hand_checked_sample(real_report: AlignmentReport) -> None:
    with SAMPLE.open(encoding="utf-8", newline="") as lines:
        truth = {
            row["item_id"]: row["imdb_id"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    assert len(truth) == 200
    found = {match.uid_a: match.uid_b for match in real_report.matches if match.uid_a in truth}
    right = sum(truth[uid] == partner for uid, partner in found.items())
    assert right / len(found) >= 0.99
    assert right / sum(imdb_id != "-" for imdb_id in truth.values()) >= 0.95


@pytest.mark.download
def test_enough_films_are_aligned(real_report: AlignmentReport) -> None:
    assert len({match.uid_a for match in real_report.matches}) >= 1400
    assert sum(real_report.counts.values()) == len(real_report.matches)
