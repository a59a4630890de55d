/** What the page shows of the service's answers: asked for anew whenever the state changes, never kept beyond it. */

import { get, newest, post, Problem } from "./api.js";
import { language } from "./words.js";
import { called, changed, changes, isNamed, person, state } from "./state.js";

const list = newest();
const past = newest();
const likeIt = newest();

/**
 * The list as it is to be shown: `places`, `before` and `moves` where something is changed, `explained` where an item is
 * open, `unexplained` where the key does not allow reasons.
 */
export function listed() {
  return list(async (signal) => {
    const asked = { ...person(), k: state.k, explain: "short" };
    if (changed()) {
      const answer = await post("/v1/what-if", { ...asked, ...changes(), item: state.item }, signal);
      const moves = new Map(answer.changes.map((one) => [one.item, one]));
      name(answer.changes);
      const explained = answer.explained?.after ?? null;
      return {
        places: answer.after,
        before: answer.before,
        moves,
        explained,
        earlier: answer.explained?.before,
        ignored: answer.ignored,
      };
    }
    const [answer, explained] = await Promise.all([
      withoutReasonsIfNeeded(asked, signal),
      state.item === null ? null : reasons(signal),
    ]);
    name(answer.recommendations);
    const unexplained =
      answer.recommendations.length > 0 && answer.recommendations.every((one) => one.explanation === null);
    return { places: answer.recommendations, moves: new Map(), explained, unexplained, ignored: answer.ignored };
  });
}

/** Of the open item; null where the key does not allow them. */
async function reasons(signal) {
  try {
    const answer = await post("/v1/explain", { ...person(), item: state.item, explain: "full" }, signal);
    called(answer.item, answer.name);
    return answer.explanation;
  } catch (error) {
    if (error instanceof Problem && error.status === 403) return null;
    throw error;
  }
}

/** A key may allow lists of other people and not what they did. */
async function withoutReasonsIfNeeded(asked, signal) {
  try {
    return await post("/v1/recommend", asked, signal);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 403 || !("user" in asked)) throw error;
    return post("/v1/recommend", { ...asked, explain: "none" }, signal);
  }
}

/** Past items, the newest first, each once. */
export function pastItems() {
  return past(async (signal) => {
    if (state.mode === "history") {
      await findNames(state.chosen, signal);
      return state.chosen.map((item) => ({ item, times: 1 }));
    }
    const [answer] = await Promise.all([
      get(`/v1/users/${state.user.split("/").map(encodeURIComponent).join("/")}`, { language }, signal),
      findNames(state.added, signal),
    ]);
    name(answer.history);
    const found = new Map();
    for (const one of answer.history.reverse()) {
      if (found.has(one.item)) found.get(one.item).times += 1;
      else found.set(one.item, { item: one.item, verb: one.verb, stars: one.stars, time: one.time, times: 1 });
    }
    return [...found.values()];
  });
}

/** Ids in the address have no names yet. */
function findNames(items, signal) {
  const found = items
    .filter((item) => !isNamed(item))
    .map(async (item) => {
      const answer = await get("/v1/search", { text: item, k: 5, language }, signal);
      const match = answer.matches.find((one) => one.id === item);
      if (match) called(item, match.name);
    });
  return Promise.all(found);
}

export function similar(item) {
  return likeIt(async (signal) => {
    const answer = await get("/v1/similar", { item, k: 6, language }, signal);
    name(answer.similar);
    return answer.similar;
  });
}

export const search = (text, kind, signal) => get("/v1/search", { text, kind, k: 8, language }, signal);

export const model = () => get("/v1/model");

let known = null;

/** Whether the graph is on a Neo4j, where its browser shows things; asked once. */
export function isOnNeo4j() {
  known ??= model().then(
    ({ store }) => /^(neo4j|bolt)/.test(store ?? ""),
    () => {
      known = null;
      return false;
    },
  );
  return known;
}

export const card = () => get("/v1/model/card");

function name(places) {
  for (const one of places) called(one.item, one.name);
}
