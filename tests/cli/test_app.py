"""The commands: what they ask of the rooms behind them, and what they show."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from kgrec.config import TrainConfig
from tests.support.shop import FILES, IMPORT, Said, Shell

COMMANDS = (
    "check",
    "ingest",
    "inspect",
    "train",
    "evaluate",
    "benchmark",
    "recommend",
    "explain",
    "serve",
    "cypher",
    "publish",
    "demo",
    "export",
)


def test_help_names_every_command(shell: Shell) -> None:
    said = shell("--help")
    assert said.code == 0
    listed = said.out.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.splitlines() if line.strip()] == list(COMMANDS)
    assert shell().out == said.out
    for command in COMMANDS:
        own = shell(command, "-h")
        assert own.out.startswith(f"Usage: kgrec {command} [OPTIONS]")
        assert "--json" in own.out


def test_help_of_train_lists_every_setting(shell: Shell) -> None:
    said = shell("train", "--help").out
    for name, field in TrainConfig.model_fields.items():
        assert f"\n    {name}={field.default}" in said
        assert field.description is not None
        assert field.description in said
    assert "loss=exact_bce  (one of exact_bce, sampled_bce, softmax, gbce)\n" in said


def test_version(shell: Shell) -> None:
    assert shell("--version") == Said(0, "kgrec 0.1.0\n", "")


def test_answering_imports_no_deep_learning_framework(shell: Shell) -> None:
    shell.learned()
    program = (
        "import sys\n"
        "from kgrec.cli.app import main\n"
        "for line in sys.argv[1:]:\n"
        "    try: main(line.split())\n"
        "    except SystemExit as left: assert left.code == 0, line\n"
        "    for name in ('torch', 'torch_geometric', 'transformers'): assert name not in sys.modules, (line, name)\n"
        "    if '--help' in line: assert 'numpy' not in sys.modules\n"
    )
    lines = ["--help", "train --help", "recommend --user ann", "explain --user ann --item empire", "inspect"]
    done = subprocess.run([sys.executable, "-c", program, *lines], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_recommend(shell: Shell) -> None:
    shell.learned()
    assert shell("recommend", "--user", "ann", "-k", "4") == Said(
        0,
        "┏━━━━━━┳━━━━━━━━━━┳━━━━━━━━━┳━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓\n"
        "┃ rank ┃ title    ┃ score   ┃ new ┃ why                              ┃\n"
        "┡━━━━━━╇━━━━━━━━━━╇━━━━━━━━━╇━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩\n"
        "│    1 │ Empire   │  1.9425 │     │ Star Wars +3.41 via George Lucas │\n"
        "│    2 │ Aliens   │  1.3319 │     │ Alien +2.58, Star Wars +0.27     │\n"
        "│    3 │ Newcomer │  0.4000 │ yes │ Alien +1.67 via horror           │\n"
        "│    4 │ Blade    │ -0.2909 │     │ Star Wars +0.87, Alien +0.45     │\n"
        "└──────┴──────────┴─────────┴─────┴──────────────────────────────────┘\n",
        "",
    )
    chinese = shell("recommend", "--user", "ann", "--lang", "zh", "--cold-items", "only").out
    assert "┃ 名次 ┃ 名称     ┃ 得分    ┃ 新 ┃ 理由 " in chinese
    assert "│    1 │ Newcomer │  0.4000 │ 是 │ Alien +1.67 经由 horror " in chinese


def listed(said: Said) -> list[str]:
    assert said.code == 0, said.err
    return [one["item"] for one in said.json["recommendations"]]


def test_recommend_as_json(shell: Shell) -> None:
    shell.learned()
    said = shell("recommend", "--user", "ann", "-k", "1", "--json")
    assert (said.code, said.err) == (0, "")
    assert (said.json["user"], said.json["history"]) == ("ann", None)
    (one,) = said.json["recommendations"]
    assert (one["rank"], one["item"], one["new"]) == (1, "empire", False)
    explanation = one["explanation"]
    parts = sum(part["value"] for part in explanation["contributions"])
    assert explanation["base"] + parts == pytest.approx(one["score"], abs=1e-5)
    assert one["sentence"]["en"].startswith("Recommended because you watched Star Wars (+3.41).")
    assert one["sentence"]["zh"].startswith("推荐理由：您看过《Star Wars》")


@pytest.mark.parametrize(
    ("arguments", "items"),
    [
        (("--where", "year>=1980"), ["empire", "aliens", "blade"]),
        (("--where", "year >= 1980", "--where", "year<1986"), ["empire", "blade"]),
        (("--where", "year>1980", "--where", "year!=1986", "--where", "year<=1982"), ["blade"]),
        (("--where", "tags=space"), ["empire"]),
        (("--where", "tags in war,space"), ["empire"]),
        (("--where", "year in 1982, 1986", "--allow", "aliens"), ["aliens"]),
        (("--allow", "aliens", "--allow", "blade"), ["aliens", "blade"]),
        (("--allow", "aliens", "--allow", "blade", "--where", "year>1", "--where", "year<1986"), ["blade"]),
        (("--deny", "empire", "--deny", "newcomer", "-k", "2"), ["aliens", "blade"]),
        (("--cold-items", "only"), ["newcomer", "stranger"]),
        (("--cold-items", "exclude", "-k", "2"), ["empire", "aliens"]),
        (("--where", "name=Blade", "--cold-items", "only"), []),
        (("--where", "year<1980", "--include-seen"), ["star-wars", "alien"]),
    ],
)
def test_filters(shell: Shell, arguments: tuple[str, ...], items: list[str]) -> None:
    shell.learned()
    assert listed(shell("recommend", "--user", "ann", *arguments, "--json")) == items


def test_nothing_passes(shell: Shell) -> None:
    shell.learned()
    said = shell("recommend", "--user", "ann", "--where", "year>2000")
    assert said == Said(0, "Nothing passes the filters.\n", "")


def test_a_history_stands_for_a_user(shell: Shell) -> None:
    shell.learned()
    whom = ("--history", "star-wars", "--history", "alien")
    assert listed(shell("recommend", *whom, "--json")) == listed(shell("recommend", "--user", "ann", "--json"))
    assert shell("explain", *whom, "--item", "empire", "--json").json["history"] == 2


@pytest.mark.parametrize(("given", "found"), [((), "neither"), (("--user", "ann", "--history", "alien"), "both")])
def test_one_person_is_named(shell: Shell, given: tuple[str, ...], found: str) -> None:
    for command in (("recommend",), ("explain", "--item", "alien")):
        assert shell(*command, *given) == Said(
            2,
            "",
            "ConfigError: a person is named by --user or by --history.\n"
            f"  found     {found}\n"
            "  expected  one of them\n"
            "  next      write --user ID, or --history ITEM once for every item\n",
        )


def test_without_the_graph_the_answer_says_so(shell: Shell) -> None:
    shell.learned()
    said = shell("recommend", "--user", "ann", "-k", "1", "--store", "")
    assert said.code == 0
    assert "│ Star Wars +3.41 │" in said.out
    assert said.err == "note: no graph paths, and history as of the bundle: no store was opened\n"


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
    from kgrec.cli.output import show_explanation
    from kgrec.explanation.explanation import Contribution, Explanation, PastItem
    from kgrec.recommendation import Recommender

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


def test_check(shell: Shell) -> None:
    shell.write()
    said = shell("check", *IMPORT)
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("\nPASS\n")
    assert [line.split("│")[1].strip() for line in said.out.splitlines() if line.startswith("│")] == ["PASS"] * 15
    assert shell("check", *IMPORT, "--json").json["status"] == "PASS"
    shell.write(ratings=FILES["ratings.csv"] + "zoe,alien,1\n")
    said = shell("check", *IMPORT)
    assert said.code == 3
    assert said.out.endswith("\nFAIL\n")
    (row,) = [line for line in said.out.splitlines() if line.startswith("│ FAIL")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    what = "interactions of users or items that no table describes"
    assert cells == ["FAIL", what, "1", "3", "User 'zoe' in table ratings"]


def test_ingest_and_inspect(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.write()
    monkeypatch.setenv("KGREC_STORE", "kglite:shop.kgl")
    said = shell("ingest", *IMPORT)
    assert said.code == 0
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in said.out.splitlines() if line[0] == "│"]
    assert [row[:6] for row in rows[:3]] == [
        ["nodes", "films", "2", "2", "0", "0"],
        ["nodes", "users", "2", "2", "0", "0"],
        ["interactions", "ratings", "2", "2", "0", "0"],
    ]
    assert rows[3:] == [["User", "2"], ["Film", "2"], ["WATCHED", "2"]]
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "nodes from films",
        "nodes from users",
        "interactions from ratings",
    ]
    again = shell("ingest", *IMPORT, "--quiet", "--json")
    assert again.err == ""
    assert [row["created"] for row in again.json["tables"]] == [0, 0, 0]
    inspected = shell("inspect", "--json").json
    assert (inspected["store"], inspected["domain"]) == ("kglite:shop.kgl", "shop")
    assert inspected["interactions"] == {"WATCHED": 2}
    shown = shell("inspect").out
    assert "│ domain " in shown
    assert "\ninteractions\n" in shown


def test_filters_that_cannot_be_read(shell: Shell) -> None:
    shell.learned()
    assert shell("recommend", "--user", "ann", "--where", "1990").err == (
        "ConfigError: a filter cannot be read.\n"
        "  where     filter\n"
        "  found     '1990'\n"
        "  expected  a property, one of = != < <= > >= in, and a value: year>=1990, 'genres in Comedy,Drama'\n"
        "  next      in a shell put the filter into quotes, in an address write < as %3C and > as %3E\n"
    )
    assert shell("recommend", "--user", "ann", "--where", "year>=nan").err == (
        "ConfigError: a filter needs a number.\n"
        "  where     filter year>=nan\n"
        "  found     'nan'\n"
        "  expected  a number, because the graph schema says that the property is one\n"
        "  next      correct the value\n"
    )
    said = shell("recommend", "--user", "ann", "--cold-items", "some")
    assert said.code == 2
    assert "'some' is not one of 'include', 'only', 'exclude'" in said.err
