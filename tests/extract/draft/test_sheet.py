"""Data with comments as YAML: what is read back is what was written."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kgrec.extract.draft.sheet import Sheet

TEXTS = st.text(max_size=20) | st.sampled_from(
    ["no", "1", "1.5", "null", "~", "a: b", "#x", "{a}", "x, y", "2024-01-01", "用户"]
)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(data=st.dictionaries(TEXTS, VALUES, max_size=4), comment=st.text(max_size=200))
def test_yaml_reads_it_back(data: dict[str, object], comment: str) -> None:
    sheet = Sheet(data=data)
    for key, value in data.items():
        sheet.say(key, because=comment)
        if isinstance(value, dict):
            for inner in value:
                sheet.say(key, inner, because=comment)
    assert yaml.safe_load(sheet.text()) == (data or None)


def test_comments_stand_above_or_beside() -> None:
    sheet = Sheet(["Drafted."], {"nodes": {"A": {"role": "user", "sources": [{"table": "t", "id": "x"}]}}})
    sheet.say("nodes", "A", because="one")
    sheet.say("nodes", "A", "role", because="short")
    sheet.say("nodes", "A", "sources", 0, because="first")
    sheet.say("nodes", "A", "sources", 0, because="second")
    assert sheet.text() == (
        "# Drafted.\n"
        "\n"
        "nodes:\n"
        "  # one\n"
        "  A:\n"
        "    role: user  # short\n"
        "    sources:\n"
        "      # first\n"
        "      # second\n"
        "      - {table: t, id: x}\n"
    )
