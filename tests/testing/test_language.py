"""Every installed language says every kind of reason."""

from __future__ import annotations

import pytest

from kgrec.explanation.wording.languages import Wording, known_languages, wording_of
from kgrec.testing.language import WordingContract


@pytest.mark.parametrize("language", known_languages())
class TestInstalledLanguages(WordingContract):
    @pytest.fixture
    def wording(self, language: str) -> Wording:
        return wording_of(language)

    def test_its_code_is_its_name(self, wording: Wording, language: str) -> None:
        assert wording.code == language
