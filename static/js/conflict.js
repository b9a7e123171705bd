// Two texts for one story: both are shown, neither is lost, and the writer chooses.

import { postJSON } from "storaiteller/requests";

const part = (id) => document.getElementById(id);

export class Conflict {
  // `keepMine(mine, theirs)` and `keepTheirs(theirs)` are called with the choice; until then the
  // text stays as it is: `editor` is locked.
  // `url` answers how two texts differ.
  constructor(editor, { url, keepMine, keepTheirs }) {
    Object.assign(this, { editor, url, keepMine, keepTheirs });
    this.panel = part("conflict");
    this.texts = null;
    part("keep-mine").addEventListener("click", () => this.#choose(keepMine));
    part("keep-theirs").addEventListener("click", () => this.#choose(keepTheirs));
  }

  get isOpen() {
    return this.texts !== null;
  }

  // `mine` is a text, `theirs` the state of the stored story.
  show(mine, theirs) {
    this.texts = { mine, theirs };
    part("conflict-marked").hidden = true;
    part("conflict-mine").textContent = mine;
    part("conflict-theirs").textContent = theirs.text;
    this.editor.lock(true);
    this.panel.hidden = false;
    this.panel.scrollIntoView({ block: "center" });
    this.panel.focus({ preventScroll: true });
    this.#mark();
  }

  // Mark in each text what the other one has not; without an answer both stay as they are.
  async #mark() {
    const { mine, theirs } = this.texts;
    const found = await postJSON(this.url, { mine, theirs: theirs.text }).catch(() => null);
    if (!found || this.texts?.mine !== mine || this.texts.theirs !== theirs) return;
    part("conflict-marked").hidden = false;
    for (const which of ["mine", "theirs"]) {
      const shown = found.segments.filter(([, where]) => where === which || where === "both");
      const pieces = shown.map(([text, where]) => {
        if (where === "both") return text;
        const only = document.createElement("mark");
        only.textContent = text;
        return only;
      });
      part(`conflict-${which}`).replaceChildren(...pieces);
    }
  }

  // Close without a choice; returns what was not stored, or null.
  dismiss() {
    const mine = this.texts?.mine ?? null;
    this.texts = null;
    this.panel.hidden = true;
    return mine;
  }

  #choose(choice) {
    const { mine, theirs } = this.texts;
    this.texts = null;
    this.panel.hidden = true;
    this.editor.lock(false);
    choice(mine, theirs);
    this.editor.focus();
  }
}
