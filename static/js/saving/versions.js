// The ways through a story's versions: takes, undo and redo, and the list of them all.

import { part } from "storaiteller/common/dom";
import { gettext, interpolate, number } from "storaiteller/common/language";
import { postJSON } from "storaiteller/common/requests";

export class Versions {
  constructor(state, editor, autosave) {
    Object.assign(this, { state, editor, autosave });
    part("take-back").addEventListener("click", () => this.#flip(-1));
    part("take-forward").addEventListener("click", () => this.#flip(1));
    part("undo").addEventListener("click", () => this.undo());
    part("redo").addEventListener("click", () => this.redo());
    part("show-versions").addEventListener("click", () => this.#open());
    part("close-versions").addEventListener("click", () => part("versions").close());
    part("versions").addEventListener("submit", (event) => this.#restore(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    editor.addEventListener("undo", () => this.undo());
    editor.addEventListener("redo", () => this.redo());
    // The last three lock the editor.
    const keys = ["stored", "written", "generation", "conflict", "replacing"];
    state.subscribe(keys, () => this.#showButtons());
    this.#showButtons();
  }

  // ---- Undo and redo: first what was typed here, then the story's versions ----

  get #stored() {
    return this.state.get("stored");
  }

  get canUndo() {
    return this.editor.canUndo || this.#stored.can_undo;
  }

  get canRedo() {
    return this.editor.canRedo || (!this.editor.canUndo && this.#stored.can_redo);
  }

  undo() {
    if (this.editor.locked) return;
    if (!this.editor.undo()) this.#step("undo", gettext("Undone."));
  }

  redo() {
    if (this.editor.locked || !this.canRedo) return;
    if (!this.editor.redo()) this.#step("redo", gettext("Redone."));
  }

  async #step(way, done) {
    if (!(await this.autosave.settled()) || !this.#stored[`can_${way}`]) return;
    await this.#ask(`${this.state.urls.storyUrl}${way}/`, done);
  }

  // Outside of the text, where the keys have no meaning of their own.
  #key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable=true]")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.undo();
    else if (key === "y" || key === "z") this.redo();
    else return;
    event.preventDefault();
  }

  // ---- Takes and versions ----

  async #flip(step) {
    if (!(await this.autosave.settled())) return;
    const { take, takes } = this.#stored;
    const next = takes[takes.indexOf(take) + step];
    if (next !== undefined) await this.#ask(`${this.state.urls.storyUrl}takes/${next}/`, "");
  }

  async #open() {
    if (!(await this.autosave.settled())) return;
    htmx.ajax("GET", this.state.urls.versionsUrl, { target: "#versions-list", swap: "outerHTML" });
    part("versions").showModal();
  }

  async #restore(event) {
    if (!event.target.matches("[data-restore]")) return;
    event.preventDefault();
    if (await this.#ask(event.target.action, gettext("Restored as a new version."))) part("versions").close();
  }

  // Take no edits while the story that the server answers with comes in; caret and focus are there
  // again afterwards.
  async #ask(url, done) {
    const focused = this.editor.hasFocus;
    this.state.set({ replacing: true });
    try {
      this.state.show(await postJSON(url, {}));
    } catch (error) {
      this.state.notify(error.message);
      return false;
    } finally {
      this.state.set({ replacing: false });
      if (focused) this.editor.focus();
    }
    if (done) this.state.tell(done);
    return true;
  }

  #showButtons() {
    const { take, takes } = this.#stored;
    part("takes").hidden = takes.length < 2;
    const index = takes.indexOf(take);
    part("take-label").textContent = interpolate(gettext("Take %(number)s of %(takes)s"), {
      number: number(index + 1),
      takes: number(takes.length),
    });
    part("take-back").disabled = index <= 0;
    part("take-forward").disabled = index >= takes.length - 1;
    part("undo").disabled = this.editor.locked || !this.canUndo;
    part("redo").disabled = this.editor.locked || !this.canRedo;
  }
}
