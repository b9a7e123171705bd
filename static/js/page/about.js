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
  if (document.activeElement !== field) field.value = title;
}

// After Submit: what is wrong, or the prompt, whole.
function showAnswer({ target }) {
  if (target.id !== "settings") return;
  const wrong = target.querySelector(".field.wrong :is(input, select, textarea)");
  if (wrong) wrong.focus();
  else part("prompt").scrollIntoView({ block: "nearest" });
}

export function showAbout(state) {
  document.addEventListener("keydown", keepOnEnter);
  state.subscribe(["shown"], showTitle);
  state.subscribe(["reported"], () => {
    htmx.ajax("GET", state.urls.reportUrl, { target: "#report", swap: "outerHTML" });
  });
  // An empty story has its settings and its prompt to read; one that is written is the page.
  state.subscribe(["generation"], () => {
    if (state.isStreamed) part("side").open = false;
  });
  document.addEventListener("htmx:afterSettle", showAnswer);
}
