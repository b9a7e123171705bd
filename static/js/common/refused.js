// A part of the page that HTMX could not have, or change: the person is told, and after a sign-in
// what was refused is done.

import { HTTP } from "storaiteller/common/constants";
import { renewToken } from "storaiteller/common/requests";

const { SIGNED_OUT, REFUSED } = HTTP;
const FAILED = "failed"; // the id of a template: what else may go wrong

let alert = null;
let waiting = []; // what was refused since the person is signed out

function tell(id) {
  alert?.remove();
  alert = document.getElementById(id).content.firstElementChild.cloneNode(true);
  alert.querySelector("button").addEventListener("click", () => alert.remove());
  // What lies under a dialog can't be read; a dock has room of its own, so that no text is covered.
  const place = ["dialog[open]", "#dock", "#main"].map((found) => document.querySelector(found));
  place.find((found) => found).prepend(alert);
}

function repeat({ verb, path, elt, target }) {
  if (elt.isConnected) htmx.ajax(verb, path, { source: elt, target });
}

async function refused({ xhr, elt, target, requestConfig }) {
  if (elt.closest("[data-quiet]")) return;
  const request = { ...requestConfig, elt, target };
  if (xhr.status === REFUSED && !elt.renewed && (await renewToken())) {
    elt.renewed = true; // once: whatever else it is refused for, it stays refused
    repeat(request);
  } else if (xhr.status === SIGNED_OUT || xhr.status === REFUSED) {
    waiting = [...waiting.filter((other) => other.elt !== elt), request];
    tell("signed-out");
  } else {
    tell(FAILED);
  }
}

async function back() {
  if (document.visibilityState === "hidden" || !waiting.length || !(await renewToken())) return;
  alert?.remove();
  for (const request of waiting.splice(0)) repeat(request);
}

document.addEventListener("htmx:responseError", (event) => refused(event.detail));
document.addEventListener("htmx:sendError", (event) => {
  if (!event.detail.elt.closest("[data-quiet]")) tell(FAILED);
});
document.addEventListener("htmx:afterOnLoad", ({ detail: { elt, successful } }) => {
  if (!successful) return;
  delete elt.renewed;
  if (!waiting.length) alert?.remove();
});
document.addEventListener("visibilitychange", back);
addEventListener("focus", back);
