/** What the page is about, and the same in its address: after the #, which is never sent to the service. */

export const state = {
  view: "list",
  mode: "user",
  user: null,
  chosen: [], // ids of a history of one's own
  without: new Set(), // ids of past items that are unticked
  entities: new Set(), // Type:id that are unticked
  added: [], // ids that a user is said to have chosen besides
  item: null, // whose reasons are open
  k: 10,
  contexts: new Map(), // circumstances by context column, which stay for the next person
  platform: null, // whose list it is; null for the list of all
};

const names = new Map();

/** What an item or entity is called, as far as an answer has said it; of a Type:id that none has named, the id. */
export const nameOf = (id, otherwise = state.entities.has(id) ? id.slice(id.indexOf(":") + 1) : id) =>
  names.get(id) ?? otherwise;
export const isNamed = (id) => names.has(id);
export const called = (id, name) => names.set(id, name);

export const changed = () => state.without.size + state.entities.size + state.added.length > 0;
export const somebody = () => state.mode === "history" || state.user !== null;

export function person() {
  const who = state.mode === "user" ? { user: state.user } : { history: state.chosen };
  const context = [...state.contexts].map(([name, value]) => `${name}=${value}`);
  return { ...who, ...(context.length && { context }), ...(state.platform !== null && { platform: state.platform }) };
}

export function changes() {
  return { without: [...state.without], without_entities: [...state.entities], add: state.added };
}

export function asMade() {
  state.without.clear();
  state.entities.clear();
  state.added = [];
}

/** Somebody else: nothing of the person before stays. */
export function about(mode, user = null, chosen = []) {
  asMade();
  Object.assign(state, { mode, user, chosen, item: null, k: 10 });
}

export function fromAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  const mode = said.has("history") ? "history" : "user";
  about(mode, mode === "user" ? said.get("user") : null, said.getAll("chosen"));
  state.view = said.get("view") === "model" ? "model" : "list";
  state.without = new Set(said.getAll("without"));
  state.entities = new Set(said.getAll("entity"));
  state.added = said.getAll("added");
  const circumstances = said.getAll("context").map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]);
  state.contexts = new Map(circumstances);
  state.platform = said.get("platform");
  state.item = said.get("item");
  state.k = Math.min(Math.max(Number.parseInt(said.get("k") ?? "10", 10) || 10, 10), 100);
}

/** Writes the address; `step`: the browser's back button comes back to what was before. */
export function toAddress(step = false) {
  const says = new URLSearchParams();
  if (state.view === "model") says.set("view", "model");
  if (state.mode === "history") says.set("history", "");
  if (state.user !== null) says.set("user", state.user);
  const several = { chosen: state.chosen, without: state.without, entity: state.entities, added: state.added };
  for (const [name, values] of Object.entries(several)) for (const value of values) says.append(name, value);
  for (const [name, value] of state.contexts) says.append("context", `${name}=${value}`);
  if (state.platform !== null) says.set("platform", state.platform);
  if (state.item !== null) says.set("item", state.item);
  if (state.k !== 10) says.set("k", state.k);
  const hash = says.toString();
  if (hash === location.hash.slice(1)) return;
  history[step ? "pushState" : "replaceState"](null, "", hash ? `#${hash}` : location.pathname + location.search);
}
