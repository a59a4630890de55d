/** Asks for a key where the service wants one. It is kept for this tab, and forgotten with it. */

import { key } from "./api.js";
import { byId } from "./dom.js";

const dialog = byId("key-dialog");
const text = byId("key-text");
let then = () => {};
let refused = "";

dialog.addEventListener("close", () => {
  if (dialog.returnValue === "use" && text.value.trim()) key.set(text.value.trim());
  if (dialog.returnValue === "forget") key.set("");
  text.value = "";
  if (dialog.returnValue !== "cancel") then();
});

/** Opens the dialog; what was asked is asked again with the key. */
export function askForKey(again) {
  then = again;
  refused = key.get();
  byId("key").hidden = false;
  open();
}

/** The button that changes the key, there where one is in use. */
export function keyButton(again) {
  byId("key").hidden = byId("key").hidden && !key.get();
  byId("key").onclick = () => {
    then = again;
    refused = "";
    open();
  };
}

function open() {
  if (dialog.open) return;
  byId("key-refused").hidden = !refused;
  byId("key-forget").hidden = !key.get();
  dialog.returnValue = "cancel";
  dialog.showModal();
  text.focus();
}
