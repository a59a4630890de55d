"""Markdown tables by hand."""

from kgrec_benchmarks.runs.markdown_cells import table


def test_figures_are_right_aligned_bold_negative_or_missing() -> None:
    rows = [["a", "**0.5**", "-1", "1"], ["b", "0.25", "", "one"]]
    assert table(["system", "x", "y", "z"], rows) == (
        "| system | x | y | z |\n| --- | ---: | ---: | --- |\n| a | **0.5** | -1 | 1 |\n| b | 0.25 |  | one |\n"
    )
