"""Titles: which spellings compare equal, and in which variant."""

from __future__ import annotations

import pytest

from kgrec.extract.identity.titles import plain_words, read_title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Godfather, The (1972)", "The Godfather"),
        ("Misérables, Les", "Les Miserables"),
        ("Avventura, L'", "L’Avventura"),
        ("Twelve Monkeys", "12 Monkeys"),
        ("Truth About Cats & Dogs, The", "The Truth about Cats and Dogs"),
        ("Godfather: Part II, The", "The Godfather Part 2"),
        ("Rocky V", "Rocky 5"),
        ("Schindler's List", "Schindlers List"),
        ("U.S. Marshals", "US Marshals"),
        ("M*A*S*H", "MASH"),
        ("Romeo + Juliet", "Romeo and Juliet"),
        ("Smilla’s Sense of Snow!", "smilla's sense of  snow"),
    ],
)
def test_main_title_is_the_same(one: str, other: str) -> None:
    assert read_title(one).main == read_title(other).main


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Psycho", "Psycho II"),
        ("Malcolm X", "Malcolm"),
        ("I, Worst of All", "1, Worst of All"),
        ("Alien", "Aliens"),
        ("か", "が"),
    ],
)
def test_main_form_differs(one: str, other: str) -> None:
    assert read_title(one).main != read_title(other).main


@pytest.mark.parametrize(
    ("title", "others"),
    [
        ("Seven (Se7en)", {"se7en"}),
        ("Shanghai Triad (Yao a yao yao dao waipo qiao)", {"yao a yao yao dao waipo qiao"}),
        ("City of Lost Children, The (Cité des enfants perdus, La) (1995)", {"la cite des enfants perdus"}),
        ("Indian Summer (a.k.a. Alive & Kicking)", {"alive and kicking"}),
        ("Indian Summer a.k.a. Alive & Kicking", {"alive and kicking"}),
        ("Heat (TV)", set()),
        ("Cyrano de Bergerac", set()),
        ("Aka Ana", set()),
    ],
)
def test_alternative_titles(title: str, others: set[str]) -> None:
    assert read_title(title).others == others


def test_year_in_brackets() -> None:
    assert read_title("Land Before Time III, The (1995)").year == 1995
    assert read_title("2001: A Space Odyssey").year is None


def test_a_title_all_in_brackets_is_a_title() -> None:
    assert read_title("(500)").main == "500"


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("Star Wars: Episode V – The Empire Strikes Back", "the empire strikes back"),
        ("Star Wars: Episode IV – A New Hope", "star wars"),
        ("Dr. Strangelove or: How I Learned to Stop Worrying", "dr strangelove"),
        ("Rudyard Kipling's The Jungle Book", "the jungle book"),
        ("Star Trek II: The Wrath of Khan", "star trek the wrath of khan"),
    ],
)
def test_parts(title: str, part: str) -> None:
    assert part in read_title(title).parts


def test_what_is_not_a_part() -> None:
    assert read_title("Schindler's List").parts == frozenset()
    assert read_title("Kill Bill: Vol. 2").parts == frozenset()
    assert read_title("Jerky Boys: The Movie").parts == {"jerky boys"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Three Colors: Red", "Three Colours: Red"),
        ("Sixth Man, The", "The 6th Man"),
        ("187", "One Eight Seven"),
        ("8 1/2", "8½"),
        ("Rocket Man", "RocketMan"),
        ("Sunset Blvd.", "Sunset Boulevard"),
        ("Nénette et Boni", "Nenette and Boni"),
    ],
)
def test_loose_form_is_the_same(one: str, other: str) -> None:
    assert read_title(one).loose & read_title(other).loose


def test_plain_words() -> None:
    assert plain_words("Amélie, Øst & III") == "amelie ost and 3"
