/** Puts the page together: the state changes, the answers are asked for, the places are filled. */

import { card, listed, model, pastItems, search } from "./answers.js";
import { showCircumstances } from "./circumstances.js";
import { combobox } from "./combobox.js";
import { byId, el, put } from "./dom.js";
import { itemReasons } from "./item_reasons.js";
import { keyButton } from "./key_dialog.js";
import { modelCard, restsOn } from "./model_card.js";
import { folded, showPast } from "./past_items.js";
import { ranked } from "./ranked_list.js";
import { about, asMade, called, changed, fromAddress, nameOf, somebody, state, toAddress } from "./state.js";
import { atSecond, t } from "./words.js";

const WAIT_MS = 120;
const FRESH_MS = 60_000; // who comes back to the page after that sees what holds now
let waiting = 0;
let past = null;
let madeAt = Date.now();

/** Asks again for the list and shows it; what stood there is marked as old until then, and gone where nothing comes. */
async function showList() {
  const [place, status] = [byId("answer"), byId("status")];
  toAddress();
  showWhatIf();
  if (!somebody()) {
    byId("past").hidden = true;
    status.textContent = "";
    put(place, empty());
    return;
  }
  place.setAttribute("aria-busy", "true");
  if (place.dataset.about !== aboutWhom()) put(place, skeleton());
  place.dataset.about = aboutWhom();
  status.textContent = t("loading");
  const { answer, problem, old } = await listed();
  if (old) return;
  place.removeAttribute("aria-busy");
  if (problem) {
    put(place, trouble(problem, showList));
    status.textContent = "";
    return;
  }
  const detail = () => itemReasons(answer.explained, answer.earlier, { change, open });
  madeAt = Date.now();
  showWhatIf();
  put(place, ...ranked(answer, { open, longer, detail }).flat());
  status.textContent = t("list.made", { n: answer.places.length, time: atSecond(new Date()) });
}

const aboutWhom = () => JSON.stringify([state.mode, state.user]);

async function showPastItems() {
  if (!somebody()) return;
  const place = byId("past");
  if (place.dataset.about !== aboutWhom()) put(place, el("h2", {}, t("past")), skeleton());
  place.dataset.about = aboutWhom();
  place.hidden = false;
  past = null;
  const { answer, problem, old } = await pastItems();
  if (old) return;
  past = { items: answer, problem };
  showTicks();
  showWhatIf(); // ids of the address have names now
}

const showTicks = () => past && showPast(byId("past"), past, { change, changeHistory });

function showAll() {
  const isModel = state.view === "model";
  byId("view-list").hidden = isModel;
  byId("view-model").hidden = !isModel;
  mark(byId("to-list"), !isModel);
  mark(byId("to-model"), isModel);
  keyButton(showAll);
  if (isModel) showModel();
  else {
    showPerson();
    showCircumstances(byId("circumstances"), showList);
    showPastItems();
    showList();
  }
}

/** Something is ticked or unticked: the ticks at once, the answers after a moment, for several ticks together. */
function change() {
  showTicks();
  showWhatIf();
  byId("answer").setAttribute("aria-busy", "true");
  clearTimeout(waiting);
  waiting = setTimeout(showList, WAIT_MS);
}

/** The history of one's own is another: nothing is changed in it any more that it does not have. */
function changeHistory() {
  showPastItems();
  showList();
}

function open(item) {
  state.item = state.item === item ? null : item;
  toAddress(true);
  showList().then(() => document.querySelector(".place.open")?.scrollIntoView({ block: "nearest" }));
}

function longer() {
  state.k = Math.min(state.k + 10, 100);
  showList();
}

function showWhatIf() {
  const left = [...state.without, ...state.entities].map((id) => nameOf(id));
  const added = state.added.map((id) => nameOf(id));
  const reset = () => {
    asMade();
    change();
    byId("list").focus();
  };
  put(
    byId("what-if"),
    changed() &&
      el(
        "div",
        { class: "what-if" },
        el(
          "p",
          {},
          el("strong", {}, t("what_if")),
          left.length ? ` ${t("what_if.without", { names: left.join(t("and")) })}` : "",
          added.length ? ` ${t("what_if.added", { names: added.join(t("and")) })}` : "",
        ),
        el("button", { type: "button", onclick: reset }, t("what_if.reset")),
      ),
  );
}

function showPerson() {
  for (const radio of document.querySelectorAll("[name=mode]")) radio.checked = radio.value === state.mode;
  const choose = ({ id, name }) => {
    called(`user ${id}`, name === t("search.as_id", { id }) ? id : name);
    somebodyElse("user", id);
  };
  const look = (text, signal) => search(text, "user", signal);
  put(
    byId("find"),
    state.mode === "user"
      ? combobox({ label: t("find.user"), hint: t("find.user.hint"), asId: true, focus: "user", look, choose })
      : null,
  );
}

function somebodyElse(mode, user = null) {
  about(mode, user);
  folded();
  toAddress(true);
  showAll();
}

async function showModel() {
  const place = byId("view-model");
  put(place, el("h1", {}, t("model")), skeleton());
  try {
    put(place, ...modelCard(await model()).flat());
    showRestsOn();
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    put(place, el("h1", {}, t("model")), trouble(problem, showModel));
  }
}

/** The list of the person, nothing changed and no item open: what is in the address may be gone from the model. */
function plain() {
  asMade();
  Object.assign(state, { item: null, platform: null });
  state.contexts.clear();
  showAll();
}

function trouble(problem, again) {
  return el(
    "div",
    { class: "notice bad", role: "alert" },
    el("p", { class: "lead" }, problem.title),
    problem.status !== 401 && problem.detail && el("p", { class: "soft", lang: "en" }, problem.detail),
    el(
      "div",
      { class: "row-of-buttons" },
      el("button", { type: "button", onclick: again }, t("again")),
      state.view === "list" &&
        (changed() || state.item !== null || state.platform !== null || state.contexts.size > 0) &&
        el("button", { type: "button", onclick: plain }, t("what_if.reset")),
    ),
  );
}

/** The card is measured when it is asked for the first time, which takes a while. */
async function showRestsOn() {
  const place = byId("rests-on");
  put(place, el("p", { class: "soft" }, t("loading")));
  try {
    put(place, ...restsOn(await card()).flat());
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    put(place, trouble(problem, showRestsOn));
  }
}

function mark(link, isHere) {
  if (isHere) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

const skeleton = () => el("div", { class: "skeleton", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
const empty = () =>
  el("div", { class: "empty" }, el("p", { class: "lead" }, t("empty.lead")), el("p", {}, t("empty.text")));

for (const radio of document.querySelectorAll("[name=mode]"))
  radio.addEventListener("change", () => somebodyElse(radio.value));
for (const link of document.querySelectorAll(".languages a"))
  link.addEventListener("click", () => (link.hash = location.hash));
byId("to-list").addEventListener("click", (event) => {
  event.preventDefault();
  turnTo("list");
});
byId("to-model").addEventListener("click", (event) => {
  event.preventDefault();
  turnTo("model");
});
function turnTo(view) {
  state.view = view;
  toAddress(true);
  showAll();
}
addEventListener("popstate", () => {
  fromAddress();
  showAll();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - madeAt > FRESH_MS) showAll();
});
addEventListener("pageshow", (event) => event.persisted && showAll());

document.documentElement.classList.remove("no-js");
fromAddress();
showAll();
