// What the page of a story knows: the views listen to it. The text that is typed is the editor's.

import { KIND } from "storaiteller/common/constants";
import { Store } from "storaiteller/common/store";

export class StoryState extends Store {
  // `stored` is the story as the server says it is, `urls` where to ask it what.
  constructor(stored, urls) {
    super({
      // ---- As the server has it ----
      stored, // what the edits here go on from: version, text, takes, what can be undone …
      shown: stored, // what the editor was last filled with
      heard: stored.version, // the version that the server has last told of: see keeping_up.js
      reported: stored.version, // the version that the report is about
      generation: null, // what is written; in the end until the text that came of it is here
      connected: true, // until it is known that it is not
      // ---- As it is here ----
      written: { words: 0, isEmpty: true, canUndo: false, canRedo: false }, // of the editor's text
      saving: "", // how the saving of edits stands: see autosave.js
      aside: null, // edits that the server had not got when another text began to be written
      conflict: null, // `{ mine, theirs }`: a text, and a stored story to choose between
      replacing: false, // another text was asked for, and takes the place of this one
      deciding: false, // the server is told what becomes of a rewritten passage
      rewrite: { phase: "idle", selected: "", tries: [], index: 0, lost: false }, // see rewriting.js
      goal: 0, // words that the writer aims at; 0 when there is no goal
      // ---- Words to the person ----
      status: "",
      passing: false, // whether the status tells what has happened, and goes by itself
      notice: { text: "", code: "" }, // `code` says what it is about, if it may end by itself
    });
    this.urls = urls;
  }

  // A rewrite shows its text beside the story; everything else is written into it.
  get isStreamed() {
    const generation = this.get("generation");
    return generation !== null && generation.kind !== KIND.REWRITE;
  }

  // While a part is dealt with, or a choice is to be made, the story as a whole waits.
  get isFree() {
    const { phase } = this.get("rewrite");
    return !this.get("generation") && phase === "idle" && !this.get("conflict");
  }

  // Show the stored story as `next` says it is; `changes` come about with it.
  show(next, changes = {}) {
    const stored = { ...next }; // also to be shown when it was before
    this.set({ ...changes, stored, shown: stored, reported: stored.version });
  }

  // Take in how the editor's text stands.
  read({ words, isEmpty, canUndo, canRedo }) {
    this.set({ written: { words, isEmpty, canUndo, canRedo } });
  }

  say(status) {
    this.set({ status, passing: false });
  }

  // What has happened, which is soon of no interest.
  tell(status) {
    this.set({ status, passing: true });
  }

  notify(text, code = "") {
    this.set({ notice: { text, code } });
  }

  closeNotice() {
    this.notify("");
  }

  // Hide what `notify` showed with `code`, if it is still there.
  dismiss(code) {
    if (this.get("notice").code === code) this.closeNotice();
  }
}
