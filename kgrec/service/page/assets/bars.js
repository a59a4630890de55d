/** Bars for what speaks for an item and what against it, from one line in the middle. */

import { el, svg } from "./dom.js";
import { has, signed, t } from "./words.js";

const GROUPS = {
  entity: "facts",
  edge: "facts",
  other_facts: "facts",
  taken_together: "together",
  taken_next: "next",
  semantic: "texts",
  semantic_paths: "texts",
  knowledge: "embeddings",
  refind: "again",
  popularity: "popularity",
  trend: "trend",
  context: "context",
  dislikes: "dislikes",
};
const ORDER = ["facts", "together", "next", "texts", "embeddings", "again", "popularity", "trend", "context", "dislikes", "constant"];

/** What a kind of reason is called; one that a plug-in adds has its own name. */
export const kindName = (group) => (has(`kind.${group}`) ? t(`kind.${group}`) : group);
export const kindClass = (group) => (ORDER.includes(group) ? `k-${group}` : "k-other");

/** Parts of a score by groups that people tell apart. */
export function grouped(parts) {
  const found = new Map();
  for (const part of parts) {
    const group = GROUPS[part.kind] ?? part.kind;
    const sum = found.get(group) ?? { group, positive: 0, negative: 0 };
    sum.positive += part.positive;
    sum.negative += part.negative;
    found.set(group, sum);
  }
  const place = (one) => (ORDER.includes(one.group) ? ORDER.indexOf(one.group) : ORDER.length);
  return [...found.values()].sort((a, b) => place(a) - place(b));
}

/** All that a score is the sum of. */
export function addends({ parts, constant }) {
  return grouped([...parts, { kind: "constant", positive: Math.max(constant, 0), negative: Math.min(constant, 0) }]);
}

const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);

/** One scale for a list: the longest bar on either side fits. */
export function scaleOf(explanations) {
  const parts = explanations.map(addends);
  const positive = Math.max(1e-9, ...parts.map((of) => sum(of.map((part) => part.positive))));
  const negative = Math.max(0, ...parts.map((of) => -sum(of.map((part) => part.negative))));
  return { positive, negative };
}

/** Parts of one score side by side: what speaks for it to the right, what speaks against it to the left. */
export function stack(parts, scale) {
  const unit = 1000 / (scale.positive + scale.negative);
  const zero = scale.negative * unit;
  const shapes = [];
  let right = zero;
  let left = zero;
  for (const part of parts) {
    const label = (value) => svg("title", {}, `${kindName(part.group)} ${signed(value)}`);
    const wide = part.positive * unit;
    if (wide > 0)
      shapes.push(
        svg("rect", { class: kindClass(part.group), x: right, y: 0, width: wide, height: 16 }, label(part.positive)),
      );
    right += wide;
    const back = -part.negative * unit;
    left -= back;
    if (back > 0)
      shapes.push(
        svg(
          "rect",
          { class: `${kindClass(part.group)} against`, x: left, y: 3, width: back, height: 10 },
          label(part.negative),
        ),
      );
  }
  const said = parts.flatMap((part) =>
    [part.positive, part.negative].filter(Boolean).map((value) => `${kindName(part.group)} ${signed(value)}`),
  );
  return svg(
    "svg",
    { class: "stack", viewBox: "0 0 1000 16", preserveAspectRatio: "none", role: "img", "aria-label": said.join(", ") },
    ...shapes,
    scale.negative > 0 ? svg("line", { class: "zero", x1: zero, x2: zero, y1: 0, y2: 16 }) : null,
  );
}

/** What the colours of a list mean, as far as they occur. */
export function legend(explanations) {
  const groups = [...new Set(explanations.flatMap((one) => addends(one).map((part) => part.group)))];
  const against = explanations.some((one) => addends(one).some((part) => part.negative < 0));
  return el(
    "ul",
    { class: "legend", "aria-label": t("legend") },
    ...groups.map((group) => el("li", {}, el("i", { class: kindClass(group) }), kindName(group))),
    against && el("li", { class: "soft" }, t("legend.against")),
  );
}

/** The scale of single bars: as far to either side as any of the values goes. */
export function scaleOfValues(values) {
  return { positive: Math.max(1e-9, ...values), negative: Math.max(0, ...values.map((value) => -value)) };
}

/** One value as a bar; `before` is where it stood. */
export function bar(value, scale, kind = "", before = undefined) {
  const unit = 1000 / (scale.positive + scale.negative);
  const zero = scale.negative * unit;
  const end = zero + value * unit;
  const stood = before === undefined ? null : zero + before * unit;
  const vertical = (name, x) => svg("line", { class: name, x1: x, x2: x, y1: 0, y2: 10 });
  return svg(
    "svg",
    { class: "single", viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: kind, x: Math.min(zero, end), y: 0, width: Math.max(Math.abs(end - zero), 2), height: 10 }),
    scale.negative > 0 ? vertical("zero", zero) : null,
    stood === null ? null : vertical("stood", stood),
  );
}
