/** The operators' page: asks for the figures every few seconds, and says how old they are. */

import { act, get, Problem } from "./api.js";
import { byId, el, put } from "./dom.js";
import { askForKey, keyButton } from "./key_dialog.js";
import { atMinute, atSecond, count, number, share, t } from "./words.js";

const EVERY_MS = 5000;
const OLD_MS = 15000;

let shown = null;
let receivedAt = 0;
let waitsForKey = false;

const ms = (value) => (value < 10 ? number(value) : count(Math.round(value)));
const mib = (bytes) => number(bytes / 2 ** 20);

function span(seconds) {
  if (seconds < 120) return t("op.seconds", { n: count(Math.round(seconds)) });
  if (seconds < 7200) return t("op.minutes", { n: count(Math.round(seconds / 60)) });
  return t("op.hours", { n: count(Math.round(seconds / 3600)) });
}

async function look() {
  try {
    shown = await get("/v1/operation");
    receivedAt = Date.now();
    waitsForKey = false;
    put(byId("problem"));
    show(shown);
  } catch (error) {
    said(error, look);
  }
  showAge();
}

/** What the service refused; where a key is wanted, it is asked for. */
function said(error, again) {
  if (!(error instanceof Problem)) throw error;
  waitsForKey = again === look && [401, 403].includes(error.status);
  if (error.status === 403) askForKey(error.title, again);
  const detail = error.detail && el("span", { lang: "en" }, ` ${error.detail}`);
  put(byId("problem"), el("p", { class: "notice bad" }, error.title, detail));
}

function showAge() {
  if (!shown) return;
  const age = Date.now() - receivedAt;
  const text = t("op.age", { at: atSecond(new Date(shown.at * 1000)), age: span(age / 1000), up: span(shown.up_s) });
  put(byId("age"), el("span", { class: age > OLD_MS ? "late" : null }, text));
}

function show(figures) {
  showAlarms(figures);
  put(byId("requests"), requests(figures.requests));
  put(byId("model"), model(figures.model));
  put(byId("events"), figures.events ? events(figures.events) : []);
  put(byId("cache"), cache(figures.cache));
  put(byId("drift"), drift(figures.drift, figures.drift_alarm_above));
}

/** Alarms are said once, and again only when they are others. */
function showAlarms(figures) {
  const drifted = Object.entries(figures.drift).filter(([, one]) => one.alarm);
  const alarms = [
    figures.degraded && t("op.alarm.degraded", { reason: figures.degraded }),
    figures.events?.failure && t("op.alarm.events", { reason: figures.events.failure }),
    ...(figures.events?.streams ?? [])
      .filter((one) => one.failure)
      .map((one) => t("op.alarm.stream", { name: one.name, reason: one.failure })),
    figures.model.refusal && t("op.alarm.model", { reason: figures.model.refusal }),
    figures.updates?.last && t("op.alarm.update", { reason: figures.updates.last }),
    figures.requests.failed > 0 && t("op.alarm.failed", { n: count(figures.requests.failed) }),
    ...drifted.map(([name]) => t("op.alarm.drift", { name: quantity(name) })),
  ].filter(Boolean);
  const place = byId("alarms");
  if (place.dataset.said === alarms.join("\n")) return;
  place.dataset.said = alarms.join("\n");
  put(
    place,
    alarms.map((text) => el("p", { class: "notice" }, text)),
  );
}

const quantity = (name) => (name === "best score" ? t("op.drift.score") : t("op.drift.length"));

const panel = (title, about, ...content) =>
  el("section", { class: "panel" }, el("h2", {}, title), el("p", { class: "about" }, about), ...content);

const tiles = (facts) =>
  el("dl", { class: "tiles" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));

function table(name, heads, rows) {
  const head = el("tr", {}, heads.map((text) => el("th", { scope: "col" }, text)));
  const body = rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, cell))));
  const whole = el("table", {}, el("thead", {}, head), el("tbody", {}, body));
  return el("div", { class: "table", role: "region", tabindex: "0", "aria-label": name, "data-focus": name }, whole);
}

/** A resource in words people read: an address as it is asked for, and what has none. */
function resource(route) {
  if (route === "none") return t("op.route.none");
  if (route.startsWith("/page/")) return t("op.route.files");
  return el("code", {}, route.replace(/:path}/, "}"));
}

function requests(of) {
  const row = (name, one) => [
    name,
    count(one.requests),
    number(one.per_s),
    count(one.refused),
    count(one.failed),
    ...["p50", "p95", "p99", "max"].map((at) => (one.ms ? ms(one.ms[at]) : "–")),
  ];
  const rows = [row(t("op.all"), of), ...of.routes.map((one) => row(resource(one.route), one))];
  const heads = [t("op.resource"), t("op.requests"), t("op.per_second"), t("op.refused"), t("op.failed")];
  const times = ["p50 ms", "p95 ms", "p99 ms", t("op.max")];
  const about = t("op.of_last", { span: span(of.of_last_s) });
  return panel(t("op.requests"), about, table(t("op.requests"), [...heads, ...times], rows));
}

function model(of) {
  const about = of.answers_for_s === null ? t("op.since_start") : t("op.since", { span: span(of.answers_for_s) });
  const facts = [
    [t("op.version"), el("code", {}, of.live ?? "–")],
    [t("op.trained"), atMinute(new Date(of.created))],
    [t("op.cutoff"), of.data_cutoff > 1e8 ? atMinute(new Date(of.data_cutoff * 1000)) : "–"],
    [t("op.swaps"), `${count(of.swaps ?? 0)} / ${count(of.refused ?? 0)}`],
  ];
  const back = of.before && el("button", { onclick: () => askBack(of), "data-focus": "back" }, t("op.back"));
  return panel(t("op.model"), about, tiles(facts), back);
}

function askBack(of) {
  const dialog = byId("back-dialog");
  put(byId("back-text"), t("op.back.text", { live: of.live, before: of.before }));
  dialog.returnValue = "cancel";
  dialog.onclose = () => dialog.returnValue === "back" && goBack();
  dialog.showModal();
}

async function goBack() {
  try {
    await act("/v1/model/versions", {});
    await look();
  } catch (error) {
    said(error, goBack);
  }
}

function events(of) {
  const facts = [
    [t("op.accepted"), count(of.accepted)],
    [t("op.repeated"), count(of.repeated)],
    [t("op.set_aside"), count(of.set_aside)],
    [t("op.refused"), count(of.refused)],
    [t("op.waiting"), count(of.waiting)],
    [t("op.offsets"), `${count(of.last_offset)} / ${count(of.applied_offset)}`],
    [t("op.behind"), of.behind_s === null ? t("op.none") : span(of.behind_s)],
  ];
  const aside = Object.entries(of.aside).map(([reason, n]) => `${reason}: ${count(n)}`);
  const streams = of.streams.map((one) => {
    const unread = Object.values(one.unread).reduce((sum, n) => sum + n, 0);
    const said = { name: one.name, n: count(one.messages), age: span(one.age_s), unread: count(unread) };
    return el("p", {}, t("op.stream", said));
  });
  return panel(t("op.events"), t("op.now"), tiles(facts), el("p", {}, aside.join(", ")), ...streams);
}

function cache(of) {
  const facts = [
    [t("op.hit_rate"), of.hit_rate === null ? "–" : share(of.hit_rate)],
    [t("op.kept"), count(of.answers)],
    [t("op.size"), `${mib(of.bytes)} / ${mib(of.limit_bytes)}`],
    [t("op.dropped"), count(of.dropped)],
  ];
  return panel(t("op.cache"), t("op.since_start"), tiles(facts));
}

function verdict(one) {
  if (one.psi === null) return t("op.drift.unknown");
  return one.alarm ? el("span", { class: "late" }, t("op.drift.alarm")) : t("op.drift.none");
}

function drift(of, bound) {
  const rows = Object.entries(of).map(([name, one]) => [
    quantity(name),
    one.psi === null ? "–" : number(one.psi),
    verdict(one),
    count(one.answers),
  ]);
  const heads = [t("op.drift.quantity"), "PSI", t("op.drift.verdict"), t("op.drift.answers")];
  return panel(t("op.drift"), t("op.drift.about", { bound: number(bound) }), table(t("op.drift"), heads, rows));
}

/** Looks again and again, one look at a time; a key is asked for once, not every few seconds. */
async function watch() {
  try {
    if (!waitsForKey) await look();
  } finally {
    setTimeout(watch, EVERY_MS);
  }
}

keyButton(look);
watch();
setInterval(showAge, 1000);
