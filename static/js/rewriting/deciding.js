// What the writer does with a rewritten passage: Keep it or Discard it.

import { part } from "storaiteller/common/dom";
import { gettext } from "storaiteller/common/language";
import { postJSON } from "storaiteller/common/requests";

export class Deciding {
  constructor(state, { editor, autosave, rewriting }) {
    Object.assign(this, { state, editor, autosave, rewriting });
    this.url = `${state.urls.storyUrl}rewrites/`;
    part("rewrite-keep").addEventListener("click", () => this.#keep());
    part("rewrite-discard").addEventListener("click", () => this.#discard());
  }

  async #keep() {
    this.state.closeNotice();
    const ready = await this.autosave.settled();
    const { version } = this.state.get("stored");
    const { phase, tries, index } = this.state.get("rewrite");
    const passage = this.editor.passage;
    const chosen = tries[index];
    if (!ready || !passage || !chosen || phase !== "review") return;
    this.state.set({ deciding: true });
    try {
      const url = `${this.url}${chosen.id}/keep/`;
      const stored = await postJSON(url, { ...passage, version });
      if (this.editor.passage?.selected !== passage.selected) {
        this.state.set({ conflict: { mine: this.editor.text, theirs: stored } });
        return;
      }
      this.#accept(chosen, stored);
      this.state.tell(gettext("Kept. Nothing else was changed."));
    } catch (error) {
      this.#refused(error, passage, chosen);
    } finally {
      this.state.set({ deciding: false });
    }
  }

  // The text with `chosen` is stored.
  #accept(chosen, stored) {
    this.editor.fillPassage(chosen.text);
    this.rewriting.finish();
    this.editor.forget();
    this.state.set({ stored, reported: stored.version });
    this.state.read(this.editor);
    this.autosave.rebase();
  }

  #refused(error, passage, chosen) {
    const { state: theirs } = error.answer ?? {};
    if (!theirs) {
      this.state.notify(error.message);
      return;
    }
    const whole = Array.from(this.editor.text);
    whole.splice(passage.start, passage.end - passage.start, chosen.text);
    const mine = whole.join("");
    if (mine === theirs.text) this.#accept(chosen, theirs);
    else this.state.set({ conflict: { mine, theirs } });
  }

  async #discard() {
    this.state.set({ deciding: true });
    try {
      await postJSON(`${this.url}discard/`, {});
      this.rewriting.finish();
      this.state.tell(gettext("Discarded. The story is as it was."));
    } catch (error) {
      this.state.notify(error.message);
    } finally {
      this.state.set({ deciding: false });
    }
  }
}
