/** In which circumstances the person asks: what can be chosen where the model was found to make use of any. */

import { model } from "./answers.js";
import { el, put } from "./dom.js";
import { state } from "./state.js";
import { t } from "./words.js";

/** Shows the choices that the model has, and what is chosen already; none where it has none, or cannot be asked. */
export async function showCircumstances(place, change) {
  const { contexts, platforms } = await model().catch(() => ({ contexts: {}, platforms: [] }));
  const names = new Set([...Object.keys(contexts), ...state.contexts.keys()]);
  const columns = [...names].map((name) =>
    choice(name, contexts[name] ?? [], t("circumstances.any"), state.contexts.get(name), (value) => {
      if (value === "") state.contexts.delete(name);
      else state.contexts.set(name, value);
      change();
    }),
  );
  const platform = choice(t("circumstances.platform"), platforms, t("circumstances.all"), state.platform, (value) => {
    state.platform = value === "" ? null : value;
    change();
  });
  const choices = platforms.length || state.platform !== null ? [platform, ...columns] : columns;
  place.hidden = choices.length === 0;
  put(place, el("h2", {}, t("circumstances")), ...choices);
}

/** A label with what can be chosen; nothing first, and what the address says though the model does not know it. */
function choice(label, values, nothing, chosen, change) {
  const known = chosen === undefined || chosen === null || values.includes(chosen) ? values : [...values, chosen];
  const options = known.map((value) => el("option", { value, selected: value === chosen }, value));
  return el(
    "label",
    { class: "choice" },
    el("span", {}, label),
    el(
      "select",
      { "data-focus": `choice ${label}`, onchange: (event) => change(event.target.value) },
      el("option", { value: "" }, nothing),
      ...options,
    ),
  );
}
