"""Texts and data that a terminal, a table and JSON can take."""

from __future__ import annotations

import math

from kgrec.plain_text import plain, short, visible


def test_data_are_what_json_can_say() -> None:
    told = plain({1: (0.5, math.nan, math.inf), "b": [None, True, "x", {"c": -math.inf}]})
    assert told == {"1": [0.5, None, None], "b": [None, True, "x", {"c": None}]}


def test_signs_that_could_steer_a_terminal_are_written_out() -> None:
    assert visible("a\x1b[31m\tb\u202e异形") == "a\\x1b[31m\\tb\\u202e异形"
    assert visible("a\nb\tc", keep="\n") == "a\nb\\tc"


def test_a_cell_is_cut_and_says_how_long_it_was() -> None:
    assert short("x" * 60) == "x" * 60
    assert short("x" * 61) == "x" * 60 + "... (61 characters)"
    assert short("\n" * 3, limit=4) == "\\n\\n... (6 characters)"
