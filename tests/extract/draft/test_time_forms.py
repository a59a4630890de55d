"""How times are written, told from texts."""

from __future__ import annotations

from datetime import datetime

import pytest

from kgrec.extract.draft.time_forms import TimeForm, number_form, time_form

MOMENTS = [datetime(2023, 11, 25, 18, 7, 9), datetime(2024, 2, 29, 0, 30), datetime(2021, 12, 31, 23, 59, 59)]


@pytest.mark.parametrize(
    "form",
    [
        "%m/%d/%Y",
        "%d/%m/%Y %H:%M",
        "%d.%m.%Y",
        "%d.%m.%Y, %H:%M:%S",
        "%m/%d/%Y %I:%M %p",
        "%d %b %Y %H:%M",
        "%b %d, %Y",
        "%Y/%m/%d %H:%M:%S",
        "%d/%b/%Y:%H:%M:%S",
        "%Y年%m月%d日",
        "%m/%d/%y",
        "%Y-%m-%d %H:%M:%S UTC",
    ],
)
def test_the_format_that_wrote_them_is_found(form: str) -> None:
    found = time_form([moment.strftime(form) for moment in MOMENTS])
    assert found == TimeForm(form)


@pytest.mark.parametrize(
    "text", ["2023-11-25", "2023-11-25 18:07", "2023-11-25T18:07:09.123Z", "2023-11-25 18:07:09+01:00"]
)
def test_iso_dates_need_no_format(text: str) -> None:
    assert time_form([text]) == TimeForm()


def test_day_and_month_may_be_the_other_way_round() -> None:
    assert time_form(["01/02/2024", "03/04/2024"]) == TimeForm("%m/%d/%Y", or_else="%d/%m/%Y")
    assert time_form(["01/02/2024", "13/04/2024"]) == TimeForm("%d/%m/%Y")


@pytest.mark.parametrize(
    "texts", [[], ["Heat"], ["1984"], ["v1.2.3"], ["2023-11-25", "soon"], ["12/2023"], ["99/99/2020"]]
)
def test_what_is_no_time(texts: list[str]) -> None:
    assert time_form(texts) is None


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("1700036119", TimeForm(unit="s")),
        ("1700036119.5", TimeForm(unit="s")),
        ("1700036119007", TimeForm(unit="ms")),
        ("1700036119007000", TimeForm(unit="us")),
        ("1700036119007000000", TimeForm(unit="ns")),
        ("20231125", TimeForm("%Y%m%d")),
        ("20231399", None),
        ("2023", None),
        ("12", None),
    ],
)
def test_numbers_say_their_unit_by_their_size(number: str, form: TimeForm | None) -> None:
    assert number_form([number]) == form
    assert number_form([number, "3"]) is None
