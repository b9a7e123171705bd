// The writer's edits: kept in this browser within the blink of an eye, on the server a moment later.
//
// What was not confirmed by the server stays in the browser's storage, and is brought back when the
// page is opened again.

import { ERROR } from "storaiteller/common/constants";
import { gettext } from "storaiteller/common/language";
import { postJSON } from "storaiteller/common/requests";

const DRAFT_PAUSE = 250; // milliseconds: the browser's copy is not written at each key
const PAUSE = 700; // milliseconds without typing
const LONGEST = 5000; // milliseconds of typing on
const RETRY = 3000; // milliseconds
const SLOW_RETRY = 30000;
const KEEPALIVE_LIMIT = 60000; // bytes that a closing page may still send

// Sets the state's `saving` to "pending", "saving", "saved", "unsaved" (it tries again), "signedOut",
// "gone", "refused" or "conflict".
export class Autosave {
  constructor(state, editor, drafts) {
    Object.assign(this, { state, editor, drafts });
    this.timer = null;
    this.draftTimer = null;
    this.since = null;
    this.saving = null;
    editor.addEventListener("edit", () => this.edited());
    state.subscribe(["shown"], () => this.#settle());
    state.subscribe(["connected"], (connected) => connected && this.flush());
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "hidden") return;
      if (this.draftTimer) this.#keep();
      this.flush();
    });
    addEventListener("online", () => this.flush());
  }

  // The text that the server should have. While one streams in, there is nothing of the writer's.
  get #text() {
    return this.state.isStreamed ? this.#stored.text : this.editor.text;
  }

  get #stored() {
    return this.state.get("stored");
  }

  // Whether the server has not got the text as it stands.
  get pending() {
    return Boolean(this.saving) || this.timer !== null || this.#text !== this.#stored.text;
  }

  // The writer has changed the text.
  edited() {
    this.draftTimer ??= setTimeout(() => this.#keep(), DRAFT_PAUSE);
    this.state.set({ saving: "pending" });
    this.since ??= Date.now();
    clearTimeout(this.timer);
    const wait = Math.max(0, Math.min(PAUSE, this.since + LONGEST - Date.now()));
    this.timer = setTimeout(() => this.flush(), wait);
  }

  // The stored text was changed under what is typed, which goes on top of it.
  rebase() {
    if (this.#text === this.#stored.text) this.#settle();
    else this.edited();
  }

  // Save now; resolves, when that has been tried, to whether the server has the text as it stands.
  async flush() {
    this.#cancel();
    while (this.saving) await this.saving;
    if (!this.#isBlocked && this.#text !== this.#stored.text) {
      this.saving = this.#save();
      await this.saving;
    }
    return !this.#isBlocked && !this.pending;
  }

  // The same for what needs every edit stored: if it is not, the writer is told, and it has to wait.
  async settled() {
    if (await this.flush()) return true;
    // What the server refused it has given its reason for.
    if (!this.#isBlocked && this.state.get("saving") !== "refused") {
      this.state.notify(gettext("Your edits are not saved yet. Try again once they are."));
    }
    return false;
  }

  // Something else is about to be shown: return what the server has not got, or null. It stays in
  // the browser's storage until a stored text is shown.
  setAside() {
    const text = this.#text;
    if (text === this.#stored.text) return null;
    this.#cancel();
    this.#keep();
    return text;
  }

  get #isBlocked() {
    return this.state.get("conflict") !== null;
  }

  async #save() {
    const text = this.#text;
    this.state.set({ saving: "saving" });
    try {
      const edit = { version: this.#stored.version, text, undo: this.editor.walked };
      const { typed, ...stored } = await postJSON(this.state.urls.textUrl, edit);
      const { version } = stored;
      // As it was sent: what the server made of it must not look like an edit. What it has put in
      // beside it is shown once nothing is being typed: see keeping_up.js.
      this.state.set({ stored: { ...stored, version: typed ?? version, text }, heard: version });
      if (typed !== undefined) this.state.tell(gettext("Joined with what you changed in another tab."));
      if (this.#text === text) {
        this.#forget();
        this.state.set({ saving: "saved" });
      }
    } catch (error) {
      this.#failed(error, text);
    } finally {
      this.saving = null;
    }
  }

  #failed(error, text) {
    if (error.status === 409 && error.answer.code === ERROR.CONFLICT) {
      this.state.set({ saving: "conflict", conflict: { mine: text, theirs: error.answer.state } });
    } else if (error.status === 400) {
      this.state.set({ saving: "refused" });
      this.state.notify(error.message);
    } else {
      const gone = error.status === 404; // until its deletion is taken back
      this.state.set({ saving: gone ? "gone" : error.isSignedOut ? "signedOut" : "unsaved" });
      this.timer = setTimeout(() => this.flush(), gone ? SLOW_RETRY : RETRY);
    }
  }

  #leave() {
    const text = this.#text;
    const { version, text: stored } = this.#stored;
    if (this.#isBlocked || text === stored) return;
    this.#keep();
    if (text.length * 3 < KEEPALIVE_LIMIT) {
      postJSON(this.state.urls.textUrl, { version, text }, { keepalive: true }).catch(() => {});
    }
  }

  // Nothing is to be saved any more.
  #settle() {
    this.#cancel();
    this.#forget();
  }

  // Nothing is saved by itself until something is typed again.
  #cancel() {
    clearTimeout(this.timer);
    this.timer = this.since = null;
  }

  #keep() {
    clearTimeout(this.draftTimer);
    this.draftTimer = null;
    this.drafts.keep(this.#stored.version, this.#text);
  }

  #forget() {
    clearTimeout(this.draftTimer);
    this.draftTimer = null;
    this.drafts.forget();
  }
}
