/** What somebody did, each thing with a tick that can be taken away; what is left out and what is added. */

import { el, put } from "./dom.js";
import { combobox } from "./combobox.js";
import { search } from "./answers.js";
import { called, nameOf, state } from "./state.js";
import { count, onDay, t } from "./words.js";

const FIRST = matchMedia("(max-width: 860px)").matches ? 4 : 8; // on a phone they stand above the list
let all = false;

/** Everything is folded again for somebody else. */
export const folded = () => (all = false);

/** A tick that says whether something counts; the state changes at once, the answers follow. */
export function tick(label, ticked, focus, change) {
  return el("input", {
    type: "checkbox",
    checked: ticked,
    "aria-label": label,
    "data-focus": focus,
    onchange: (event) => change(event.target.checked),
  });
}

export function tickItem(item, change, place) {
  const label = t("tick.item", { name: nameOf(item) });
  return tick(label, !state.without.has(item), `${place} ${item}`, (counts) => {
    if (counts) state.without.delete(item);
    else state.without.add(item);
    change();
  });
}

export function tickEntity(node, change, place) {
  const label = t("tick.entity", { name: nameOf(node) });
  return tick(label, !state.entities.has(node), `${place} ${node}`, (counts) => {
    if (counts) state.entities.delete(node);
    else state.entities.add(node);
    change();
  });
}

/** The panel, from past items or from what was said in their place. */
export function showPast(place, { items, problem }, { change, changeHistory }) {
  const own = state.mode === "history";
  place.hidden = [401, 404].includes(problem?.status); // the list says that
  const title = own ? t("past.own") : t("past.title", { name: nameOf(`user ${state.user}`, state.user) });
  const shown = items ?? [];
  const visible = all ? shown : shown.slice(0, FIRST);
  put(
    place,
    el("h2", {}, title, shown.length ? el("small", { class: "count" }, count(shown.length)) : null),
    adding(own, change, changeHistory),
    problem && el("p", { class: "notice" }, problem.status === 403 ? t("past.not_allowed") : problem.title),
    !problem && shown.length > 0 && el("p", { class: "soft" }, t("past.hint")),
    !problem && !shown.length && el("p", { class: "soft" }, own ? t("past.none_own") : t("past.none")),
    el("ul", { class: "ticks" }, ...visible.map((one) => pastItem(one, own, change, changeHistory))),
    shown.length > visible.length && more(place, { items, problem }, { change, changeHistory }, shown.length),
    ...apart(change),
  );
}

function more(place, found, changes, n) {
  const open = () => {
    all = true;
    showPast(place, found, changes);
    place.querySelectorAll(".ticks input")[FIRST]?.focus();
  };
  return el("button", { type: "button", class: "quiet", onclick: open }, t("past.all", { n: count(n) }));
}

function pastItem(one, own, change, changeHistory) {
  const noted = [
    one.verb ? one.verb + (one.stars ? ` ★ ${count(one.stars)}` : "") : null,
    one.time ? onDay(new Date(one.time * 1000)) : null,
    one.times > 1 ? t("past.times", { n: one.times }) : null,
  ].filter(Boolean);
  const remove = () => {
    state.chosen = state.chosen.filter((item) => item !== one.item);
    state.without.delete(one.item);
    changeHistory();
  };
  return el(
    "li",
    { class: state.without.has(one.item) ? "out" : null },
    el("label", {}, tickItem(one.item, change, "past"), el("span", { class: "name" }, nameOf(one.item))),
    noted.length ? el("small", {}, noted.join(" · ")) : null,
    own &&
      el(
        "button",
        {
          type: "button",
          class: "remove",
          "aria-label": t("past.remove", { name: nameOf(one.item) }),
          onclick: remove,
        },
        "×",
      ),
  );
}

/** Entities that are left out, and what is added. */
function apart(change) {
  const entities = [...state.entities].map((node) =>
    el(
      "li",
      { class: "out" },
      el("label", {}, tickEntity(node, change, "past"), el("span", { class: "name" }, nameOf(node))),
    ),
  );
  const drop = (item) => {
    state.added = state.added.filter((one) => one !== item);
    change();
  };
  const added = state.added.map((item) =>
    el(
      "li",
      { class: "in" },
      el("span", { class: "name" }, nameOf(item)),
      el(
        "button",
        {
          type: "button",
          class: "remove",
          "aria-label": t("past.remove", { name: nameOf(item) }),
          onclick: () => drop(item),
        },
        "×",
      ),
    ),
  );
  return [
    entities.length && el("h3", {}, t("past.entities")),
    entities.length && el("ul", { class: "ticks" }, ...entities),
    added.length && el("h3", {}, t("past.added")),
    added.length && el("ul", { class: "ticks" }, ...added),
  ];
}

function adding(own, change, changeHistory) {
  return combobox({
    label: own ? t("add.own") : t("add.title"),
    hint: t("add.hint"),
    focus: "add",
    look: (text, signal) => search(text, "item", signal),
    choose: ({ id, name }) => {
      called(id, name);
      if (own) {
        if (!state.chosen.includes(id)) state.chosen = [...state.chosen, id];
        changeHistory();
      } else {
        if (!state.added.includes(id)) state.added = [...state.added, id];
        change();
      }
    },
  });
}
