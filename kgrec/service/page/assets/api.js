/** Asks the service. The key stays in this tab and is sent as a header only. */

import { language, t, has } from "./words.js";

const KEY = "kgrec.key";

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (text) => (text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY)),
};

/** What the service refused, or why it did not answer. */
export class Problem extends Error {
  constructor(status, said = {}, wait = null) {
    super(said.detail ?? "");
    this.status = status;
    this.said = said;
    this.wait = wait;
  }

  /** In the page's words. */
  get title() {
    const own = `problem.${this.status}`;
    return has(own) ? t(own, { wait: this.wait ?? 1 }) : t("problem.other", { status: this.status });
  }

  /** What the service itself says of it, which is English. */
  get detail() {
    const { detail, found, expected, next } = this.said;
    const parts = [detail, found && `Found: ${found}.`, expected && `Expected: ${expected}.`, next && `${next}.`];
    const sentences = parts.filter(Boolean).map((text) => text[0].toUpperCase() + text.slice(1));
    return sentences.filter((text) => text !== this.title).join(" ");
  }
}

let beforeAsking = () => () => {};

/** `prepare` is called before each question; what it returns is called where the answer wants a key, or another one. */
export function onKeyWanted(prepare) {
  beforeAsking = prepare;
}

async function asked(path, options) {
  const headers = { Accept: "application/json", ...options.headers };
  if (key.get()) headers.Authorization = `Bearer ${key.get()}`;
  const wantsKey = beforeAsking();
  let answer;
  try {
    answer = await fetch(path, { ...options, headers, credentials: "omit", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0);
  }
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401) wantsKey();
  throw new Problem(answer.status, said, answer.headers.get("Retry-After"));
}

/** GET; `language` goes with it where the resource has names. */
export function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(parameters).toString();
  return asked(query ? `${path}?${query}` : path, { signal });
}

export function post(path, body, signal = undefined) {
  const headers = { "Content-Type": "application/json" };
  return asked(path, { method: "POST", headers, body: JSON.stringify({ ...body, language }), signal });
}

/** POST of what has no texts. */
export function act(path, body) {
  return asked(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** Only the newest of some questions: an older one is stopped, and its answer is nobody's any more. */
export function newest() {
  let under_way = null;
  return async (question) => {
    under_way?.abort();
    const own = new AbortController();
    under_way = own;
    try {
      const answer = await question(own.signal);
      return own === under_way ? { answer } : { old: true };
    } catch (error) {
      if (own !== under_way || error.name === "AbortError") return { old: true };
      if (error instanceof Problem) return { problem: error };
      throw error;
    }
  };
}
