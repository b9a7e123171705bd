// What stands around the story's text: its title, its report, its settings.

import { part } from "storaiteller/common/dom";

// A title has one line, however long: Enter keeps it. Delegated, as htmx replaces the field.
function keepOnEnter(event) {
  if (event.target.id !== "title" || event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  event.target.blur();
}

function showTitle({ title }) {
  const field = part("title");
  part("title-read").textContent = title || field.placeholder;
  if (document.activeElement !== field) field.value = title;
}

export function showAbout(state) {
  document.addEventListener("keydown", keepOnEnter);
  state.subscribe(["shown"], showTitle);
  state.subscribe(["reported"], () => {
    htmx.ajax("GET", state.urls.reportUrl, { target: "#report", swap: "outerHTML" });
  });
  // An empty story has its settings and its prompt to read.
  const hasRoom = matchMedia("(min-width: 60rem)").matches;
  if (hasRoom || !state.get("stored").version) part("side").open = true;
}
