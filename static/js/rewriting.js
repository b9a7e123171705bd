// Rewriting only the selected part: mark, ask, watch, then keep, discard or try again.
//
// The story is the server's: this shows a replacement in its place, and only Keep changes the text.

import { postJSON } from "storaiteller/requests";
import { codePoints } from "storaiteller/text";

const ACTIVE = new Set(["queued", "running"]);
const LONGEST = 40000; // code points that the server takes
const QUOTED = 160; // characters of the passage that the panel repeats

const part = (id) => document.getElementById(id);
const panel = part("rewrite");
const form = part("rewrite-form");
const instruction = part("rewrite-instruction");
const registers = part("rewrite-register");

// The beginning and the end of a long passage, in whole words.
function shortened(text) {
  if (text.length <= QUOTED) return text;
  const beginning = text.slice(0, QUOTED / 2).replace(/\s*\S*$/, "");
  return `${beginning} … ${text.slice(-QUOTED / 2).replace(/^\S*\s*/, "")}`;
}

export class Rewriting {
  // `desk` is what the page lets this do: `editor`, `url` (of the story's rewrites), `saved()`
  // (resolves to the version once everything is stored, or to null), `send(passage, wish)`,
  // `reveal(position)`, `accept(state)`, `conflict(mine, state)`, `say`, `notify` and `changed`.
  constructor(desk) {
    Object.assign(this, desk);
    this.phase = "idle"; // then "marked", "asked", "streaming", "review"
    this.tries = [];
    this.index = 0;
    this.lost = false; // the passage is not in the text any more
    this.element = document.createElement("span");
    this.element.className = "replacement";
    form.addEventListener("submit", (event) => (event.preventDefault(), this.ask()));
    form.addEventListener("change", () => this.#showForm());
    part("rewrite-close").addEventListener("click", () => this.clear());
    part("rewrite-keep").addEventListener("click", () => this.keep());
    part("rewrite-discard").addEventListener("click", () => this.discard());
    part("rewrite-again").addEventListener("click", () => this.ask());
    part("try-back").addEventListener("click", () => this.#flip(-1));
    part("try-forward").addEventListener("click", () => this.#flip(1));
  }

  get busy() {
    return this.phase === "asked" || this.phase === "streaming";
  }

  // ---- Marking ----

  // Mark what is selected; false when nothing is.
  mark() {
    const range = this.editor.selected;
    if (!range || this.busy || this.phase === "review") return false;
    const again = this.phase === "marked";
    this.tries = [];
    this.lost = false;
    this.editor.mark(range);
    this.#enter("marked");
    this.say("Marked. Say what should change, or leave it to the model.");
    this.reveal(range.to);
    if (!matchMedia("(pointer: fine)").matches) this.editor.letGo();
    else if (!again) instruction.focus({ preventScroll: true });
    return true;
  }

  clear() {
    if (this.busy || this.phase === "review") return;
    this.editor.mark(null);
    this.#enter("idle");
    this.say("");
    this.editor.focus();
  }

  // ---- Asking ----

  async ask() {
    if (this.busy || this.phase === "idle") return;
    const from = this.phase;
    this.#enter("asked");
    const version = await this.saved();
    const passage = this.editor.passage;
    if (version === null || !passage) {
      this.#enter(passage ? from : "idle");
      return;
    }
    if (codePoints(passage.selected) > LONGEST) {
      this.#enter(from);
      this.notify(`Select less: at most ${LONGEST.toLocaleString()} characters can be rewritten.`);
      return;
    }
    this.element.textContent = "";
    this.editor.replaceWith(this.element);
    this.say("Asking the model…");
    this.send({ ...passage, version }, this.#wish());
  }

  #wish() {
    const mode = form.elements.mode.value;
    const wish = { mode, instruction: instruction.value.trim() };
    if (mode === "register") wish.register = registers.value;
    const last = this.tries.at(-1);
    if (last) wish.again = last.id;
    return wish;
  }

  // The server refused what was asked; true if it was a rewrite.
  refused() {
    if (this.phase !== "asked") return false;
    this.#back();
    return true;
  }

  // Where it was before a try that came to nothing.
  #back() {
    if (this.tries.length) {
      this.#enter("review");
      this.#showTry();
    } else {
      this.editor.replaceWith(null);
      this.#enter(this.editor.passage ? "marked" : "idle");
    }
  }

  // ---- Watching ----

  // A rewrite has begun, here or in another tab; `review()` asks how it stands.
  async begin(review) {
    const here = this.phase === "asked" || this.phase === "streaming";
    this.element.textContent = "";
    if (here) this.#enter("streaming");
    else this.#place(await review(), "streaming");
  }

  // Its turn has come.
  run() {
    this.element.classList.add("streaming");
  }

  text(chunk) {
    this.element.append(chunk);
  }

  // The writing ended; `review` is how it stands on the server.
  end(review) {
    this.element.classList.remove("streaming");
    if (!review) {
      this.tries = [];
      this.say("");
      this.#back();
      return;
    }
    this.tries = review.tries.filter((found) => !ACTIVE.has(found.status) && found.text);
    this.index = Math.max(0, this.tries.length - 1);
    if (!this.tries.length) {
      this.#back();
    } else if (this.editor.passage?.selected === review.selected) {
      const here = this.#hasFocus();
      this.#enter("review");
      this.#showTry();
      if (here) part("rewrite-keep").focus({ preventScroll: true });
    } else {
      this.show(review);
    }
  }

  // Offer what is undecided on the server, as after a reload.
  show(review) {
    if (this.phase === "asked") return;
    if (!review) {
      if (this.phase === "review" || this.phase === "streaming") {
        this.editor.mark(null);
        this.tries = [];
        this.#enter("idle");
      }
      return;
    }
    const writing = review.tries.some((found) => ACTIVE.has(found.status));
    this.tries = review.tries.filter((found) => !ACTIVE.has(found.status) && found.text);
    this.index = Math.max(0, this.tries.length - 1);
    this.#place(review, writing ? "streaming" : "review");
    if (!writing) this.#showTry();
  }

  #place(review, phase) {
    if (review && review.start !== null) this.editor.place(review, this.element);
    // This page may show another text than the one that the server has.
    this.lost = !review || this.editor.passage?.selected !== review.selected;
    if (this.lost) this.editor.mark(null);
    if (review) this.#fill(review.tries.at(-1));
    this.#enter(phase);
  }

  // ---- Deciding ----

  async keep() {
    const version = await this.saved();
    const passage = this.editor.passage;
    const chosen = this.tries[this.index];
    if (version === null || !passage || !chosen || this.phase !== "review") return;
    try {
      const state = await postJSON(`${this.url}${chosen.id}/keep/`, { ...passage, version });
      if (this.editor.passage?.selected !== passage.selected) {
        this.conflict(this.editor.text, state);
        return;
      }
      this.editor.fillPassage(chosen.text);
      this.#finish();
      this.accept(state);
      this.say("Kept. Nothing else was changed.");
    } catch (error) {
      this.#refusedKeep(error, passage, chosen);
    }
  }

  #refusedKeep(error, passage, chosen) {
    const { state } = error.answer ?? {};
    if (!state) {
      this.notify(error.message);
      return;
    }
    const whole = Array.from(this.editor.text);
    whole.splice(passage.start, passage.end - passage.start, chosen.text);
    const mine = whole.join("");
    if (mine === state.text) {
      this.editor.fillPassage(chosen.text);
      this.#finish();
      this.accept(state);
    } else {
      this.conflict(mine, state);
    }
  }

  async discard() {
    try {
      await postJSON(`${this.url}discard/`, {});
      this.#finish();
      this.say("Discarded. The story is as it was.");
    } catch (error) {
      this.notify(error.message);
    }
  }

  // The passage is dealt with.
  #finish() {
    const here = this.#hasFocus();
    this.editor.mark(null);
    this.tries = [];
    this.#enter("idle");
    instruction.value = "";
    if (here) this.editor.focus();
  }

  // Whether the focus is here, or was on what is hidden now: who uses the keyboard must not lose it.
  #hasFocus() {
    return panel.contains(document.activeElement) || document.activeElement === document.body;
  }

  // ---- The panel ----

  #enter(phase) {
    this.phase = phase;
    panel.hidden = phase === "idle";
    panel.dataset.phase = phase;
    const passage = this.editor.passage;
    if (passage) this.#quote(passage.selected);
    part("rewrite-lost").hidden = !(this.lost && phase === "review");
    part("rewrite-keep").hidden = part("rewrite-again").hidden = this.lost;
    this.#showForm();
    this.changed();
  }

  #quote(text) {
    const words = text.split(/\s+/).filter(Boolean).length;
    part("rewrite-quote").textContent = shortened(text.replace(/\s+/g, " "));
    part("rewrite-words").textContent = `${words.toLocaleString()} word${words === 1 ? "" : "s"}`;
  }

  #showForm() {
    registers.hidden = form.elements.mode.value !== "register";
    form.querySelector("fieldset").disabled = instruction.disabled = registers.disabled = this.busy;
    const empty = form.elements.mode.value === "register" && !registers.value;
    part("regenerate-part").disabled = part("rewrite-again").disabled = this.busy || empty;
  }

  #fill(found) {
    if (!found) return;
    form.elements.mode.value = found.mode || "rewrite";
    if (found.register) registers.value = found.register;
    instruction.value = found.instruction;
  }

  #flip(step) {
    this.index = Math.max(0, Math.min(this.tries.length - 1, this.index + step));
    this.#showTry();
  }

  #showTry() {
    const found = this.tries[this.index];
    this.element.textContent = found.text;
    part("rewrite-lost-text").textContent = found.text;
    part("tries").hidden = this.tries.length < 2;
    part("try-label").textContent = `Try ${this.index + 1} of ${this.tries.length}`;
    part("try-back").disabled = this.index === 0;
    part("try-forward").disabled = this.index === this.tries.length - 1;
    const { before, before_of, after, after_of } = found.context;
    part("rewrite-context").hidden = before === undefined;
    if (before !== undefined) {
      part("rewrite-context").textContent =
        "The story is longer than the model can read at once. It saw the nearest " +
        `${before.toLocaleString()} of ${before_of.toLocaleString()} words before the passage and ` +
        `${after.toLocaleString()} of ${after_of.toLocaleString()} after it.`;
    }
    this.say("Keep it, discard it, or try again. Nothing is changed yet.");
  }
}
