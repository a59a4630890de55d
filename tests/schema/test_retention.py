"""Until when interactions are kept: by kind where it says so, else by type, else for ever."""

from __future__ import annotations

from kgrec.schema.load import parse_schema
from kgrec.schema.retention import Expiry, expiries
from tests.support.schemas import GOOD, problems_of

DAY = 86_400.0
KINDS = "words: {en: played, zh: 玩过}\n    KEEPkinds: {play: {}, view: {keep_days: 0.5}, buy: {keep_days: 900}}"


def test_kinds_come_before_their_type() -> None:
    text = GOOD.replace("words: {en: played, zh: 玩过}", KINDS.replace("KEEP", "keep_days: 30\n    "))
    found = expiries(parse_schema(text, "my.yaml"), 1e9)
    assert found == [
        Expiry("PLAYED", ("view",), (), 1e9 - 0.5 * DAY),
        Expiry("PLAYED", ("buy",), (), 1e9 - 900 * DAY),
        Expiry("PLAYED", (), ("view", "buy"), 1e9 - 30 * DAY),
    ]
    assert [[one.is_about(kind) for one in found] for kind in ("play", "view", "buy")] == [
        [False, False, True],
        [True, False, False],
        [False, True, False],
    ]


def test_without_a_word_all_is_kept() -> None:
    assert expiries(parse_schema(GOOD, "my.yaml"), 1e9) == []
    only_kinds = parse_schema(GOOD.replace("words: {en: played, zh: 玩过}", KINDS.replace("KEEP", "")), "my.yaml")
    assert [one.kinds for one in expiries(only_kinds, 1e9)] == [("view",), ("buy",)]
    assert only_kinds.fingerprint() == parse_schema(GOOD, "my.yaml").fingerprint()


def test_no_time_at_all_is_refused() -> None:
    (problem,) = problems_of(GOOD.replace("words: {en: played, zh: 玩过}", "words: {en: played}\n    keep_days: 0"))
    assert problem.startswith("line 33, interactions.PLAYED.keep_days: found 0")
