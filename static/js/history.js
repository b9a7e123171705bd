// The ways through a story's history: takes, versions, undo and redo.

import { postJSON } from "storaiteller/requests";

const part = (id) => document.getElementById(id);

export class History {
  // `desk` has `editor`, `urls`, `state()`, `settled()` (whether every edit is saved), `show(state)`,
  // `say` and `notify`.
  constructor(desk) {
    Object.assign(this, desk);
    part("take-back").addEventListener("click", () => this.#flip(-1));
    part("take-forward").addEventListener("click", () => this.#flip(1));
    part("undo").addEventListener("click", () => this.undo());
    part("redo").addEventListener("click", () => this.redo());
    part("show-versions").addEventListener("click", () => this.#open());
    part("close-versions").addEventListener("click", () => part("versions").close());
    part("versions").addEventListener("submit", (event) => this.#restore(event));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  // ---- Undo and redo: first what was typed here, then the story's versions ----

  get canUndo() {
    return this.editor.canUndo || this.state().can_undo;
  }

  get canRedo() {
    return this.editor.canRedo || (!this.editor.canUndo && this.state().can_redo);
  }

  undo() {
    if (this.editor.locked) return;
    if (this.editor.canUndo) this.editor.undo();
    else this.#step("undo", "Undone.");
  }

  redo() {
    if (this.editor.locked || !this.canRedo) return;
    if (this.editor.canRedo) this.editor.redo();
    else this.#step("redo", "Redone.");
  }

  async #step(way, done) {
    if (!(await this.settled()) || !this.state()[`can_${way}`]) return;
    await this.#ask(`${this.urls.storyUrl}${way}/`, done);
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
    if (!(await this.settled())) return;
    const { take, takes } = this.state();
    const next = takes[takes.indexOf(take) + step];
    if (next !== undefined) await this.#ask(`${this.urls.storyUrl}takes/${next}/`, "");
  }

  async #open() {
    if (!(await this.settled())) return;
    htmx.ajax("GET", this.urls.versionsUrl, { target: "#versions-list", swap: "outerHTML" });
    part("versions").showModal();
  }

  async #restore(event) {
    if (!event.target.matches("[data-restore]")) return;
    event.preventDefault();
    if (await this.#ask(event.target.action, "Restored as a new version.")) part("versions").close();
  }

  async #ask(url, done) {
    try {
      await this.editor.during(async () => this.show(await postJSON(url, {})));
      this.showButtons();
      if (done) this.say(done);
      return true;
    } catch (error) {
      this.notify(error.message);
      return false;
    }
  }

  showButtons() {
    const { take, takes } = this.state();
    part("takes").hidden = takes.length < 2;
    const index = takes.indexOf(take);
    part("take-label").textContent = `Take ${index + 1} of ${takes.length}`;
    part("take-back").disabled = index <= 0;
    part("take-forward").disabled = index >= takes.length - 1;
    part("undo").disabled = this.editor.locked || !this.canUndo;
    part("redo").disabled = this.editor.locked || !this.canRedo;
  }
}
