/** Asks for a key where the service wants one. It is kept for this tab, and forgotten with it. */

import { key, onKeyWanted } from "./api.js";
import { byId } from "./dom.js";
import { t } from "./words.js";

const dialog = byId("key-dialog");
const text = byId("key-text");
let page = () => {};
let then = null;
let opened = 0;

dialog.addEventListener("close", () => {
  if (dialog.returnValue === "use" && text.value.trim()) key.set(text.value.trim());
  if (dialog.returnValue === "forget") {
    key.set("");
    location.reload(); // nothing stays of what it allowed to see
  }
  text.value = "";
  const again = then ?? page;
  then = null;
  if (dialog.returnValue === "use") again();
});

// A browser does not take Escape for a dialog that nobody opened.
dialog.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  dialog.close("cancel");
});

// Of several questions under way the first that is refused opens the dialog; the others do not open it again once it is closed.
onKeyWanted(() => {
  const before = dialog.open ? null : opened;
  return () => before === opened && askForKey(key.get() && t("key.refused"));
});

/** Opens the dialog: says what was refused, and asks again with the key, by default for the whole page. */
export function askForKey(refused, again = null) {
  if (dialog.open) return;
  opened += 1;
  then = again;
  byId("key").hidden = false;
  byId("key-refused").textContent = refused;
  byId("key-refused").hidden = !refused;
  byId("key-forget").hidden = !key.get();
  dialog.returnValue = "cancel";
  dialog.showModal();
  text.focus();
}

/** The button that changes the key, there where one is in use; `again` fills the page with another one. */
export function keyButton(again) {
  page = again;
  byId("key").hidden = byId("key").hidden && !key.get();
  byId("key").onclick = () => askForKey("");
}
