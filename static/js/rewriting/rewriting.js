// Rewriting only the selected part: mark, ask, watch; deciding.js has what comes then.
//
// The story is the server's: this shows a replacement in its place, and only Keep changes the text.

import { ACTIVE, ANEW, ERROR, MAX_SELECTED_LENGTH } from "storaiteller/common/constants";
import { part } from "storaiteller/common/dom";
import { gettext, interpolate, number } from "storaiteller/common/language";
import { getJSON } from "storaiteller/common/requests";
import { codePoints } from "storaiteller/editor/text";
import { LEFT } from "storaiteller/writing/standing";

// The phases of the state's `rewrite` are "idle", "marked", "asked", "streaming" and "review";
// `selected` is the passage as it was, `tries` are the finished ones, the one at `index` is shown;
// `lost` says that the passage is not in the text any more.
export class Rewriting {
  constructor(state, { editor, autosave, socket, panel, comparing }) {
    Object.assign(this, { state, editor, autosave, socket, panel, comparing });
    this.element = document.createElement("span");
    this.element.className = "replacement";
    part("rewrite-form").addEventListener("submit", () => this.ask());
    part("rewrite-again").addEventListener("click", () => this.ask());
    part("rewrite-close").addEventListener("click", () => this.clear());
    part("try-back").addEventListener("click", () => this.#flip(-1));
    part("try-forward").addEventListener("click", () => this.#flip(1));
    socket.addEventListener("close", ({ detail: dropped }) => dropped && this.#dropped());
    state.subscribe(["shown"], ({ review }) => this.show(review));
    state.subscribe(["rewrite"], ({ phase }) => phase === "review" && this.#showTry());
    this.show(state.get("shown").review);
  }

  get #now() {
    return this.state.get("rewrite");
  }

  get phase() {
    return this.#now.phase;
  }

  get busy() {
    return this.phase === "asked" || this.phase === "streaming";
  }

  #enter(phase, changes = {}) {
    this.state.set({ rewrite: { ...this.#now, ...changes, phase } });
  }

  // ---- Marking ----

  // Mark what is selected; false when nothing is.
  mark() {
    const range = this.editor.selected;
    if (!range || this.busy || this.phase === "review") return false;
    const again = this.phase === "marked";
    this.editor.mark(range);
    this.#enter("marked", { tries: [], lost: false });
    this.state.say(gettext("Marked. Say what should change, or leave it to the model."));
    this.panel.open(range.to, again);
    return true;
  }

  clear() {
    if (this.busy || this.phase === "review") return;
    this.editor.mark(null);
    this.#enter("idle");
    this.state.say("");
    this.editor.focus();
  }

  // The passage is dealt with.
  finish() {
    const here = this.panel.hasFocus;
    this.editor.mark(null);
    this.#enter("idle", { tries: [] });
    this.panel.forgetInstruction();
    if (here) this.editor.focus();
  }

  // ---- Asking ----

  async ask() {
    if (this.busy || this.phase === "idle") return;
    const from = this.phase;
    this.#enter("asked");
    this.state.closeNotice();
    const ready = await this.autosave.settled();
    const { version } = this.state.get("stored");
    const passage = this.editor.passage;
    if (!ready || !passage) {
      this.#enter(passage ? from : "idle");
      return;
    }
    if (codePoints(passage.selected) > MAX_SELECTED_LENGTH) {
      this.#enter(from);
      const most = number(MAX_SELECTED_LENGTH);
      const words = gettext("Select less: at most %(most)s characters can be rewritten.");
      this.state.notify(interpolate(words, { most }));
      return;
    }
    this.element.textContent = "";
    this.editor.replaceWith(this.element);
    this.#enter("asked", { selected: passage.selected });
    this.state.say(gettext("Asking the model…"));
    const last = this.#now.tries.at(-1);
    const again = last ? { again: last.id } : {};
    this.socket.send({ type: "rewrite", ...passage, version, ...this.panel.wish, ...again });
  }

  // The server refused what was asked, for `code`; true when that is dealt with here.
  refused(code) {
    const asked = this.#takeBack();
    if (!asked || code !== ERROR.CONFLICT) return false;
    // The passage was not where this page took it to be: show how the story reads there and here.
    getJSON(this.state.urls.textUrl).then((theirs) => {
      const mine = this.editor.text;
      if (theirs.text === mine) this.state.show(theirs);
      else this.state.set({ conflict: { mine, theirs } });
    });
    return true;
  }

  // What was asked on a connection that broke may not have arrived.
  #dropped() {
    if (this.state.get("generation") || !this.#takeBack()) return;
    const words = gettext("The connection was lost before the server answered. Ask for the rewrite again.");
    this.state.notify(words);
  }

  #takeBack() {
    if (this.phase !== "asked") return false;
    this.#back();
    return true;
  }

  // Where it was before a try that came to nothing.
  #back(changes = {}) {
    const { tries } = { ...this.#now, ...changes };
    if (tries.length) {
      this.#review(changes);
    } else {
      this.editor.replaceWith(null);
      this.#enter(this.editor.passage ? "marked" : "idle", changes);
    }
  }

  // ---- Watching ----

  prepare() {
    return {};
  }

  get isLast() {
    return this.editor.passageIsLast;
  }

  // A rewrite has begun, here or in another tab.
  async begin() {
    this.element.textContent = "";
    if (this.busy) this.#enter("streaming");
    else await this.#beganElsewhere();
    this.comparing.begin();
    this.panel.makeRoom();
  }

  async #beganElsewhere() {
    const next = await getJSON(this.state.urls.textUrl);
    // How it stands can be shown if this page has the text that it is about.
    const same = next.version === this.state.get("stored").version && !this.autosave.pending;
    this.#place(same ? next.review : null, "streaming");
  }

  run() {
    this.element.classList.add("streaming");
  }

  // Of what comes, the last attempt counts: one that fell short is written anew.
  text(chunk) {
    const anew = chunk.lastIndexOf(ANEW);
    if (anew >= 0) {
      this.element.textContent = "";
      this.comparing.restart();
    }
    const coming = chunk.slice(anew + 1);
    this.element.append(coming);
    this.comparing.text(coming);
  }

  // The writing ended; the stored story is `next`.
  end(next, words) {
    const { review, can_undo, can_redo } = next;
    this.#ended(review);
    const stored = { ...this.state.get("stored"), review, can_undo, can_redo };
    this.state.set({ generation: null, stored });
    if (words === LEFT) this.state.tell(words);
  }

  #ended(review) {
    this.element.classList.remove("streaming");
    if (!review) {
      this.state.say("");
      this.#back({ tries: [] });
      return;
    }
    const found = this.#finished(review);
    if (!found.tries.length) {
      this.#back(found);
    } else if (this.editor.passage?.selected === review.selected) {
      const here = this.panel.hasFocus;
      this.#review(found);
      if (here) part("rewrite-keep").focus({ preventScroll: true });
    } else {
      this.show(review);
    }
  }

  // A finished rewrite waits for a decision: it may have ended between the page and the socket.
  pending() {
    if (this.phase !== "streaming") return;
    getJSON(this.state.urls.textUrl).then((next) => this.end(next, ""));
  }

  // Offer what is undecided on the server, as after a reload.
  show(review) {
    if (this.phase === "asked") return;
    if (!review) {
      if (this.phase === "review" || this.phase === "streaming") {
        this.editor.mark(null);
        this.#enter("idle", { tries: [] });
      }
      return;
    }
    const writing = review.tries.some((found) => ACTIVE.has(found.status));
    this.#place(review, writing ? "streaming" : "review", this.#finished(review));
  }

  // Another page has changed the text, or decided; the text is shown already.
  follow(review) {
    const told = review ? this.#finished(review).tries : [];
    const same = told.length === this.#now.tries.length &&
      told.every(({ id }, index) => id === this.#now.tries[index].id);
    const isThere = review && this.editor.passage?.selected === review.selected;
    if (this.phase === "marked" && !review && !this.editor.passage) this.#enter("idle");
    else if (!isThere || !same || this.phase === "idle") this.show(review);
  }

  #finished(review) {
    const tries = review.tries.filter((found) => !ACTIVE.has(found.status) && found.text);
    return { tries, index: Math.max(0, tries.length - 1), selected: review.selected };
  }

  #place(review, phase, changes = {}) {
    if (review && review.start !== null) this.editor.place(review, this.element);
    // This page may show another text than the one that the server has.
    const lost = !review || this.editor.passage?.selected !== review.selected;
    if (lost) this.editor.mark(null);
    if (review) this.panel.fill(review.tries.at(-1));
    this.#enter(phase, { ...changes, lost });
  }

  // ---- The tries ----

  #review(changes) {
    this.#enter("review", changes);
  }

  #flip(step) {
    this.comparing.choose(this.#now.index + step);
  }

  #showTry() {
    const { index, tries } = this.#now;
    if (!tries[index]) return;
    this.element.textContent = tries[index].text;
    this.state.say(gettext("Keep it, discard it, or try again. Nothing is changed yet."));
  }
}
