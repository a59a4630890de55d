/** The model card: what the answers come from, and what was measured of it. */

import { el, svg } from "./dom.js";
import { atMinute, count, has, measure, number, onDay, share, t } from "./words.js";

const MOST = 8;
const channelName = (name) => (has(`channel.${name}`) ? t(`channel.${name}`) : name);

export function modelCard(model) {
  const measures = model.metrics ?? {};
  const validation = Object.entries(measures).find(
    ([name, of]) => name.startsWith("validation") && of !== null && typeof of === "object",
  );
  return [
    el("h1", {}, t("model")),
    tiles(model),
    tested(measures.test),
    validation && measured(validation[0].replace("validation_", ""), validation[1], model.channels),
    reasonsCost(measures.reasons),
    el("section", { class: "panel", id: "rests-on" }),
    curves(model.training ?? []),
    el(
      "section",
      { class: "panel" },
      el("h2", {}, t("model.more")),
      el(
        "details",
        {},
        el("summary", {}, t("model.settings")),
        el(
          "pre",
          { tabindex: 0 },
          JSON.stringify(
            { settings: model.settings, metrics: model.metrics, versions: model.versions, graph_id: model.graph_id },
            null,
            2,
          ),
        ),
      ),
    ),
  ];
}

function tiles(model) {
  const tile = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  const made = new Date(model.created);
  return el(
    "dl",
    { class: "tiles" },
    tile(t("model.items"), count(model.items)),
    tile(t("model.users"), count(model.users)),
    tile(
      t("model.cutoff"),
      model.data_cutoff === null ? t("model.unknown") : onDay(new Date(model.data_cutoff * 1000)),
    ),
    tile(t("model.created"), Number.isNaN(made.getTime()) ? model.created : atMinute(made)),
  );
}

const line = (name, value, most, kind, text = measure(value)) =>
  el(
    "li",
    { class: `row ${kind}` },
    el("span", { class: "what" }, name),
    svg(
      "svg",
      { class: "single", viewBox: "0 0 1000 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { x: 0, y: 0, width: Math.max((1000 * value) / Math.max(most, 1e-9), 2), height: 10 }),
    ),
    el("span", { class: "value" }, text),
  );

/** Beside baselines, on what was held out before the model was learned from all. */
function tested(systems) {
  if (!systems) return null;
  const figure = (metric) => {
    const values = Object.entries(systems).map(([name, of]) => [name, of[metric]]);
    values.sort((a, b) => b[1] - a[1]);
    return el(
      "figure",
      {},
      el("figcaption", {}, metric),
      el("ul", { class: "rows" }, ...values.map(([name, value]) => line(name, value, values[0][1], name === "kgrec" ? "ours" : ""))),
    );
  };
  return el(
    "section",
    { class: "panel", id: "tested" },
    el("h2", {}, t("model.test")),
    el("p", { class: "soft" }, t("model.test.hint")),
    el("div", { class: "figures" }, ...["ndcg@10", "recall@10"].map(figure)),
  );
}

/** All together beside popularity, the trend and each channel alone; for items that nobody had chosen yet as well. */
function measured(metric, of, channels) {
  const part = (title, prefix) => {
    const fused = of[`${prefix}fused`];
    if (fused === undefined) return null;
    const rivals = ["prior", "trend", ...channels]
      .filter((name) => of[prefix + name] > 0)
      .map((name) => [name, of[prefix + name]]);
    rivals.sort((a, b) => b[1] - a[1]);
    const most = Math.max(fused, ...rivals.map(([, value]) => value));
    return el(
      "figure",
      {},
      el("figcaption", {}, title),
      el(
        "ul",
        { class: "rows" },
        line(t("model.fused"), fused, most, "ours"),
        ...rivals.map(([name, value]) => line(channelName(name), value, most, "")),
      ),
    );
  };
  const hops = Object.entries(of)
    .filter(([name]) => /^learned part, \d+ hops$/.test(name))
    .sort();
  const most = Math.max(...hops.map(([, value]) => value));
  return el(
    "section",
    { class: "panel" },
    el("h2", {}, t("model.measured", { metric })),
    el("p", { class: "soft" }, t("model.measured.hint")),
    el(
      "div",
      { class: "figures" },
      part(t("model.known"), ""),
      part(t("model.cold"), "cold items, "),
      hops.length > 0 &&
        el(
          "figure",
          {},
          el("figcaption", {}, t("model.hops")),
          el(
            "ul",
            { class: "rows" },
            ...hops.map(([name, value]) => line(t("model.hop", { n: name.match(/\d+/)[0] }), value, most, "")),
          ),
        ),
    ),
  );
}

/** What explanations cost, and how much flows through the graph. */
function reasonsCost(reasons) {
  if (!reasons) return null;
  const tile = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  const pairs = [
    ["path_share", share],
    ["coverage", share],
    ["ndcg@10", measure],
    ["ndcg@10_accuracy_only", measure],
  ];
  return el(
    "section",
    { class: "panel" },
    el("h2", {}, t("model.reasons")),
    el(
      "dl",
      { class: "tiles flat" },
      ...pairs
        .filter(([name]) => typeof reasons[name] === "number")
        .map(([name, said]) => tile(t(`model.reasons.${name}`), said(reasons[name]))),
    ),
  );
}

/** What the scores of top lists rest on, measured, and what a path is worth by its kind. */
export function restsOn(card) {
  const shares = Object.entries(card.evidence).filter(([, part]) => part > 0);
  shares.sort((a, b) => b[1] - a[1]);
  const paths = card.paths.slice(0, MOST);
  return [
    el("h2", {}, t("model.rests_on")),
    el("p", { class: "soft" }, t("model.rests_on.hint", { n: count(card.explanations.users) })),
    el(
      "ul",
      { class: "rows" },
      ...shares.map(([name, part]) => line(evidenceName(name), part, shares[0][1], "", share(part))),
    ),
    paths.length > 0 && card.evidence.paths > 0 && el("h3", {}, t("model.paths")),
    paths.length > 0 &&
      card.evidence.paths > 0 &&
      el(
        "ul",
        { class: "rows" },
        ...paths.map((one) =>
          line(`${one.relation} · ${wayName(one.way)}`, one.weight, paths[0].weight, "", number(one.weight)),
        ),
      ),
  ];
}

const evidenceName = (name) => (has(`evidence.${name}`) ? t(`evidence.${name}`) : name);
const wayName = (way) => (has(`way.${way}`) ? t(`way.${way}`) : way);

function curves(training) {
  const names = [
    "loss",
    ...new Set(training.flatMap((epoch) => Object.keys(epoch).filter((name) => name.startsWith("valid_")))),
  ];
  const drawn = names
    .map((name) => [name, training.filter((epoch) => Number.isFinite(epoch[name]))])
    .filter(([, of]) => of.length > 1);
  if (!drawn.length) return null;
  return el(
    "section",
    { class: "panel" },
    el("h2", {}, t("model.training")),
    el("div", { class: "figures" }, ...drawn.map(([name, of]) => curve(name, of))),
  );
}

function curve(name, epochs) {
  const [width, height, left, bottom] = [420, 180, 48, 26];
  const values = epochs.map((epoch) => epoch[name]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (n) => left + ((width - left - 8) * n) / (epochs.length - 1);
  const y = (value) => 10 + (height - bottom - 20) * (1 - (value - low) / Math.max(high - low, 1e-9));
  const best = values.indexOf(name === "loss" ? low : high);
  const said = t("model.curve", { name, from: measure(values[0]), to: measure(values.at(-1)), n: epochs.length });
  const tick = (value) => [
    svg("line", { class: "grid", x1: left, x2: width, y1: y(value), y2: y(value) }),
    svg("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, measure(value)),
  ];
  return el(
    "figure",
    {},
    el("figcaption", {}, name === "loss" ? t("model.loss") : name.replace("valid_", "")),
    svg(
      "svg",
      { class: "curve", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said },
      ...tick(low),
      ...tick(high),
      svg("polyline", { points: values.map((value, n) => `${x(n)},${y(value)}`).join(" ") }),
      svg("circle", { cx: x(best), cy: y(values[best]), r: 4 }),
      svg("text", { class: "tick", x: left, y: height - 6 }, t("model.epoch", { n: epochs[0].epoch ?? 1 })),
      svg(
        "text",
        { class: "tick", x: width - 4, y: height - 6, "text-anchor": "end" },
        t("model.epoch", { n: epochs.at(-1).epoch ?? epochs.length }),
      ),
    ),
  );
}
