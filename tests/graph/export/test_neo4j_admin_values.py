"""Values as fields of the files for neo4j-admin, and those that it cannot take."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from kgrec.graph.export.neo4j_admin_values import field_of


@pytest.mark.parametrize(
    ("value", "kind", "field"),
    [
        (None, None, ""),
        ("", "string", '""'),
        ('say "hi"\r\n', "string", '"say ""hi""\r\n"'),
        ("back\\slash", "string", '"back\\slash"'),
        (True, "boolean", "true"),
        (-(2**63), "long", "-9223372036854775808"),
        (0.1, "double", "0.1"),
        (1e300, "double", "1e+300"),
        (-0.0, "double", "-0.0"),
        (math.nan, "double", "NaN"),
        (math.inf, "double", "Infinity"),
        (-math.inf, "double", "-Infinity"),
        (["", ""], "string[]", '"\x1f"'),
        (['a"', "b"], "string[]", '"a""\x1fb"'),
        ([1, 2.5], "double[]", "1.0\x1f2.5"),
        ([True, False], "boolean[]", "true\x1ffalse"),
    ],
)
def test_fields(value: Any, kind: str | None, field: str) -> None:
    assert field_of(value) == (kind, field)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "an empty list"),
        ([""], "a list of one empty text"),
        (["a\x1fb"], "a list with a text that holds the character U+001F"),
        ([1, "a"], "a list of values of several kinds"),
        ([1, True], "a list of values of several kinds"),
        ([[1]], "a value of type list"),
        ({"a": 1}, "a value of type dict"),
    ],
)
def test_values_that_are_refused(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        field_of(value)
