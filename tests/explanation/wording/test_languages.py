"""Languages are found by entry point; a broken one leaves the others alone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

import pytest

from kgrec.errors import ConfigError
from kgrec.explanation.wording import languages
from kgrec.explanation.wording.english import English
from kgrec.explanation.wording.languages import in_language, installed_wordings, known_languages, wording_of
from kgrec.explanation.wording.sentence import sentence
from kgrec.recommendation import Recommender
from tests.support.bundles import film_bundle


class Pirate(English):
    """A language of a package of its own; only what differs is said anew."""

    code = "en-pirate"

    def cold_item(self) -> str:
        return "Arr, nobody has laid hands on it."


def declare(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Languages that are installed beside kgrec's own."""

    def with_more(group: str) -> list[EntryPoint]:
        return [*entry_points(group=group), *(EntryPoint(name, value, group) for name, value in values.items())]

    monkeypatch.setattr(languages, "entry_points", with_more)
    languages._points.cache_clear()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    languages._points.cache_clear()


def test_a_language_of_another_package_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, **{"en-pirate": f"{__name__}:Pirate"})
    assert known_languages() == ("en", "en-pirate", "zh")
    it = Recommender(film_bundle()).explain("ann", "newcomer")
    assert "Arr, nobody has laid hands on it." in sentence(it, "en-pirate")
    assert it.past[0].verb["en-pirate"] == "chose"


def test_a_language_that_cannot_be_loaded_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, fr="no_such_package:French")
    assert list(installed_wordings()) == ["en", "zh"]
    with pytest.raises(ConfigError) as caught:
        wording_of("fr")
    assert str(caught.value) == (
        "ConfigError: the language 'fr' cannot be loaded.\n"
        "  where     entry point fr = no_such_package:French, group kgrec.wording\n"
        "  found     ModuleNotFoundError: No module named 'no_such_package'\n"
        "  next      mend or remove the package that declares it"
    )


def test_words_of_a_schema_fall_back_to_english() -> None:
    assert in_language({"en": "watched", "zh": "看过"}, "zh") == "看过"
    assert in_language({"en": "watched"}, "zh") == "watched"
