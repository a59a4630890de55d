"""The page: safe, complete in itself, and true to its data."""

import re
from html.parser import HTMLParser

import pytest

from kgrec.pages.demo_page import page
from kgrec.pages.demo_report import DemoReport

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """Checks that tags close in order, and collects what they are and what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def test_tags_close_and_nothing_is_fetched(report: DemoReport) -> None:
    text = page(report)
    reader = read(text)
    assert {tag for tag, _ in reader.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "base", "a"})
    attributes = {name for _, attrs in reader.tags for name in attrs}
    assert not {name for name in attributes if name.startswith("on") or name in {"src", "href", "xlink:href"}}
    assert not re.search(r"url\((?!#)|@import|https?:", text)
    assert "default-src 'none'" in text


def test_no_text_from_data_becomes_markup(report: DemoReport) -> None:
    """Every text in the report is replaced by an attack; the page keeps the same tags and attributes."""
    attack = "\"'><script>alert(1)</script><b onclick=x>&amp;"

    def poisoned(value: object) -> object:
        if isinstance(value, dict):
            return {key: poisoned(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [poisoned(inner) for inner in value]
        return value + attack if isinstance(value, str) else value

    bad = poisoned(report)
    assert isinstance(bad, dict)
    for place in ("metrics", "counts", "timings_s", "alignment"):
        bad[place] = {name + attack: value for name, value in bad[place].items()}
    bad["metrics"] = {name: {m + attack: v for m, v in row.items()} for name, row in bad["metrics"].items()}
    bad["training"] = [{**row, "loss" + attack: 1.0} for row in bad["training"]]
    for explanation in bad["explanations"]:
        explanation["sentence"] = {code + attack: text for code, text in explanation["sentence"].items()}
    reader = read(page(bad))  # type: ignore[arg-type]
    assert not [tag for tag, attrs in reader.tags if tag == "script" or "onclick" in attrs]
    assert any(attack in text for text in reader.text)


def test_every_list_item_with_its_sentences_is_there(report: DemoReport) -> None:
    text = "".join(read(page(report)).text)
    for it in report["explanations"]:
        assert it["name"] in text
        assert it["sentence"]["en"] in text
        assert it["sentence"]["zh"] in text
        assert f"{it['score']:.2f}" in text
    assert text.count("new: nobody chose it yet") == 2
    assert "and 18 more" in text  # of 32 past choices, 14 are named
    assert "rank 1 becomes 13." in text


def test_shown_reasons_add_up_to_the_score(report: DemoReport) -> None:
    tables = re.findall(r'<table class="reasons">(.*?)</table>', page(report))
    assert len(tables) == 10
    for table, it in zip(tables, report["explanations"], strict=True):
        values = [float(cell.replace("−", "-")) for cell in re.findall(r'<td class="n">([^<]*)</td>', table)]
        assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.005 * len(values))
        assert values[-1] == pytest.approx(it["score"], abs=0.0051)


def test_what_is_missing_leaves_no_empty_section(report: DemoReport) -> None:
    bare: DemoReport = {
        "metrics": {"kgrec": {"ndcg@10": 0.3}},
        "metrics_whole_catalogue": {},
        "counts": {},
        "timings_s": {},
        "training": [],
        "alignment": {},
        "user": {"id": "1", "history": []},
        "explanations": [],
    }
    text = "".join(read(page(bare)).text)
    assert "Training" not in text
    assert "paths in the graph" not in text
    assert "How it was made" not in text
    assert "whole catalogue" not in text
