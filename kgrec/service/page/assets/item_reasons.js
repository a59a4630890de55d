/** Why one item: the sentence, the drawn paths, the parts by entity, by past item and by kind, what it is like. */

import { el, put } from "./dom.js";
import { bar, grouped, kindClass, kindName, scaleOfValues } from "./bars.js";
import { isOnNeo4j, similar } from "./answers.js";
import { drawing } from "./path_drawing.js";
import { called, changed, nameOf, state } from "./state.js";
import { tickEntity, tickItem } from "./past_items.js";
import { language, number, share, signed, t } from "./words.js";

const FIRST = 6;
const LEAST = 0.005; // what is less is 0.00
const LENGTHS = ["short", "standard", "full"];
let length = "standard";

/** The panel of the open item. */
export function itemReasons(explanation, earlier, { change, open }) {
  if (explanation === null)
    return el("div", { class: "detail" }, el("p", { class: "notice" }, t("detail.not_allowed")), likeIt(open));
  nameAll(explanation);
  return el(
    "div",
    { class: "detail" },
    sentence(explanation),
    paths(explanation),
    byEntity(explanation, earlier, change),
    byPastItem(explanation, earlier, change),
    byKind(explanation, earlier),
    likeIt(open),
    explanation.cypher && inNeo4j(explanation.cypher),
  );
}

/** A statement to paste, where there is something to paste it into. */
function inNeo4j(statement) {
  const summary = el("summary", {}, t("detail.cypher"));
  const shown = el("details", { hidden: true }, summary, el("pre", { tabindex: 0 }, statement));
  isOnNeo4j().then((yes) => (shown.hidden = !yes));
  return shown;
}

/** The name that a node has in the page's language. */
function inLanguage(explanation, node) {
  const of = explanation.names_by_language ?? {};
  const codes = Object.keys(of).filter((code) => code.split("-")[0] === language);
  return codes.map((code) => of[code][`${node.type}:${node.uid}`]).find(Boolean) ?? node.name;
}

function nameAll(explanation) {
  for (const reason of explanation.reasons) {
    if (reason.kind === "entity")
      called(`${reason.entity.type}:${reason.entity.uid}`, inLanguage(explanation, reason.entity));
  }
  const item = explanation.reasons.flatMap((reason) => reason.paths ?? []).flatMap((path) => path.nodes.slice(-1))[0];
  for (const past of explanation.past)
    called(past.item, inLanguage(explanation, { type: item?.type, uid: past.item, name: past.name }));
}

function sentence(explanation) {
  const text = el("p", { class: "told", "aria-live": "polite" }, explanation.sentences[length]);
  const choices = LENGTHS.map((one) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "length",
        value: one,
        checked: one === length,
        "data-focus": `length ${one}`,
        onchange: () => {
          length = one;
          text.textContent = explanation.sentences[one];
        },
      }),
      el("span", {}, t(`length.${one}`)),
    ),
  );
  return el(
    "section",
    {},
    el("fieldset", { class: "switch small" }, el("legend", { class: "unseen" }, t("length")), ...choices),
    text,
  );
}

function paths(explanation) {
  const found = explanation.reasons.flatMap((reason) =>
    (reason.paths ?? []).map((path) => ({
      nodes: path.nodes.map((node) => ({ ...node, name: inLanguage(explanation, node) })),
      steps: path.steps.map((step) => ({ ...step, said: step.words[language] ?? step.words.en ?? step.relation })),
      share: reason.value ? (reason.share * path.value) / reason.value : 0,
    })),
  );
  return el(
    "section",
    {},
    el("h3", {}, t("paths")),
    found.length ? drawing(found) : el("p", { class: "soft" }, t("paths.none")),
    found.length > 0 &&
      el(
        "details",
        {},
        el("summary", {}, t("paths.text")),
        el("ul", { class: "as-text" }, ...found.map((path) => el("li", {}, asText(path)))),
      ),
  );
}

function asText({ nodes, steps, share: part }) {
  const walked = steps.map((step, n) => {
    const forward = step.target.uid === nodes[n + 1].uid && step.target.type === nodes[n + 1].type;
    return forward ? ` —${step.said}→ ${nodes[n + 1].name}` : ` ←${step.said}— ${nodes[n + 1].name}`;
  });
  return `${nodes[0].name}${walked.join("")} (${share(part)})`;
}

/** Rows of a table that shows a few and opens to all; each is ticked, named, drawn and counted. */
function rows(title, hint, found) {
  if (!found.length) return null;
  const scale = scaleOfValues(found.flatMap((one) => [one.value, one.before ?? 0]));
  const row = (one) =>
    el(
      "li",
      { class: "row" },
      el(
        "label",
        { class: "what" },
        one.tick,
        el("span", { class: "name" }, one.name),
        one.note && el("small", {}, one.note),
      ),
      bar(one.value, scale, one.kind, one.before),
      el(
        "span",
        { class: "value" },
        signed(one.value),
        one.before !== undefined && el("small", {}, t("before", { value: signed(one.before) })),
      ),
    );
  const place = el("ul", { class: "rows" }, ...found.slice(0, FIRST).map(row));
  const all = el("button", { type: "button", class: "quiet" }, t("rows.all", { n: found.length }));
  all.addEventListener("click", () => {
    put(place, ...found.map(row));
    all.remove();
    place.children[FIRST].querySelector("input")?.focus();
  });
  return el(
    "section",
    {},
    el("h3", {}, title),
    hint && el("p", { class: "soft" }, hint),
    place,
    found.length > FIRST && all,
  );
}

/** What a part was before the change; nothing where nothing is changed. */
function earlierValue(earlier, find) {
  if (!earlier || !changed()) return () => undefined;
  return (id) => find(earlier).get(id) ?? 0;
}

function byEntity(explanation, earlier, change) {
  const id = (reason) => `${reason.entity.type}:${reason.entity.uid}`;
  const entities = (of) => of.reasons.filter((reason) => reason.kind === "entity");
  const before = earlierValue(earlier, (of) => new Map(entities(of).map((reason) => [id(reason), reason.value])));
  const found = entities(explanation).map((reason) => ({
    tick: tickEntity(id(reason), change, "entity"),
    name: reason.label,
    note: t("row.share", { share: share(reason.share) }),
    value: reason.value,
    before: before(id(reason)),
    kind: "k-facts",
  }));
  const direct = explanation.reasons
    .filter((reason) => reason.kind === "edge")
    .map((reason) => ({
      name: reason.label,
      note: t("row.share", { share: share(reason.share) }),
      value: reason.value,
      kind: "k-facts",
    }));
  return rows(
    t("entities"),
    t("entities.hint"),
    [...found, ...direct].sort((a, b) => b.value - a.value),
  );
}

function byPastItem(explanation, earlier, change) {
  const before = earlierValue(earlier, (of) => new Map(of.past.map((one) => [one.item, one.value])));
  const found = explanation.past.map((one) => ({
    tick: tickItem(one.item, change, "by"),
    name: nameOf(one.item),
    note: one.stars === null ? null : t("row.stars", { n: one.stars }),
    value: one.value,
    before: before(one.item),
    kind: "k-past",
  }));
  return rows(t("by_past"), t("by_past.hint"), found);
}

function byKind(explanation, earlier) {
  const before = earlierValue(
    earlier,
    (of) => new Map(grouped(of.parts).map((one) => [one.group, one.positive + one.negative])),
  );
  const parts = grouped(explanation.parts);
  const scale = scaleOfValues(parts.flatMap((one) => [one.positive, one.negative]));
  const line = (name, value, kind, was) =>
    el(
      "li",
      { class: "row" },
      el("span", { class: "what" }, name),
      bar(value, scale, kind, was),
      el("span", { class: "value" }, signed(value)),
    );
  return el(
    "section",
    {},
    el("h3", {}, t("by_kind")),
    el(
      "ul",
      { class: "rows" },
      ...parts.flatMap((one) =>
        [
          one.positive >= LEAST &&
            line(
              kindName(one.group),
              one.positive,
              kindClass(one.group),
              one.negative < 0 ? undefined : before(one.group),
            ),
          one.negative <= -LEAST &&
            line(t("against", { kind: kindName(one.group) }), one.negative, kindClass(one.group)),
        ].filter(Boolean),
      ),
      el(
        "li",
        { class: "row sum" },
        el("span", { class: "what" }, t("by_kind.constant")),
        el("span", { class: "value" }, signed(explanation.constant)),
      ),
      el(
        "li",
        { class: "row sum" },
        el("span", { class: "what" }, t("by_kind.score")),
        el("span", { class: "value" }, number(explanation.score)),
      ),
    ),
  );
}

/** Its own answer: the reasons do not wait for it. */
function likeIt(open) {
  const place = el("div", {}, el("p", { class: "soft" }, t("loading")));
  similar(state.item).then(({ answer, problem, old }) => {
    if (old) return;
    if (problem) put(place, el("p", { class: "notice" }, problem.title));
    else
      put(
        place,
        el(
          "ul",
          { class: "chips" },
          ...answer.map((one) =>
            el("li", {}, el("button", { type: "button", onclick: () => open(one.item) }, one.name)),
          ),
        ),
      );
  });
  return el("section", {}, el("h3", {}, t("similar")), place);
}
