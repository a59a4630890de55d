/** The list: each place with its sentence and the parts of its score; where something is changed, how it moved. */

import { el } from "./dom.js";
import { addends, legend, scaleOf, stack } from "./bars.js";
import { nameOf, state } from "./state.js";
import { count, number, t } from "./words.js";

/** @param detail makes what stands below the open item. */
export function ranked(answer, { open, longer, detail }) {
  const { places, moves } = answer;
  const explanations = places.map((one) => one.explanation).filter(Boolean);
  const scale = explanations.length ? scaleOf(explanations) : null;
  const elsewhere = state.item !== null && !places.some((one) => one.item === state.item);
  return [
    ...notices(answer),
    elsewhere && besides(answer, open, detail),
    !places.length && el("p", { class: "empty" }, t("list.none")),
    explanations.length > 0 && legend(explanations),
    places.length > 0 && el("ol", { class: "places" }, ...places.map((one) => placed(one, moves, scale, open, detail))),
    gone(answer, open),
    places.length >= state.k &&
      state.k < 100 &&
      el("button", { type: "button", class: "more", "data-focus": "more", onclick: longer }, t("list.more")),
  ];
}

function notices({ ignored = [], unexplained, places }) {
  const degraded = places.find((one) => one.explanation?.degraded)?.explanation.degraded;
  return [
    ignored.length > 0 && el("p", { class: "notice" }, t("list.ignored", { items: ignored.join(", ") })),
    unexplained && el("p", { class: "notice" }, t("list.unexplained")),
    degraded && el("p", { class: "notice" }, t("list.degraded"), " ", el("span", { lang: "en" }, degraded)),
  ];
}

function placed(one, moves, scale, open, detail) {
  const isOpen = one.item === state.item;
  const told = one.explanation;
  return el(
    "li",
    { class: isOpen ? "place open" : "place", "data-item": one.item },
    el("span", { class: "rank" }, one.rank),
    el(
      "div",
      { class: "head" },
      el("h2", {}, opener(one.item, one.name, isOpen, open)),
      one.new && el("span", { class: "tag" }, t("list.new")),
      moved(moves.get(one.item)),
      el(
        "span",
        { class: "score", title: t("list.score.hint") },
        el("span", { class: "unseen" }, t("list.score")),
        number(one.score),
      ),
    ),
    told && el("p", { class: "sentence" }, told.sentence),
    told && stack(addends(told), scale),
    isOpen && detail(),
  );
}

function opener(item, name, isOpen, open) {
  const props = {
    type: "button",
    class: "opener",
    "aria-expanded": String(isOpen),
    "data-focus": `open ${item}`,
    onclick: () => open(item),
  };
  return el("button", props, name);
}

/** From which place to which; nothing where nothing is changed. */
function moved(change) {
  if (!change) return null;
  const { rank_before: before, rank_after: after } = change;
  if (after === null) return el("span", { class: "move down" }, t("move.no_candidate"));
  if (before === null) return el("span", { class: "move up" }, t("move.new"));
  if (before === after) return el("span", { class: "move same" }, t("move.same"));
  const up = before > after;
  return el(
    "span",
    { class: up ? "move up" : "move down" },
    el("span", { "aria-hidden": "true" }, `${up ? "▲" : "▼"} ${count(before)} → ${count(after)}`),
    el("span", { class: "unseen" }, t(up ? "move.up" : "move.down", { before, after })),
  );
}

/** An item that is open and in no place of the list. */
function besides({ moves }, open, detail) {
  const change = moves.get(state.item);
  const stands =
    change &&
    (change.rank_after === null ? t("move.no_candidate") : t("move.stands", { rank: count(change.rank_after) }));
  return el(
    "div",
    { class: "place open besides", "data-item": state.item },
    el(
      "div",
      { class: "head" },
      el("h2", {}, opener(state.item, nameOf(state.item), true, open)),
      el("span", { class: "tag" }, stands ?? t("move.outside")),
    ),
    detail(),
  );
}

/** What was in the list before the change. */
function gone({ before = [], places, moves }, open) {
  const here = new Set(places.map((one) => one.item));
  const left = before.filter((one) => !here.has(one.item));
  if (!left.length) return null;
  return el(
    "section",
    { class: "gone" },
    el("h2", {}, t("gone")),
    el(
      "ul",
      {},
      ...left.map((one) =>
        el(
          "li",
          { "data-gone": one.item },
          el(
            "button",
            { type: "button", class: "opener", "data-focus": `open ${one.item}`, onclick: () => open(one.item) },
            one.name,
          ),
          moved(moves.get(one.item)),
        ),
      ),
    ),
  );
}
