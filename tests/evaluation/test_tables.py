"""The table of systems and metrics, letter by letter."""

import io

import pytest
from rich.console import Console

from kgrec.evaluation.tables import markdown_table, terminal_table

VALUES = {
    "kgrec": {"ndcg@10": 0.30804, "recall@10": 0.25, "users": 10.0},
    "a|b [bold]": {"ndcg@10": 0.3, "recall@10": 0.25, "log_loss": 0.5},
}


def test_markdown() -> None:
    assert markdown_table(VALUES) == (
        "| system | recall@10 | ndcg@10 |\n"
        "| --- | ---: | ---: |\n"
        "| kgrec | **0.2500** | **0.3080** |\n"
        "| a\\|b [bold] | **0.2500** | 0.3000 |\n"
    )


def test_spread_and_missing_values() -> None:
    spread = {"kgrec": {"ndcg@10": 0.0021}}
    assert markdown_table(VALUES, ["ndcg@10", "log_loss"], spread=spread).splitlines()[2:] == [
        "| kgrec | **0.3080 ± 0.0021** |  |",
        "| a\\|b [bold] | 0.3000 | **0.5000** |",
    ]


@pytest.mark.parametrize("metric", ["log_loss", "ece", "known recall@20 loss"])
def test_lower_is_better_for_losses(metric: str) -> None:
    text = markdown_table({"x": {metric: 0.4}, "y": {metric: 0.6}})
    assert text.splitlines()[2:] == ["| x | **0.4000** |", "| y | 0.6000 |"]


def test_one_system_beats_nobody() -> None:
    assert "**" not in markdown_table({"kgrec": {"ndcg@10": 0.3}})


def test_terminal_shows_names_as_they_are() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(terminal_table(VALUES, title="ml [1]"))
    assert "ml [1]" in out.getvalue()
    assert "a|b [bold]" in out.getvalue()
    assert "0.3080" in out.getvalue()
