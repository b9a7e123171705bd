// The writer's edits: kept in this browser within the blink of an eye, on the server a moment later.
//
// What was not confirmed by the server stays in the browser's storage, and is brought back when the
// page is opened again. Each page keeps a draft of its own: two tabs never take each other's away.

import { postJSON } from "storaiteller/requests";

const DRAFT_PAUSE = 250; // milliseconds: the browser's copy is not written at each key
const PAUSE = 700; // milliseconds without typing
const LONGEST = 5000; // milliseconds of typing on
const RETRY = 3000; // milliseconds
const SLOW_RETRY = 30000;
const KEEPALIVE_LIMIT = 60000; // bytes that a closing page may still send

export class Autosave {
  // `read()` gives the text, `walked()` whether it came about by undo or redo; `tell(state, message)`
  // shows how it stands; `conflict(mine, theirs)` is called when another page was quicker.
  constructor({ story, url, state, read, walked, tell, conflict }) {
    Object.assign(this, { url, read, walked, tell, conflict });
    this.prefix = `storaiteller:draft:${story}:`;
    this.key = this.prefix + crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.version = state.version;
    this.saved = state.text;
    this.timer = null;
    this.draftTimer = null;
    this.since = null;
    this.saving = null;
    this.blocked = false;
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "hidden") return;
      if (this.draftTimer) this.#keep();
      this.flush();
    });
    addEventListener("online", () => this.flush());
  }

  // The newest draft that an earlier page could not save, or null; it is this page's from now on.
  draft() {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
      const drafts = keys.map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) }));
      const unsaved = drafts.filter((draft) => draft.text !== this.saved);
      for (const { key } of drafts.filter((draft) => !unsaved.includes(draft))) {
        localStorage.removeItem(key);
      }
      const newest = unsaved.sort((one, other) => other.at - one.at)[0];
      if (newest) this.key = newest.key;
      return newest ?? null;
    } catch {
      return null;
    }
  }

  // The stored text is now `text`, as `version`.
  reset({ version, text }) {
    clearTimeout(this.timer);
    this.timer = this.since = null;
    this.version = version;
    this.saved = text;
    this.blocked = false;
    this.#forget();
  }

  // The stored text is now `text`, as `version`; what was typed meanwhile goes on top of it.
  rebase({ version, text }) {
    this.version = version;
    this.saved = text;
    if (this.read() === text) this.reset({ version, text });
    else this.edited();
  }

  // Whether the server has not got the text as it stands.
  get pending() {
    return Boolean(this.saving) || this.timer !== null || this.read() !== this.saved;
  }

  edited() {
    this.draftTimer ??= setTimeout(() => this.#keep(), DRAFT_PAUSE);
    this.tell("pending");
    this.since ??= Date.now();
    clearTimeout(this.timer);
    const wait = Math.max(0, Math.min(PAUSE, this.since + LONGEST - Date.now()));
    this.timer = setTimeout(() => this.flush(), wait);
  }

  // Save now; resolves, when that has been tried, to whether the server has the text as it stands.
  async flush() {
    clearTimeout(this.timer);
    this.timer = this.since = null;
    while (this.saving) await this.saving;
    if (!this.blocked && this.read() !== this.saved) {
      this.saving = this.#save();
      await this.saving;
    }
    return !this.blocked && !this.pending;
  }

  // Something else is about to be shown: return what the server has not got, or null. It stays in
  // the browser's storage until `reset`.
  setAside() {
    const text = this.read();
    if (text === this.saved) return null;
    clearTimeout(this.timer);
    this.timer = this.since = null;
    this.#keep();
    return text;
  }

  async #save() {
    const text = this.read();
    this.tell("saving");
    try {
      const edit = { version: this.version, text, undo: this.walked() };
      const state = await postJSON(this.url, edit);
      this.version = state.version;
      this.saved = text;
      if (this.read() === text) {
        this.#forget();
        this.tell("saved", state);
      }
    } catch (error) {
      this.#failed(error, text);
    } finally {
      this.saving = null;
    }
  }

  #failed(error, text) {
    if (error.status === 409 && error.answer.code === "conflict") {
      this.blocked = true;
      this.tell("conflict");
      this.conflict(text, error.answer.state);
    } else if (error.status === 400) {
      this.tell("refused", error);
    } else {
      const gone = error.status === 404; // until its deletion is taken back
      this.tell(gone ? "gone" : error.isSignedOut ? "signedOut" : "unsaved", error);
      this.timer = setTimeout(() => this.flush(), gone ? SLOW_RETRY : RETRY);
    }
  }

  #leave() {
    const text = this.read();
    if (this.blocked || text === this.saved) return;
    this.#keep();
    if (text.length * 3 < KEEPALIVE_LIMIT) {
      postJSON(this.url, { version: this.version, text }, { keepalive: true }).catch(() => {});
    }
  }

  #keep() {
    clearTimeout(this.draftTimer);
    this.draftTimer = null;
    try {
      const draft = { version: this.version, text: this.read(), at: Date.now() };
      localStorage.setItem(this.key, JSON.stringify(draft));
    } catch {
      // No storage, or it is full: the server still gets the text.
    }
  }

  #forget() {
    clearTimeout(this.draftTimer);
    this.draftTimer = null;
    try {
      localStorage.removeItem(this.key);
    } catch {
      // As above.
    }
  }
}
