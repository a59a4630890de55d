"""Errors and the hints in them."""

import re

import pytest

from kgrec import errors
from kgrec.errors import ConfigError, MissingExtraError, did_you_mean, require_extra


@pytest.mark.parametrize(
    ("word", "known", "most", "expected"),
    [
        ("yeer", ["year", "title"], 1, "did you mean 'year'?"),
        ("alienz", ["alien", "aliens", "up"], 2, "did you mean 'alien', 'aliens'?"),
        ("alien", ["alien", "up"], 1, ""),  # the word itself is no suggestion
        ("x", ["year"], 1, ""),
        ("yeer", [], 1, ""),
        ("yeer", ["year"] * 5_001, 1, ""),
        ("year" * 17, ["year" * 17 + "s"], 1, ""),
    ],
)
def test_did_you_mean(word: str, known: list[str], most: int, expected: str) -> None:
    assert did_you_mean(word, known, most) == expected
    assert did_you_mean(word, known, most, before=", ") == (f", {expected}" if expected else "")


def test_an_extra_that_is_there_passes() -> None:
    require_extra("train", "json", "csv", where="here")


@pytest.mark.parametrize(("instead", "advice"), [("", ""), ("leave it out", ", or leave it out")])
def test_an_extra_that_is_missing_is_named(instead: str, advice: str) -> None:
    with pytest.raises(MissingExtraError) as caught:
        require_extra("bench", "json", "no_such_package", where="model ials", instead=instead)
    assert caught.value.exit_code == ConfigError.exit_code
    assert str(caught.value) == (
        "MissingExtraError: a package that is optional is needed here and cannot be loaded.\n"
        "  where     model ials\n"
        "  found     No module named 'no_such_package'\n"
        "  expected  json and no_such_package\n"
        f"  next      pip install 'kgrec[bench]'{advice}"
    )


def test_the_tree_says_the_exit_code_of_each() -> None:
    said = {name: int(code) for name, code in re.findall(r"(\w+Error) +(\d)", errors.__doc__ or "")}
    of_its_own = {
        name: one.exit_code for name, one in vars(errors).items() if "exit_code" in getattr(one, "__dict__", ())
    }
    del of_its_own["KgrecError"]
    assert of_its_own.keys() <= said.keys()
    assert said == {name: getattr(errors, name).exit_code for name in said}
