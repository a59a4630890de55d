"""The width of texts, and texts fitted to a width."""

from kgrec.pages.text_width import fitted, text_width, wrapped


def test_text_is_fitted_and_wrapped() -> None:
    assert fitted("short", 100, 12) == "short"
    cut = fitted("a rather long name", 60, 12)
    assert cut.endswith("…")
    assert text_width(cut, 12) <= 60
    assert wrapped("The Usual Suspects", 80, 12) == ["The Usual", "Suspects"]
    assert wrapped("霸王别姬霸王别姬", 48, 12) == ["霸王别姬", "霸王别姬"]
    assert wrapped("", 10, 12) == [""]
    assert all(text_width(line, 12) <= 70 for line in wrapped("x" * 10_000, 70, 12))
