/**
 * Paths drawn: past items left, entities in the middle, the item right; what two paths share is there once.
 *
 * Every place is worked out here. An edge leaves its box at a height of its own and runs straight for as long as its
 * words are, so that no two of them meet; where there is no room for words on lines, they stand in the middle boxes.
 */

import { el, svg } from "./dom.js";
import { share, t } from "./words.js";

const MOST = 6;
const PORT = 20;
const GAP = 16;
const BEND = 28;
const WIDE = 600;
const LEAST = 240;

const measured = document.createElement("canvas").getContext("2d");
function widthOf(text, size, weight = 400) {
  measured.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  return measured.measureText(text).width;
}

/** A figure that is drawn as wide as it stands, and anew when that changes. */
export function drawing(paths) {
  const shown = paths.slice(0, MOST);
  const place = el("div", { class: "drawing" });
  let width = 0;
  const redraw = () => {
    const now = Math.max(Math.floor(place.clientWidth), LEAST);
    if (!place.clientWidth || now === width) return;
    width = now;
    place.replaceChildren(drawn(shown, width));
  };
  new ResizeObserver(redraw).observe(place);
  return place;
}

const key = (node) => `${node.type}:${node.uid}`;

function drawn(paths, width) {
  const wide = width >= WIDE;
  const boxWidth = wide ? Math.min(Math.max(width * 0.19, 124), 200) : (width - 2 * 24) / 3;
  const columns = [new Map(), new Map(), new Map()];
  const edges = new Map();

  const box = (column, id, node, kind) => {
    const of = columns[column];
    if (!of.has(id)) of.set(id, { id, node, kind, column, notes: [], part: 0, outgoing: [], incoming: [] });
    return of.get(id);
  };
  const join = (from, to, step, forward, part, arrows = true) => {
    const id = `${from.column} ${from.id} ${to.id} ${step.said} ${forward}`;
    if (!edges.has(id)) {
      const edge = { from, to, words: step.said, forward, arrows, part: 0 };
      edges.set(id, edge);
      from.outgoing.push(edge);
      to.incoming.push(edge);
    }
    edges.get(id).part += part;
  };

  for (const path of paths) {
    const [first, last] = [path.nodes[0], path.nodes.at(-1)];
    const past = box(0, key(first), first, "past");
    const item = box(2, key(last), last, "item");
    const forward = (n) => key(path.steps[n].target) === key(path.nodes[n + 1]);
    if (path.nodes.length === 3) {
      const entity = box(1, key(path.nodes[1]), path.nodes[1], "entity");
      entity.part += path.share;
      join(past, entity, path.steps[0], forward(0), path.share);
      join(entity, item, path.steps[1], forward(1), path.share);
    } else {
      const way = box(1, `way ${key(first)} ${path.steps[0].said}`, null, "way");
      way.part += path.share;
      way.words = path.steps[0].said;
      join(past, way, path.steps[0], forward(0), path.share, "start");
      join(way, item, path.steps[0], forward(0), path.share, "end");
    }
  }

  const all = columns.map((of) => [...of.values()]);
  for (const one of all.flat()) measure(one, boxWidth, wide);
  const height = arrange(all, width, boxWidth);
  const title = t("paths.drawn", { item: all[2][0].node.name });
  return svg(
    "svg",
    {
      class: wide ? "paths" : "paths narrow",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": title,
    },
    svg(
      "defs",
      {},
      svg(
        "marker",
        {
          id: "arrow",
          viewBox: "0 0 8 8",
          refX: 7,
          refY: 4,
          markerWidth: 8,
          markerHeight: 8,
          orient: "auto-start-reverse",
        },
        svg("path", { class: "arrow", d: "M0 .8 7.5 4 0 7.2z" }),
      ),
    ),
    ...[...edges.values()].map((edge) => line(edge, boxWidth, wide)),
    ...all.flat().map((one) => (one.node ? boxOf(one, boxWidth) : way(one, boxWidth, wide))),
  );
}

/** The lines of a box, and how high it is. */
function measure(one, boxWidth, wide) {
  const size = wide ? 13 : 12;
  one.size = size;
  one.lines = one.node ? wrapped(one.node.name, boxWidth - 20, size, 3) : [];
  if (!wide && one.kind === "entity") {
    const words = [...new Set([...one.incoming, ...one.outgoing].map((edge) => edge.words))];
    one.notes.push(...words.flatMap((said) => wrapped(said, boxWidth - 20, 11, 2)));
  }
  if (one.kind === "entity") one.notes.push(share(one.part));
  const text = one.node ? 16 + one.lines.length * (size + 4) + one.notes.length * 15 : wide ? 0 : 44;
  const ports = Math.max(one.incoming.length, one.outgoing.length) * (wide ? PORT : 12);
  one.height = Math.max(text, ports, PORT);
}

/** Gives each box its place; answers how high the drawing is. */
function arrange(columns, width, boxWidth) {
  const place = new Map(columns[0].map((one, n) => [one, n]));
  const mean = (one) =>
    one.incoming.reduce((sum, edge) => sum + place.get(edge.from), 0) / Math.max(one.incoming.length, 1);
  columns[1].sort((a, b) => mean(a) - mean(b)); // what belongs to upper boxes is above: fewer crossings
  const heights = columns.map((of) => of.reduce((sum, one) => sum + one.height + GAP, -GAP));
  const tallest = Math.max(...heights);
  columns.forEach((of, n) => {
    let y = 4 + (tallest - heights[n]) / 2;
    for (const one of of) {
      one.x = [1, (width - boxWidth) / 2, width - boxWidth - 1][n];
      one.y = y;
      y += one.height + GAP;
    }
  });
  for (const one of columns.flat()) {
    one.outgoing.sort((a, b) => a.to.y - b.to.y);
    one.incoming.sort((a, b) => a.from.y - b.from.y);
  }
  return Math.ceil(tallest + 8);
}

function port(edges, edge, one) {
  const step = Math.min(PORT, one.height / edges.length);
  return one.y + one.height / 2 + (edges.indexOf(edge) - (edges.length - 1) / 2) * step;
}

function line(edge, boxWidth, wide) {
  const x1 = edge.from.x + (edge.from.node ? boxWidth : wide ? 0 : boxWidth);
  const x2 = edge.to.x;
  const [y1, y2] = [port(edge.from.outgoing, edge, edge.from), port(edge.to.incoming, edge, edge.to)];
  const bend = wide ? BEND : 20;
  const d = `M${x1} ${y1}H${x2 - bend}C${x2 - bend / 2} ${y1} ${x2 - bend / 2} ${y2} ${x2} ${y2}`;
  const start = !edge.forward && edge.arrows !== "end" ? "url(#arrow)" : null;
  const end = edge.forward && edge.arrows !== "start" ? "url(#arrow)" : null;
  const group = [svg("path", { class: "edge", d, "marker-start": start, "marker-end": end })];
  const room = x2 - bend - x1 - 4;
  if (wide && edge.arrows !== "start") {
    const left =
      edge.from.kind === "past" && edge.to.node
        ? ` · ${share(edge.part)}`
        : edge.from.node
          ? ""
          : ` · ${share(edge.part)}`;
    const said = cut(edge.words, room - widthOf(left, 12), 12) + left;
    group.push(svg("text", { class: "word", x: (x1 + x2 - bend) / 2, y: y1 - 5 }, said, svg("title", {}, edge.words)));
  }
  return svg("g", {}, ...group);
}

function boxOf(one, boxWidth) {
  const text = one.lines.length * (one.size + 4) + one.notes.length * 15;
  let y = one.y + (one.height - text) / 2 - 3;
  const lines = one.lines.map((said) =>
    svg("text", { class: "name", x: one.x + 12, y: (y += one.size + 4), "font-size": one.size }, said),
  );
  const notes = one.notes.map((said) =>
    svg("text", { class: "note", x: one.x + 12, y: (y += 15), "font-size": 11 }, said),
  );
  return svg(
    "g",
    { class: `box ${one.kind}` },
    svg("title", {}, one.node.name),
    svg("rect", { x: one.x, y: one.y, width: boxWidth, height: one.height, rx: 7 }),
    svg("rect", { class: "mark", x: one.x, y: one.y + 7, width: 4, height: one.height - 14, rx: 2 }),
    ...lines,
    ...notes,
  );
}

/** Where a fact goes straight from a past item to the item: a line, with its words over it where there is room. */
function way(one, boxWidth, wide) {
  const middle = one.y + one.height / 2;
  if (wide) return svg("g", {});
  const said = wrapped(one.words, boxWidth - 6, 11, 2);
  const lines = [...said, share(one.part)];
  return svg(
    "g",
    {},
    svg("path", { class: "edge", d: `M${one.x} ${middle}H${one.x + boxWidth}` }),
    ...lines.map((text, n) =>
      svg(
        "text",
        {
          class: "word",
          x: one.x + boxWidth / 2,
          y: n < said.length ? middle - 5 - 13 * (said.length - 1 - n) : middle + 14,
        },
        text,
      ),
    ),
  );
}

function cut(text, room, size) {
  if (widthOf(text, size) <= room) return text;
  let kept = [...text];
  while (kept.length > 1 && widthOf(`${kept.join("")}…`, size) > room) kept = kept.slice(0, -1);
  return `${kept.join("").trimEnd()}…`;
}

/** Lines of a text; Chinese may be broken anywhere, other words between them. */
function wrapped(text, room, size, most) {
  const pieces = text.match(/[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+\s*/g) ?? [text];
  const lines = [""];
  for (const piece of pieces) {
    if (lines.at(-1) && widthOf(lines.at(-1) + piece.trimEnd(), size, 600) > room) lines.push("");
    lines[lines.length - 1] += piece;
  }
  const kept = lines.slice(0, most);
  if (lines.length > most) kept[most - 1] += lines[most];
  return kept.map((said) => cut(said.trim(), room, size * 1.06));
}
