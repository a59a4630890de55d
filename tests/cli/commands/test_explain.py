"""`kgrec explain`: the sentence, the table that adds up, and what is missing."""

from __future__ import annotations

from typing import Any

from kgrec.cli.commands.explain import show_explanation
from kgrec.explanation.explanation import Contribution, Explanation, PastItem
from kgrec.recommendation import Recommender
from tests.support.shop import Said, Shell


def test_explain(shell: Shell) -> None:
    shell.learned()
    assert shell("explain", "--user", "ann", "--item", "aliens") == Said(
        0,
        "Aliens\n"
        "Recommended because you watched Alien (+2.58) and Star Wars (+0.27). The graph says: Aliens is a sequel of "
        "Alien. Of what you know, the text of Alien speaks most for it (+0.91). Without Alien it would fall from "
        "rank 2 to 5.\n"
        "┏━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━━━┓\n"
        "┃ past item ┃ behaviour ┃ semantic ┃ total   ┃\n"
        "┡━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━━━┩\n"
        "│ Alien     │   +1.6667 │  +0.9092 │ +2.5759 │\n"
        "│ Star Wars │   +0.0000 │  +0.2728 │ +0.2728 │\n"
        "│ total     │   +1.6667 │  +1.1820 │ +2.8487 │\n"
        "└───────────┴───────────┴──────────┴─────────┘\n"
        "base -1.5168 + contributions 2.8487 = score 1.3319\n"
        "without Alien: score -0.6809, rank 5 instead of 2 of 5\n"
        "Paths in the graph\n"
        "  Alien <-[is a sequel of]- Aliens\n",
        "",
    )
    chinese = shell("explain", "--user", "ann", "--item", "aliens", "--lang", "zh").out
    assert "基础分 -1.5168 + 各项贡献 2.8487 = 得分 1.3319\n" in chinese
    assert "没有 Alien 时：得分 -0.6809，在 5 项中由第 2 位变为第 5 位\n" in chinese


def test_a_long_history_is_one_line_and_still_adds_up(shell: Shell) -> None:
    shell.learned()

    with Recommender.open("kgrec.bundle") as recommender:
        short = recommender.explain("ann", "aliens")
    values = [3.0, 2.0, *[0.01] * 20, -4.0]
    past = tuple(PastItem(f"i{n}", f"[bold]I{n}", value, {"en": "saw", "zh": "看"}) for n, value in enumerate(values))
    parts = tuple(Contribution(p.item, p.name, "behaviour", p.value) for p in past)
    whole: dict[str, Any] = {
        **vars(short),
        "past": past,
        "contributions": parts,
        "channels": {"behaviour": sum(values)},
    }
    show_explanation(Explanation(**whole), "en")
    lines = shell.out().splitlines()
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    assert len(rows) == 14
    assert rows[0] == ["[bold]I0", "+3.0000", "+3.0000"]
    assert rows[11] == ["[bold]I22", "-4.0000", "-4.0000"]
    assert rows[12:] == [["11 more", "+0.1100", "+0.1100"], ["total", "+1.2000", "+1.2000"]]
