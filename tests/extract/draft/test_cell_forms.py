"""What cells are, told from their texts."""

from __future__ import annotations

import pytest

from kgrec.extract.draft.cell_forms import Form, form_of, separator_of
from kgrec.extract.draft.time_forms import TimeForm

GENRES = ["Action", "Comedy", "Drama", "Sci-Fi", "War"]
PAIRS = [(a, b) for a in GENRES for b in GENRES if a < b]


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["1", "2", "-3"], Form("whole")),
        (["17850.0", "2"], Form("whole")),
        (["1", "2.5", "1e3"], Form("number")),
        (["1", "NA", "3"], Form("whole", missing=("NA",))),
        (["NA", "null"], Form("nothing")),
        ([], Form("nothing")),
        (["yes", "no"], Form("flag")),
        (["$12.50", "$1,300.00"], Form("money")),
        (["12,50 €", "7,00 €"], Form("money")),
        (["1.234,56", "99,00"], Form("money")),
        (["2023-11-25", "2024-01-02"], Form("time", TimeForm())),
        (["https://a.example/1.png", "http://b.example"], Form("link")),
        (["G000", "G001"], Form("text")),
        (["A light tent for two people, and for all three dry seasons of the year"], Form("prose")),
        (["一顶轻便的帐篷，适合两个人在除冬季以外的三个季节里露营使用，收起来只有一瓶水那么大"], Form("prose")),
    ],
)
def test_forms(texts: list[str], form: Form) -> None:
    assert form_of(texts) == form


@pytest.mark.parametrize("separator", ["|", ";", ", ", "/", " / "])
def test_lists_by_parts_that_come_back(separator: str) -> None:
    cells = [separator.join(pair) for pair in PAIRS]
    assert separator_of(cells) == separator
    assert form_of(cells) == Form("list", separator=separator)


@pytest.mark.parametrize(
    "texts",
    [
        ["Doe, Jane", "Roe, Richard", "Poe, Edgar"],
        ["Crime, Punishment and a long story of guilt", "War, peace and five families of a large country"],
        ["AC/DC", "Hall & Oates", "Queen"],
        GENRES,
    ],
)
def test_a_sign_within_names_is_no_separator(texts: list[str]) -> None:
    assert separator_of(texts) is None
