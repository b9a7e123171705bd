// Two texts for one story: both are shown, neither is lost, and the writer chooses.

import { part } from "storaiteller/common/dom";
import { postJSON } from "storaiteller/common/requests";

// Shows the state's `conflict`; until the choice is made the text stays as it is.
export class Conflict {
  constructor(state, editor, autosave, rewriting) {
    Object.assign(this, { state, editor, autosave, rewriting });
    this.panel = part("conflict");
    part("keep-mine").addEventListener("click", () => this.#keepMine());
    part("keep-theirs").addEventListener("click", () => this.#take(state.get("conflict")));
    state.subscribe(["conflict"], (texts) => this.#show(texts));
  }

  #show(texts) {
    this.panel.hidden = texts === null;
    if (!texts) return;
    part("conflict-marked").hidden = true;
    part("conflict-mine").textContent = texts.mine;
    part("conflict-theirs").textContent = texts.theirs.text;
    this.panel.scrollIntoView({ block: "center" });
    this.panel.focus({ preventScroll: true });
    this.#mark(texts);
  }

  // Mark in each text what the other one has not; without an answer both stay as they are.
  async #mark(texts) {
    const { mine, theirs } = texts;
    const asked = postJSON(this.state.urls.differencesUrl, { mine, theirs: theirs.text });
    const found = await asked.catch(() => null);
    if (!found || this.state.get("conflict") !== texts) return;
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

  // The choice is made at once with what is shown: in between, nothing may be saved as if it went on
  // from the text that was here.
  #take({ theirs }) {
    this.state.show(theirs, { conflict: null });
    this.editor.focus();
  }

  async #keepMine() {
    const texts = this.state.get("conflict");
    const { mine, theirs } = texts;
    // What was proposed for the other text is settled by taking this one.
    if (theirs.review) {
      await postJSON(`${this.state.urls.storyUrl}rewrites/discard/`, {}).catch(() => {});
      if (this.state.get("conflict") !== texts) return; // chosen twice
    }
    this.#take(texts);
    this.rewriting.show(null);
    this.editor.setText(mine);
    this.state.read(this.editor);
    this.autosave.edited();
    this.autosave.flush();
  }
}
