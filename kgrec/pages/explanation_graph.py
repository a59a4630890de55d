"""An explanation drawn as a small graph: user, past items, entities, recommended item, from left to right.

Every place is computed here, so the picture needs no script. Boxes of a column are stacked and never touch; each edge
leaves its box at a height of its own and runs straight for as long as its words are, so that no two labels can meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from kgrec.pages.demo_report import ShownExplanation, ShownGraphPath, ShownNode
from kgrec.pages.text_width import fitted, text_width, wrapped

_BOX, _USER_BOX = 162.0, 96.0
_NAME_SIZE, _SMALL = 14.5, 12.0  # what bold 13 and plain 11.5 pixels take in the widest usual fonts
_LONGEST_RUN, _BEND = 156.0, 40.0
_PORT_GAP, _BOX_GAP, _EDGE_PADDING = 22.0, 20.0, 14.0
_MOST_PATHS = 6

Place = tuple[int, str]


@dataclass
class _Box:
    """A node, or the free way of an edge that passes a column (``node`` is None)."""

    place: Place
    node: ShownNode | None
    kind: str
    value: float | None = None
    outgoing: list[_Edge] = field(default_factory=list)
    incoming: list[_Edge] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        return _USER_BOX if self.kind == "user" else _BOX

    @property
    def lines(self) -> list[str]:
        return wrapped(self.node["name"], self.width - 24, _NAME_SIZE) if self.node else []

    @property
    def note(self) -> str:
        """What the node adds to the score or takes from it; nothing where that is not to be seen in two places."""
        if self.value is None or abs(self.value) < 0.005:
            return ""
        return f"{'adds' if self.value > 0 else 'takes'} {abs(self.value):.2f}"

    @property
    def height(self) -> float:
        if self.node is None:
            return _PORT_GAP
        text = 30 + 17 * len(self.lines) + (16 if self.note else 0)
        return max(text, _PORT_GAP * (max(len(self.outgoing), len(self.incoming)) + 0.5))

    def port(self, edge: _Edge, outgoing: bool) -> tuple[float, float]:
        """Where an edge meets the box."""
        edges = self.outgoing if outgoing else self.incoming
        step = _PORT_GAP if outgoing else min(_PORT_GAP, self.height / (len(edges) + 1))
        y = self.y + self.height / 2 + (edges.index(edge) - (len(edges) - 1) / 2) * step
        return self.x + (self.width if outgoing else 0), y


@dataclass(eq=False)
class _Edge:
    source: _Box
    target: _Box
    words: str
    points_forward: bool = True
    arrow_at_start: bool = False
    arrow_at_end: bool = False


def draw_explanation(explanation: ShownExplanation, user_name: str, language: str = "en") -> str:
    """SVG of the graph paths of an explanation, an empty string where there are none.

    Colours come from the page's style sheet: classes ``box``, ``edge``, ``word`` and the kinds ``user``, ``past``,
    ``entity``, ``item``.
    """
    paths = [path for path in paths_of(explanation) if len(path["nodes"]) >= 2][:_MOST_PATHS]
    if not paths:
        return ""
    columns = _columns(explanation, paths, user_name, language)
    width, height = _arrange(columns)
    edges = [edge for column in columns for box in column for edge in box.outgoing]
    title = f"Why {explanation['name']}: paths in the graph"
    return (
        f'<svg class="paths" viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px" '
        f'role="img" aria-label="{escape(title)}">'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto-start-reverse"><path class="arrow" d="M0 0.8 L7.5 4 L0 7.2 z"/></marker></defs>'
        f"{''.join(_edge_svg(edge) for edge in edges)}"
        f"{''.join(_box_svg(box) for column in columns for box in column if box.node)}</svg>"
    )


def paths_of(explanation: ShownExplanation) -> list[ShownGraphPath]:
    """The paths of all reasons, those of the largest reason first."""
    return [path for reason in explanation["reasons"] for path in reason.get("paths", [])]


def _columns(
    explanation: ShownExplanation, paths: Sequence[ShownGraphPath], user_name: str, language: str
) -> list[list[_Box]]:
    """Boxes and edges of all paths; what two paths share is there once."""
    last = max(len(path["nodes"]) for path in paths)
    boxes: dict[Place, _Box] = {}
    edges: dict[tuple[Place, Place, str, bool], _Edge] = {}
    total = {past["item"]: past["value"] for past in explanation.get("past", [])}
    of_entity = {reason["entity"]["uid"]: reason["value"] for reason in explanation["reasons"] if "entity" in reason}
    verbs = {past["item"]: past["verb"].get(language, "") for past in explanation.get("past", [])}

    def box(column: int, node: ShownNode, kind: str, value: float | None = None) -> _Box:
        place = (column, f"{node['type']}:{node['uid']}")
        return boxes.setdefault(place, _Box(place, node, kind, value))

    def join(source: _Box, target: _Box, words: str, forward: bool, ends: tuple[bool, bool] = (True, True)) -> None:
        key = (source.place, target.place, words, forward)
        if key not in edges:
            starts, stops = ends
            edge = _Edge(source, target, words, forward, starts and not forward, stops and forward)
            edges[key] = edge
            source.outgoing.append(edge)
            target.incoming.append(edge)

    user = box(0, {"type": "user", "uid": "", "name": user_name}, "user")
    for path in paths:
        nodes = path["nodes"]
        past_item = nodes[0]["uid"]
        here = box(1, nodes[0], "past", total.get(past_item))
        join(user, here, verbs.get(past_item, ""), True)
        for position, step in enumerate(path["steps"], start=1):
            node = nodes[position]
            ends_here = position == len(nodes) - 1
            forward = step["target"]["uid"] == node["uid"]
            words = step["words"].get(language) or step["relation"]
            column = last if ends_here else position + 1
            started = True
            origin = f"{here.place[1]} {step['relation']} {forward} {node['uid']}"
            for passed in range(here.place[0] + 1, column):
                way = boxes.setdefault((passed, origin), _Box((passed, origin), None, "way"))
                join(here, way, words, forward, (started, False))
                here, words, started = way, "", False
            there = box(column, node, "item") if ends_here else box(column, node, "entity", of_entity.get(node["uid"]))
            join(here, there, words, forward, (started, True))
            here = there
    return [[b for place, b in boxes.items() if place[0] == column] for column in range(last + 1)]


def _arrange(columns: list[list[_Box]]) -> tuple[float, float]:
    """Give every box its place; returns the size of the drawing."""
    heights = []
    for number, column in enumerate(columns):
        if number > 1:  # those that belong to upper boxes of the column before go up: fewer crossings
            before = {id(box): place for place, box in enumerate(columns[number - 1])}
            column.sort(key=lambda box: _mean([before[id(edge.source)] for edge in box.incoming]))
        heights.append(sum(box.height for box in column) + _BOX_GAP * (len(column) - 1))
    tallest = max(heights)
    x = 1.0
    for number, column in enumerate(columns):
        y = _EDGE_PADDING + (tallest - heights[number]) / 2
        for box in column:
            box.x, box.y = x, y
            y += box.height + _BOX_GAP
        run = max((text_width(edge.words, _SMALL) for box in column for edge in box.outgoing), default=0.0)
        x += column[0].width + min(run + 20, _LONGEST_RUN) + _BEND
    for column in columns:
        for box in column:
            box.outgoing.sort(key=lambda edge: edge.target.y)
            box.incoming.sort(key=lambda edge: edge.source.y)
    return columns[-1][0].x + _BOX + 1, tallest + 2 * _EDGE_PADDING


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / max(len(numbers), 1)


def _edge_svg(edge: _Edge) -> str:
    x1, y1 = edge.source.port(edge, outgoing=True)
    x2, y2 = edge.target.port(edge, outgoing=False)
    if edge.source.node is None:
        x1 -= _BOX  # the way through the column
    bend = x2 - _BEND
    line = f"M{x1:.1f} {y1:.1f} H{bend:.1f} C{bend + 26:.1f} {y1:.1f} {x2 - 26:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    arrows = f"{' marker-start=' + chr(34) + 'url(#arrow)' + chr(34) if edge.arrow_at_start else ''}"
    arrows += f"{' marker-end=' + chr(34) + 'url(#arrow)' + chr(34) if edge.arrow_at_end else ''}"
    words = ""
    if edge.words:
        shown = fitted(edge.words, bend - x1 - 8, _SMALL)
        words = (
            f'<text class="word" x="{(x1 + bend) / 2:.1f}" y="{y1 - 5:.1f}">{escape(shown)}'
            f"<title>{escape(edge.words)}</title></text>"
        )
    return f'<path class="edge" d="{line}"{arrows}/>{words}'


def _box_svg(box: _Box) -> str:
    assert box.node is not None
    lines = box.lines
    kind = fitted(box.node["type"], box.width - 24, _SMALL)
    text_height = 14 + 17 * len(lines) + (16 if box.note else 0)
    y = box.y + (box.height - text_height) / 2 + 10
    parts = [
        f'<g class="box {box.kind}"><title>{escape(box.node["name"])}</title>'
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.0f}" height="{box.height:.1f}" rx="8"/>'
        f'<rect class="mark" x="{box.x:.1f}" y="{box.y + 8:.1f}" width="4" height="{box.height - 16:.1f}" rx="2"/>'
        f'<text class="type" x="{box.x + 14:.1f}" y="{y:.1f}">{escape(kind)}</text>'
    ]
    for number, line in enumerate(lines, start=1):
        parts.append(f'<text class="name" x="{box.x + 14:.1f}" y="{y + 17 * number:.1f}">{escape(line)}</text>')
    if box.note:
        place = y + 17 * len(lines) + 16
        side = "note against" if (box.value or 0.0) < 0 else "note"
        parts.append(f'<text class="{side}" x="{box.x + 14:.1f}" y="{place:.1f}">{escape(box.note)}</text>')
    return "".join(parts) + "</g>"


def signed(value: float) -> str:
    """A number with its sign, two places: ``+0.42``, ``−0.10``."""
    return f"{value:+.2f}".replace("-", "−")
