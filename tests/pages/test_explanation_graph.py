"""The drawn graph: what it shows, and that nothing covers anything."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from kgrec.pages.demo_report import DemoReport, ShownExplanation
from kgrec.pages.explanation_graph import draw_explanation, signed
from kgrec.pages.text_width import text_width

Box = tuple[float, float, float, float]


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.get(name, "nan"))


def labels_and_boxes(svg: str) -> tuple[dict[str, list[Box]], float, float]:
    root = ElementTree.fromstring(svg)
    boxes: dict[str, list[Box]] = {"box": [], "word": []}
    for rect in root.iter("rect"):
        if rect.get("class") is None:
            x, y = number(rect, "x"), number(rect, "y")
            boxes["box"].append((x, y, x + number(rect, "width"), y + number(rect, "height")))
    for text in root.iter("text"):
        if text.get("class") == "word":
            half = text_width(text.text or "", 11.5) / 2
            x, y = number(text, "x"), number(text, "y")
            boxes["word"].append((x - half, y - 10, x + half, y + 3))
    width, height = (float(part) for part in root.get("viewBox", "").split()[2:])
    return boxes, width, height


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def with_paths(report: DemoReport, *chosen: int) -> ShownExplanation:
    """The first explanation with some of its paths only."""
    it = report["explanations"][0]
    reasons = [reason for reason in it["reasons"] if "paths" in reason]
    it["reasons"] = [reasons[place] for place in chosen]
    return it


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("chosen", [*itertools.combinations(range(6), 2), tuple(range(6))], ids=str)
def test_nothing_covers_anything(report: DemoReport, language: str, chosen: tuple[int, ...]) -> None:
    it = with_paths(report, *chosen)
    found, width, height = labels_and_boxes(draw_explanation(it, "User 196", language))
    everything = found["box"] + found["word"]
    for a, b in itertools.combinations(everything, 2):
        assert not overlap(a, b)
    assert all(x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height for x0, y0, x1, y1 in everything)


def drawn(report: DemoReport, *paths: int) -> tuple[ShownExplanation, str]:
    it = with_paths(report, *paths)
    return it, draw_explanation(it, "User 196")


def test_what_paths_share_is_drawn_once(report: DemoReport) -> None:
    _, svg = drawn(report, 1, 2)  # two films with the same actor
    assert re.findall(r'<g class="box (\w+)"', svg) == ["user", "past", "past", "entity", "item"]
    assert re.findall(r'class="word"[^>]*>([^<]*)<', svg) == ["watched", "watched", "with", "with", "with"]


def test_arrows_point_the_way_the_fact_is_stated(report: DemoReport) -> None:
    _, svg = drawn(report, 0)  # film -> director <- item
    ends = [("start" * ("marker-start" in edge), "end" * ("marker-end" in edge)) for edge in svg.split("<path")[2:]]
    assert ends == [("", "end"), ("", "end"), ("start", "")]


def test_past_items_and_entities_show_what_they_add(report: DemoReport) -> None:
    it, svg = drawn(report, 0)
    (added,) = (past["value"] for past in it["past"] if past["item"] == "Pulp Fiction (1994)")
    assert re.findall('class="(note[^"]*)"[^>]*>([^<]*)', svg) == [("note", f"adds {added:.2f}"), ("note", "adds 0.20")]


def test_what_speaks_against_is_not_drawn_as_if_it_spoke_for(report: DemoReport) -> None:
    it = with_paths(report, 0)
    for past in it["past"]:
        past["value"] = -0.054 if past["item"] == "Pulp Fiction (1994)" else past["value"]
    for reason in it["reasons"]:
        reason["value"] = 0.004 if "entity" in reason else reason["value"]
    svg = draw_explanation(it, "User 196")
    assert re.findall('class="(note[^"]*)"[^>]*>([^<]*)', svg) == [("note against", "takes 0.05")]


def test_a_short_path_passes_between_the_boxes_of_a_long_one(report: DemoReport) -> None:
    _, svg = drawn(report, 4, 5)
    assert svg.count('class="edge"') == 2 + 3 + 3  # user, the long path, the short one through two columns
    assert svg.count("marker-") == 2 + 3 + 1


def test_no_paths_no_picture(report: DemoReport) -> None:
    assert drawn(report)[1] == ""


def test_names_cannot_leave_the_picture() -> None:
    it = ShownExplanation(
        item="x",
        name='"><script>',
        rank=1,
        score=0.0,
        new=False,
        constant=0.0,
        counterfactual=None,
        sentence={},
        reasons=[
            {
                "kind": "edge",
                "value": 0.0,
                "share": 0.0,
                "label": {},
                "paths": [
                    {
                        "nodes": [{"type": "<a>", "uid": "1", "name": "<b>"}, {"type": "<c>", "uid": "2", "name": "&"}],
                        "steps": [
                            {
                                "relation": "R<",
                                "words": {},
                                "source": {"type": "<a>", "uid": "1", "name": "<b>"},
                                "target": {"type": "<c>", "uid": "2", "name": "&"},
                            }
                        ],
                        "value": 0.0,
                    }
                ],
            }
        ],
    )
    root = ElementTree.fromstring(draw_explanation(it, "<i>"))
    assert {"<i>", "<a>", "<b>", "<c>", "&", "R<"} <= {text.text for text in root.iter("text")}


def test_signed() -> None:
    assert (signed(0.425), signed(-0.1)) == ("+0.42", "−0.10")
