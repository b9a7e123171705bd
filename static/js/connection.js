// Whether the page has its connection, and what the person is told when it has not.

const KEPT = "Your text is kept here.";
const WHY_NOT = {
  signedOut: `You are signed out. Sign in again in another tab, and come back. ${KEPT}`,
  gone: `This story is not here any more: it was deleted, or somebody else is signed in now. ${KEPT} Copy what you need.`,
  failing: `The server has a fault at the moment; whoever runs it finds the reason in its log. ${KEPT}`,
  refused: `The server refuses the connection that stories are written over. What you type is still saved.`,
};
const ENDED = new Set(["signedOut", "gone"]);

export class Connection {
  // `notify(words)` shows why there is no connection until `clear()`, `say(words)` that there is
  // none until `back()`.
  constructor({ notify, clear, say, back }) {
    Object.assign(this, { notify, clear, say, back });
    this.isOpen = true;
    this.why = "";
  }

  // `why` is a key of WHY_NOT, or empty if it is not known; the last one known stands until then.
  changed(open, why) {
    this.isOpen = open;
    if (why) this.explain(why);
    if (open) this.#settle();
    if (open) this.back();
    else this.say(ENDED.has(this.why) ? "Connection ended" : "Connection lost; trying again…");
  }

  // The server took what was typed: the story is there, and its owner signed in.
  saved() {
    if (ENDED.has(this.why)) this.#settle();
  }

  #settle() {
    if (this.why) this.clear();
    this.why = "";
  }

  // Told once, however often it is tried again.
  explain(why) {
    if (why !== this.why) this.notify(WHY_NOT[why]);
    this.why = why;
  }
}
