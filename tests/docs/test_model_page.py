"""The worked score of docs/model.md is what the code gives."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.support import ROOT

PAGE = (ROOT / "docs/model.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def worked() -> dict[str, Any]:
    """The names that the page's example leaves."""
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, "docs/model.md", "exec"), names)
    return names


def row(name: str) -> list[list[float]]:
    """The figures of the two channels in a row of the table; the last of each `=` is the result."""
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {name}")]
    cells = [re.sub(r"\(.*?\)", "", cell.split("=")[-1]) for cell in line.strip("| ").split("|")[1:]]
    return [[float(number) for number in re.findall(r"-?\d+\.?\d*", cell)] for cell in cells]


def test_the_table_has_the_figures_of_the_code(worked: dict[str, Any]) -> None:
    model, parts = worked["model"], worked["parts"]
    histories = model.histories(worked["history"], 1)
    raw = [
        channel.matrix.scores(history)[0] for channel, history in zip(model.channels, histories.matrices, strict=True)
    ]
    past = [worked["ALIEN"], worked["HEAT"]]
    weights = [history[0, past].toarray()[0] for history in histories.matrices]
    assert row("history weights") == [pytest.approx(weight) for weight in weights]
    assert row("raw scores") == [pytest.approx(scores) for scores in raw]
    assert row("their mean") == [pytest.approx([scores.mean(), scores.std()]) for scores in raw]
    assert row("Alien adds") == [[pytest.approx(value, abs=5e-4)] for value in parts.values[:, 0, 0]]
    assert row("Heat adds") == [[pytest.approx(value, abs=5e-4)] for value in parts.values[:, 1, 0]]
    assert list(parts.history) == past


def test_the_sum_is_the_score(worked: dict[str, Any]) -> None:
    pattern = r"`base` =.*?\*\*(\S+)\*\*.*?\*\*(\S+)\*\*\. Ronin has ([\d.]+)\..*?\*\*(\S+)\*\*"
    ((base, score, ronin, without),) = [map(float, texts) for texts in re.findall(pattern, PAGE, re.DOTALL)]
    parts, scores = worked["parts"], worked["scores"]
    assert parts.base[0] == pytest.approx(base)
    assert parts.base[0] + parts.values.sum() == pytest.approx(score)
    assert scores[worked["ALIENS"]] == pytest.approx(score)
    assert scores[worked["RONIN"]] == pytest.approx(ronin)
    model, history = worked["model"], worked["history"]
    rest = history.select(history.item != worked["ALIEN"])
    left = model.scores(model.histories(rest, 1))[0]
    assert left[worked["ALIENS"]] == pytest.approx(without, abs=5e-4)
    assert int(np.argmax(left)) == worked["RONIN"]
