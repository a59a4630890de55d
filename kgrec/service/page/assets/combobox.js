/** A text field that looks things up while somebody types (the combobox of the ARIA practices). */

import { key, newest } from "./api.js";
import { el, put } from "./dom.js";
import { t } from "./words.js";

const WAIT_MS = 180;
const unanswered = new Map(); // texts that wait for a key, by label: the field that is made with it looks again
let made = 0;

/**
 * @param label what stands above the field.
 * @param look answers a text with matches, each with `id` and `name`; takes a signal.
 * @param choose is given the match that was chosen.
 * @param asId whether a text can be an id where nobody may look ids up.
 */
export function combobox({ label, hint, look, choose, asId = false, focus }) {
  const id = `find-${(made += 1)}`;
  const ask = newest();
  let matches = [];
  let active = -1;
  let timer = 0;

  const input = el("input", {
    id,
    type: "search",
    role: "combobox",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 512,
    placeholder: hint,
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": `${id}-list`,
    "aria-describedby": `${id}-said`,
    "data-focus": focus,
    oninput: later,
    onkeydown: keys,
    onblur: () => setTimeout(close, 150),
  });
  const options = el("ul", { id: `${id}-list`, role: "listbox", "aria-label": label, class: "options", hidden: true });
  const said = el("p", { id: `${id}-said`, class: "said", role: "status" });

  function later() {
    clearTimeout(timer);
    show([], "");
    unanswered.delete(label);
    if (input.value.trim()) timer = setTimeout(() => find(), WAIT_MS);
    else ask(async () => []);
  }

  async function find() {
    const text = input.value.trim();
    said.textContent = t("search.under_way");
    const { answer, problem, old } = await ask((signal) => look(text, signal));
    if (old || input.value.trim() !== text) return;
    if (problem?.status === 401) unanswered.set(label, text);
    if (problem?.status === 403 && asId)
      show([{ id: text, name: t("search.as_id", { id: text }) }], t("search.not_allowed"));
    else if (problem) show([], problem.title);
    else
      show(
        answer.matches,
        answer.matches.length ? t("search.found", { n: answer.matches.length }) : t("search.nothing"),
      );
  }

  function show(found, message) {
    matches = found;
    active = -1;
    said.textContent = message;
    put(options, ...found.map((one, place) => option(one, place)));
    options.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
  }

  function option(one, place) {
    return el(
      "li",
      {
        id: `${id}-${place}`,
        role: "option",
        "aria-selected": "false",
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => take(one),
      },
      el("span", {}, one.name),
      one.name !== one.id && !one.name.includes(one.id) ? el("small", {}, one.id) : null,
    );
  }

  function activate(place) {
    active = (place + matches.length) % matches.length;
    [...options.children].forEach((child, n) => child.setAttribute("aria-selected", String(n === active)));
    options.children[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `${id}-${active}`);
  }

  function keys(event) {
    if (event.isComposing) return; // Enter ends what is written with an input method
    if (event.key === "ArrowDown" && matches.length) activate(active + 1);
    else if (event.key === "ArrowUp" && matches.length) activate(active < 0 ? -1 : active - 1);
    else if (event.key === "Enter" && matches.length) take(matches[Math.max(active, 0)]);
    else if (event.key === "Escape" && matches.length) show([], "");
    else return;
    event.preventDefault();
  }

  function take(one) {
    input.value = "";
    show([], "");
    choose(one);
  }

  function close() {
    options.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }

  if (key.get() && unanswered.has(label)) {
    input.value = unanswered.get(label);
    find();
  }
  return el(
    "div",
    { class: "find" },
    el("label", { for: id }, label),
    el("div", { class: "field" }, input, options),
    said,
  );
}
