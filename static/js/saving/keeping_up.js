// What was saved in another tab is shown here too.
//
// A tab with edits of its own saves them first: the server merges them (`stories/history/merging.py`),
// and answers with both. The text here is only changed while the server has all of it, so that it
// never takes the place of something typed.

import { getJSON } from "storaiteller/common/requests";

export class KeepingUp {
  constructor(state, { editor, autosave, socket, rewriting }) {
    Object.assign(this, { state, editor, autosave, rewriting });
    this.about = false; // something else than the text was changed
    this.looking = false;
    this.opened = false;
    socket.addEventListener("frame", ({ detail }) => detail.type === "story" && this.#hear(detail));
    socket.addEventListener("open", () => this.#open());
    const keys = ["heard", "stored", "generation", "conflict", "replacing", "deciding"];
    state.subscribe(keys, () => this.#look());
    // The editor reads what was put together a moment later.
    editor.view.dom.addEventListener("compositionend", () => setTimeout(() => this.#look(), 100));
  }

  #hear({ version, about }) {
    this.about ||= about;
    this.state.set({ heard: version });
    this.#look();
  }

  // What was told while there was no connection was not heard.
  #open() {
    if (this.opened) this.state.set({ heard: null });
    this.opened = true;
  }

  get #isBehind() {
    return this.about || this.state.get("heard") !== this.state.get("stored").version;
  }

  // Whether the text may be changed here; whoever it belongs to meanwhile reads it anew.
  get #isFree() {
    const taken = ["conflict", "replacing", "deciding"].some((key) => this.state.get(key));
    return !taken && !this.state.isStreamed && !this.editor.composing;
  }

  async #look() {
    if (this.looking || !this.#isBehind || !this.#isFree) return;
    this.looking = true;
    const isShown = await this.#catchUp();
    this.looking = false;
    // More may have been told of meanwhile.
    if (isShown) this.#look();
  }

  // Resolves to whether what was told of is shown; if not, the next word or the next save leads here
  // again.
  async #catchUp() {
    // What a save is answered may be what was told of.
    if (!(await this.autosave.flush()) || !this.#isBehind) return false;
    const { about } = this;
    const heard = this.state.get("heard");
    this.about = false;
    const next = await getJSON(this.state.urls.textUrl).catch(() => null);
    const taken = next !== null && this.#isFree && !this.autosave.pending;
    if (taken) this.#show(next, heard);
    else this.about ||= about;
    return taken;
  }

  #show(next, before) {
    // A paragraph that was begun and has no words yet is in no text, and stays.
    if (next.text !== this.editor.text) this.editor.follow(next.text);
    this.state.read(this.editor);
    const heard = this.state.get("heard");
    this.state.set({ stored: next, heard: heard === before ? next.version : heard });
    this.rewriting.follow(next.review);
  }
}
