"""`kgrec explain`: the sentence, the table that adds up, and what is missing."""

from __future__ import annotations

from dataclasses import replace

from kgrec.cli.commands.explain import show_explanation
from kgrec.explanation.reasons import PastItem, PastItemReason
from kgrec.recommendation import Recommender
from tests.support.shop import Said, Shell


def test_explain(shell: Shell) -> None:
    shell.learned()
    assert shell("explain", "--user", "ann", "--item", "aliens") == Said(
        0,
        "Aliens\n"
        "Because you watched Alien: often chosen by the same people (43% of what speaks for it). It is a sequel of "
        "Alien, which you watched (27%). Without Alien, it would fall from rank 2 to 5.\n"
        "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━┓\n"
        "┃ reason                                       ┃ adds    ┃ share  ┃\n"
        "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━┩\n"
        "│ -[is a sequel of]-> Alien                    │ +1.0607 │ 27.1 % │\n"
        "│ others who took Alien                        │ +1.6667 │ 42.6 % │\n"
        "│ title, tags and plot like those of Alien     │ +0.9092 │ 23.3 % │\n"
        "│ title, tags and plot like those of Star Wars │ +0.2728 │  7.0 % │\n"
        "│ scaling                                      │ -1.5168 │        │\n"
        "│ score                                        │ +2.3926 │        │\n"
        "└──────────────────────────────────────────────┴─────────┴────────┘\n"
        "without Alien: score -0.6809, rank 5 instead of 2 of 5\n"
        "Paths in the graph\n"
        "  +1.0607  Alien <-[is a sequel of]- Aliens\n",
        "",
    )
    chinese = shell("explain", "--user", "ann", "--item", "aliens", "--lang", "zh").out
    assert "│ 选过 Alien 的人" in chinese
    assert "没有 Alien 时：得分 -0.6809，在 5 项中由第 2 位变为第 5 位\n" in chinese


def test_the_sentences_alone_in_two_lengths_and_all_of_them_with_the_table(shell: Shell) -> None:
    shell.learned()
    ask = ("explain", "--user", "ann", "--item", "aliens")
    assert shell(*ask, "--length", "short").out == "Aliens\nA sequel of Alien, which you watched\n"
    standard, full = shell(*ask, "--length", "standard").out, shell(*ask, "--length", "full").out
    assert shell(*ask).out.startswith(standard)
    assert (standard.count("\n"), "┃ reason" in full) == (2, True)
    assert "Its title, tags and plot are like those of Alien and Star Wars (30%). " in full
    assert shell(*ask, "--json", "--length", "short").json["sentence"]["zh"] == "它是续集您看过的《Alien》"


def test_a_long_history_is_one_line_and_still_adds_up(shell: Shell) -> None:
    shell.learned()

    with Recommender.open("kgrec.bundle") as recommender:
        short = recommender.explain("ann", "aliens")
    values = [3.0, 2.0, *[0.01] * 20, -4.0]
    past = [PastItem(f"i{n}", f"[bold]I{n}", value, {"en": "saw", "zh": "看"}) for n, value in enumerate(values)]
    reasons = tuple(PastItemReason(one.value, one.value / 10, "semantic", one) for one in past)
    show_explanation(replace(short, reasons=reasons, constant=1.0, score=2.2), "en")
    lines = shell.out().splitlines()
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    assert rows[0] == ["title, tags and plot like those of [bold]I0", "+3.0000", "30.0 %"]
    assert rows[11] == ["title, tags and plot like those of [bold]I22", "-4.0000", "-40.0 %"]
    assert rows[12:] == [["11 more", "+0.1100", "1.1 %"], ["scaling", "+1.0000", ""], ["score", "+2.2000", ""]]
    assert lines[-1] == "No path in the graph carries any of this score."


def test_entities_come_first_and_what_happens_without_one_is_said(shell: Shell) -> None:
    shell.learned()
    said = shell("explain", "--user", "ann", "--item", "empire").out
    rows = [line for line in said.splitlines() if line.startswith("│")]
    assert "George Lucas (directed by), in 1 of yours" in rows[0]
    assert "others who took Star Wars" in rows[1]
    assert "  +0.7071  Star Wars -[directed by]-> George Lucas <-[directed by]- Empire\n" in said
    assert "without George Lucas: score 1.9425, rank 2 instead of 1 of 5\n" in said
