"""A report is read by the rules for rows of a source; what nobody knows is marked, what does not fit is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.bundle.bundle import Bundle
from kgrec.data.records import Interaction
from kgrec.errors import RecordError
from kgrec.extract.values import CellRule, read_column
from kgrec.live import event_reading
from kgrec.live.event_reading import EventReader, _moment, _number
from kgrec.live.event_vocabulary import EventVocabulary
from kgrec.schema.model import InteractionKind, InteractionSource, InteractionType, WeightMeaning
from kgrec.testing.sample_graph import words
from tests.support.bundles import film_bundle, film_schema

NOW = 1_700_000_000.0


def bundle(cutoff: float | None = NOW) -> Bundle:
    """Watching has one kind; rating says by its stars what it says."""
    rated = InteractionType(
        user="User",
        item="Film",
        words=words("rated", "评分"),
        kinds={"rate": InteractionKind(weights=WeightMeaning(stars=5, against_up_to=2)), "like": InteractionKind()},
    )
    schema = film_schema()
    schema = schema.model_copy(update={"interactions": {**schema.interactions, "RATED": rated}})
    made = film_bundle(schema, "g")
    return replace(made, manifest=replace(made.manifest, data_cutoff=cutoff))


def reader(bundle: Bundle, has_item: Callable[[str], bool] = lambda item: False) -> EventReader:
    return EventReader(EventVocabulary.of_bundle(bundle, has_item))


def report(**changed: Any) -> dict[str, Any]:
    return {"id": "e1", "user": "ann", "item": "alien", **changed}


def test_what_a_report_leaves_out_is_as_in_the_data() -> None:
    event = reader(bundle()).read(report())
    assert event.id == "e1"
    assert event.interaction == Interaction("WATCHED", "ann", "alien", "watch", "cinema", None, 1.0)
    assert event.aside == ""


def test_ids_are_read_as_everywhere() -> None:
    read = reader(bundle(), {"7", "café"}.__contains__).read
    assert read(report(item=7, user=" 12 ", id=5)).interaction.item == "7"
    assert read(report(item=7, user=" 12 ")).interaction.user == "12"
    assert read(report(item="cafe\u0301")).interaction.item == "café"


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        (None, None),
        ("", None),
        (1_700_000_123, 1_700_000_123.0),
        (1_700_000_123_500, 1_700_000_123.5),
        ("1700000123", 1_700_000_123.0),
        ("2023-11-14T22:15:23Z", 1_700_000_123.0),
        ("2023-11-14 23:15:23+01:00", 1_700_000_123.0),
    ],
)
def test_times_are_read_as_in_columns(time: Any, seconds: float | None) -> None:
    assert reader(bundle()).read(report(time=time)).interaction.time == seconds


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (5, "is a position"),
        (0, "is a position"),
        (-3, "must not be negative"),
        (20231114, "eight digits"),
        (9e99, "no time in any unit"),
        (float("inf"), "must be a time"),
        ("soon", "must be a time"),
        ("\ud800", "must be text"),
        ([NOW], "must be one value"),
        (True, "must be one value"),
    ],
)
def test_what_is_no_time_is_refused(time: Any, said: str) -> None:
    with pytest.raises(RecordError) as refused:
        reader(bundle()).read(report(time=time))
    assert said in str(refused.value)
    assert refused.value.expected == "time: unix time or an ISO date, as the times of the graph are"


@pytest.mark.parametrize("time", ["soon", -3, [4], 20231114, True])
def test_what_is_taken_is_said_and_nothing_else(time: Any) -> None:
    for cutoff, taken in (
        (3.0, "a position, as the times of the graph are, or no time"),
        (None, "unix time, an ISO date or a position"),
    ):
        with pytest.raises(RecordError) as refused:
            reader(bundle(cutoff=cutoff)).read(report(time=time))
        assert refused.value.expected == f"time: {taken}"


def test_a_moment_that_is_to_come_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)
    a_day = 86_400.0
    read = reader(bundle(NOW - 5 * a_day)).read
    assert read(report(time=NOW + a_day)).interaction.time == NOW + a_day
    with pytest.raises(RecordError) as raised:
        read(report(time="2099-01-01"))
    assert raised.value.found == "time is in the future: '2099-01-01'"
    of_the_future = reader(bundle(NOW + 9 * a_day)).read  # the data have such moments, too
    assert of_the_future(report(time=NOW + 10 * a_day)).interaction.time == NOW + 10 * a_day
    positions = reader(bundle(70.0)).read
    assert positions(report(time=5_000)).interaction.time == 5_000


def test_where_the_data_have_positions_a_moment_is_refused() -> None:
    with pytest.raises(RecordError, match="does not fit") as refused:
        reader(bundle(cutoff=3.0)).read(report(time=NOW))
    assert "is a moment" in str(refused.value)
    assert reader(bundle(cutoff=3.0)).read(report(time=4)).interaction.time == 4.0
    assert reader(bundle(cutoff=None)).read(report(time=4)).interaction.time == 4.0


@given(st.floats(1e8, 4_102_444_800.0))
def test_plain_seconds_are_what_a_column_reads(time: float) -> None:
    assert _moment(time) == _moment(repr(time)) == time


@pytest.mark.parametrize(
    ("changed", "aside"),
    [
        ({"item": "nobody-knows"}, "unknown item"),
        ({"kind": "buy", "type": "WATCHED"}, "unknown kind"),
        ({"kind": "teleport"}, "unknown kind"),
        ({"type": "TELEPORTED"}, "unknown type"),
        ({"platform": "radio"}, "unknown platform"),
        ({"platform": "wiki"}, ""),
        ({"kind": "rate", "weight": 4}, ""),
        ({"type": "RATED", "weight": 4}, ""),
    ],
)
def test_what_nobody_knows_is_marked(changed: dict[str, Any], aside: str) -> None:
    assert reader(bundle()).read(report(**changed)).aside == aside


def test_a_type_without_a_kind_has_a_kind_of_its_own() -> None:
    assert reader(bundle()).read(report(type="RATED", weight=4)).interaction.kind == "rate"
    assert reader(bundle()).read(report(kind="like")).interaction.type == "RATED"


@pytest.mark.parametrize(
    ("kind", "weight", "read"),
    [("watch", 2.5, 2.5), ("watch", "3.5", 3.5), ("watch", None, 1.0), ("rate", 0, 0.0), ("rate", 5, 5.0)],
)
def test_weights_are_read_as_in_columns(kind: str, weight: Any, read: float) -> None:
    assert reader(bundle()).read(report(kind=kind, weight=weight)).interaction.weight == read


@pytest.mark.parametrize(
    ("kind", "weight", "said"),
    [
        ("watch", "3,5", "no comma"),
        ("watch", "many", "must be a number"),
        ("watch", float("nan"), "must be a number"),
        ("watch", True, "must be one value"),
        ("rate", None, "weight must be given"),
        ("rate", 7, "0 to 5"),
        ("rate", -1, "0 to 5"),
    ],
)
def test_a_weight_that_cannot_be_is_refused(kind: str, weight: Any, said: str) -> None:
    with pytest.raises(RecordError) as refused:
        reader(bundle()).read(report(kind=kind, weight=weight))
    assert said in str(refused.value)


def with_context(made: Bundle) -> Bundle:
    """Watching has a context column."""
    schema = made.manifest.schema
    assert schema is not None
    source = InteractionSource(
        table="seen", platform="web", user="user", item="film", kind="watch", context={"device": "device_type"}
    )
    watched = schema.interactions["WATCHED"].model_copy(update={"sources": (source,)})
    changed = schema.model_copy(update={"interactions": {**schema.interactions, "WATCHED": watched}})
    return replace(made, manifest=replace(made.manifest, schema=changed))


def test_circumstances_that_the_schema_declares_are_read() -> None:
    read = reader(with_context(bundle())).read
    assert read(report(kind="watch", context={"device": "tv"})).interaction.context == '{"device":"tv"}'
    for nothing in ({}, {"device": ""}, None):
        assert read(report(kind="watch", context=nothing)).interaction.context == ""


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ("tv", "must be an object"),
        ({"devise": "tv"}, "did you mean 'device'?"),
        ({"device": ["tv"]}, "device"),
        ({"device": True}, "device"),
    ],
)
def test_other_circumstances_are_refused(context: Any, said: str) -> None:
    with pytest.raises(RecordError, match=re.escape(said)):
        reader(with_context(bundle())).read(report(kind="watch", context=context))


def test_all_that_does_not_fit_is_said_at_once() -> None:
    with pytest.raises(RecordError) as refused:
        reader(bundle()).read({"user": "", "item": {}, "tiem": 5, "time": "soon", "id": "x" * 300})
    said = str(refused.value)
    for part in (
        "id is too long",
        "user must be given",
        "item must be one value",
        "'tiem' is not a field",
        "time must",
    ):
        assert part in said
    assert "did you mean 'time'" in said
    with pytest.raises(RecordError) as refused:
        reader(bundle()).read(report(user="\ud800", id="nul\0"))
    assert "user must be text" in str(refused.value)
    assert "NUL" in str(refused.value)


def test_without_a_schema_the_kinds_of_the_data_are_known() -> None:
    read = reader(film_bundle()).read
    assert read(report()).interaction.kind == "watch"
    assert read(report(kind="buy")).aside == "unknown kind"


def test_a_type_that_nobody_knows_is_no_reason_to_stop_at_another_fault() -> None:
    with pytest.raises(RecordError) as caught:
        reader(bundle()).read({"id": 1, "item": "alien", "type": "NOPE", "weight": 3})
    assert caught.value.found == "user must be given"
    assert caught.value.reason == "user must be given"


@given(st.from_regex(r"[0-9]{1,15}(\.[0-9]{1,9})?", fullmatch=True))
def test_plain_numbers_are_read_as_columns_read_them(text: str) -> None:
    """There is a short way for them; what goes round it must be told the same."""
    column = read_column(pa.array([text], pa.string()), CellRule("number"))
    assert _number(text) == float(column.values[0])
    moment = _moment(text)
    assert moment == _moment(f" {text}")


def test_what_has_neither_time_nor_weight_is_read_without_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """They load what loads pandas, which takes seconds: the first event would wait for it."""
    monkeypatch.setattr(event_reading, "pa", None)
    for times in ({}, {"time": None, "weight": None}, {"time": NOW, "weight": 2}, {"time": str(NOW), "weight": "2.5"}):
        assert reader(bundle()).read(report(**times)).interaction.user == "ann"
