/** Makes elements. Text is always text: nothing that comes from data is read as markup. */

const SVG = "http://www.w3.org/2000/svg";

function filled(made, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "checked" || name === "value") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const el = (tag, props = {}, ...children) => filled(document.createElement(tag), props, children);

export const svg = (tag, props = {}, ...children) => filled(document.createElementNS(SVG, tag), props, children);

export const byId = (id) => document.getElementById(id);

/**
 * Puts new children into a place; who had the keyboard there has it afterwards too. A tick that is gone here, because its
 * entity says nothing any more, is still there among the past items.
 */
export function put(place, ...children) {
  const had = place.contains(document.activeElement) && document.activeElement.dataset.focus;
  place.replaceChildren(...children.flat().filter(Boolean));
  if (!had) return;
  const marked = (name) => `[data-focus="${CSS.escape(name)}"]`;
  const elsewhere = `past ${had.slice(had.indexOf(" ") + 1)}`;
  const found = place.querySelector(marked(had)) ?? document.querySelector(marked(elsewhere));
  found?.focus({ preventScroll: true });
}
