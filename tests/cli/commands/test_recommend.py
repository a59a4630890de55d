"""`kgrec recommend`: lists, filters, and whom they are for."""

from __future__ import annotations

import re

import pytest

from tests.support.shop import Said, Shell


def test_recommend(shell: Shell) -> None:
    shell.learned()
    said = shell("recommend", "--user", "ann", "-k", "4")
    assert (said.code, said.err) == (0, "")
    rows = [[cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in said.out.splitlines()]
    assert [row for row in rows if row] == [
        ["rank", "id", "title", "score", "new", "why"],
        ["1", "empire", "Empire", "2.6496", "", "Because you watched Star Wars: also directed by George Lucas"],
        ["2", "aliens", "Aliens", "2.3926", "", "A sequel of Alien, which you watched"],
        ["3", "newcomer", "Newcomer", "0.7536", "yes", "Because you watched Alien: same genre, Horror"],
        ["4", "blade", "Blade", "-0.2909", "", "Because you watched Star Wars and Alien: similar title, tags and plot"],
    ]
    chinese = shell("recommend", "--user", "ann", "--lang", "zh", "--cold-items", "only").out
    assert "┃ 名次 ┃ 编号     ┃ 名称     ┃ 得分    ┃ 新 ┃ 理由 " in chinese
    assert "│    1 │ newcomer │ Newcomer │  0.7536 │ 是 │ 因为您看过《Alien》：类型都是Horror " in chinese


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
    assert one["sentence"] == {
        "en": "Because you watched Star Wars: also directed by George Lucas",
        "zh": "因为您看过《Star Wars》：导演都是George Lucas",
    }
    standard = shell("recommend", "--user", "ann", "-k", "1", "--json", "--length", "standard").json
    assert "% of what speaks for it)" in standard["recommendations"][0]["sentence"]["en"]


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
    assert "│ Because you watched Star Wars: often chosen by the same people │" in said.out
    assert said.err == "note: no graph paths, and history as of the bundle: no store was opened\n"


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


def test_a_platform_that_there_is_not_is_refused_in_lists_and_explanations(shell: Shell) -> None:
    shell.learned()
    for command in (["recommend"], ["explain", "--item", "empire"]):
        said = shell(*command, "--user", "ann", "--platform", "nowhere")
        assert said.code == 2
        assert "there is no such platform" in said.err
        (names,) = re.findall(r"one of (\w+)", said.err)
        assert shell(*command, "--user", "ann", "--platform", names).code == 0
