"""What the names of columns say, in several languages."""

from __future__ import annotations

import pytest

from kgrec.extract.draft.header_words import (
    CATEGORIES,
    ITEMS,
    USERS,
    english,
    label,
    language_beside,
    names_an_id,
    noun_among,
    nouns_of,
    property_name,
    words_of,
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("happened_at", ("happened", "at")),
        ("userId", ("user", "id")),
        ("SKUCode", ("sku", "code")),
        ("Lineitem sku", ("lineitem", "sku")),
        ("Qualität", ("qualitat",)),
        ("用户ID", ("用户", "id")),
        ("2023", ()),
    ],
)
def test_a_name_is_taken_apart(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    "name", ["customer_no", "userId", "Kundennummer", "client_id", "用户编号", "BenutzerNr", "Reader"]
)
def test_users(name: str) -> None:
    assert noun_among(name, USERS) is not None
    assert noun_among(name, ITEMS) is None


@pytest.mark.parametrize(
    "name", ["sku", "movieId", "Artikelnummer", "produit", "商品ID", "Lineitem name", "isbn", "trackid"]
)
def test_items(name: str) -> None:
    assert noun_among(name, ITEMS) is not None
    assert noun_among(name, USERS) is None


@pytest.mark.parametrize(
    ("name", "noun"),
    [("Hersteller", "maker"), ("marque", "brand"), ("类型", "genre"), ("genres", "genre"), ("Verlag", "publisher")],
)
def test_what_joins_items(name: str, noun: str) -> None:
    assert noun_among(name, CATEGORIES) == noun


@pytest.mark.parametrize(
    ("name", "nouns"),
    [
        ("Bestelldatum", ("time",)),
        ("购买时间", ("time",)),
        ("quantité", ("count",)),
        ("Bewertung", ("stars",)),
        ("unit_price", ("money",)),
        ("foo", ()),
        ("paid", ()),  # no id of a "pa"
    ],
)
def test_measures_and_times(name: str, nouns: tuple[str, ...]) -> None:
    assert [noun for noun in nouns_of(name) if noun != "order"] == list(nouns)


def test_ids() -> None:
    assert [name for name in ("sku", "customer_no", "artist_id", "uid", "genre", "identity") if names_an_id(name)] == [
        "sku",
        "customer_no",
        "artist_id",
        "uid",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Hersteller", "maker"),
        ("genre_name", "genre"),
        ("Product Type", "product type"),
        ("unitPrice", "unit price"),
        ("价格", "price"),
        ("fooBar", "foo bar"),
    ],
)
def test_english(name: str, said: str) -> None:
    assert english(name) == said


@pytest.mark.parametrize(
    ("name", "column", "code"),
    [
        ("label", "label@zh", "zh"),
        ("label", "label@zh-hans", "zh_hans"),
        ("name", "name_zh", "zh"),
        ("name", "name_cn", "zh"),
        ("title_en", "title_zh", "zh"),
        ("Title", "title_DE", "de"),
        ("name", "name_id", None),
        ("label", "label@id", "id"),
        ("name", "title_zh", None),
        ("name", "name", None),
    ],
)
def test_columns_of_names_in_a_language(name: str, column: str, code: str | None) -> None:
    assert language_beside(name, column) == code


def test_names_of_types_and_properties() -> None:
    assert (label("sub category", "Thing"), property_name("sub category", "thing")) == ("SubCategory", "sub_category")
    assert (label("3d", "Thing"), property_name("类型", "thing")) == ("Thing", "thing")
