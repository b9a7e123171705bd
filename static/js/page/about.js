// What stands around the story's text: its title, its report, its settings.

import { part } from "storaiteller/common/dom";
import { getText } from "storaiteller/common/requests";

const PAUSE = 1000; // milliseconds

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

// The report is about the text that stands there: asked for again after each writing, and once an
// edit was saved and typing has paused.
class Report {
  constructor(state) {
    this.state = state;
    this.version = state.get("stored").version; // that is reported on
    state.subscribe(["reported", "stored"], (reported, { version }) => {
      clearTimeout(this.timer);
      if (reported !== this.reported) this.#ask("#report");
      else if (version !== this.version) this.timer = setTimeout(() => this.#ask("#facts"), PAUSE);
      this.reported = reported;
    });
    this.reported = state.get("reported");
  }

  async #ask(what) {
    const { version } = this.state.get("stored");
    this.version = version;
    const told = await getText(this.state.urls.reportUrl).catch(() => null);
    if (version !== this.version) return; // a later one is on its way
    // Without a connection, or signed out, which the page says elsewhere: the next change asks again.
    if (told === null) {
      this.version = null;
      return;
    }
    // A summary that is being put right stays as it is typed.
    const summary = part("summary");
    const target = summary && summary.value !== summary.defaultValue ? "#facts" : what;
    htmx.swap(target, told, { swapStyle: "outerHTML" }, { select: target });
  }
}

// After Submit: what is wrong, or the prompt, whole.
function showAnswer({ target }) {
  if (target.id !== "settings") return;
  const wrong = target.querySelector(".field.wrong :is(input, select, textarea)");
  if (wrong) wrong.focus();
  else part("prompt").scrollIntoView({ block: "nearest" });
}

// Spell-checkers and screen readers speak what the text is in; an empty one, what is asked for.
function showLanguage() {
  const told = part("facts").dataset.language || part("settings-line").dataset.language;
  part("story-text").lang = told;
}

export function showAbout(state) {
  document.addEventListener("keydown", keepOnEnter);
  state.subscribe(["stored"], showTitle);
  new Report(state);
  // An empty story has its settings and its prompt to read; one that is written is the page.
  state.subscribe(["generation"], () => {
    if (state.isStreamed) part("side").open = false;
  });
  document.addEventListener("htmx:afterSettle", showAnswer);
  document.addEventListener("htmx:afterSettle", showLanguage);
}
