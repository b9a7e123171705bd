// The panel of a rewrite: what is marked, what is asked of it, and the tries to choose from.

import { MODE } from "storaiteller/common/constants";
import { part } from "storaiteller/common/dom";
import { gettext, interpolate, ngettext, number } from "storaiteller/common/language";
import { countWords } from "storaiteller/common/words";
import { passageOf } from "storaiteller/editor/passage";

const QUOTED = 160; // characters of the passage that the panel repeats
const NEW_TEXT = 0.4; // of the height that is free, for what comes in the passage's place

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

// Shows the state's `rewrite`, and holds the form.
export class RewritePanel {
  constructor(state, editor) {
    Object.assign(this, { state, editor });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => this.#showForm());
    state.subscribe(["rewrite"], (rewrite) => this.#show(rewrite));
  }

  // What the form asks for.
  get wish() {
    const mode = form.elements.mode.value;
    const wish = { mode, instruction: instruction.value.trim() };
    if (mode === MODE.REGISTER) wish.register = registers.value;
    return wish;
  }

  // Put in the form what `found`, a try, was asked for by.
  fill(found) {
    if (!found) return;
    form.elements.mode.value = found.mode || MODE.REWRITE;
    if (found.register) registers.value = found.register;
    instruction.value = found.instruction;
  }

  forgetInstruction() {
    instruction.value = "";
  }

  // Open for what is marked at `position`; typing goes on in it unless `again` only moved the mark.
  open(position, again) {
    this.#reveal(position);
    if (!matchMedia("(pointer: fine)").matches) this.editor.letGo();
    else if (!again) instruction.focus({ preventScroll: true });
  }

  // The panel opens over the foot of the page: what it is about must not be under it, nor `room` for
  // what comes after it, in pixels.
  #reveal(position, room = 24) {
    const { bottom } = this.editor.view.coordsAtPos(position);
    const under = bottom - part("dock").getBoundingClientRect().top;
    if (under + room > 0) scrollBy({ top: under + room, behavior: "smooth" });
  }

  // The new text comes in after the marked one; who writes elsewhere is left there.
  makeRoom() {
    const passage = this.hasFocus && passageOf(this.editor.view.state);
    if (passage) this.#reveal(passage.to, part("dock").getBoundingClientRect().top * NEW_TEXT);
  }

  // Whether the focus is here, or was on what is hidden now: who uses the keyboard must not lose it.
  get hasFocus() {
    return panel.contains(document.activeElement) || document.activeElement === document.body;
  }

  #show({ phase, tries, index, lost }) {
    panel.hidden = phase === "idle";
    panel.dataset.phase = phase;
    const passage = this.editor.passage;
    if (passage) this.#quote(passage.selected);
    part("rewrite-lost").hidden = !(lost && phase === "review");
    part("rewrite-keep").hidden = part("rewrite-again").hidden = lost;
    this.#showForm();
    if (phase === "review" && tries[index]) this.#showTry(tries, index);
  }

  #quote(text) {
    const words = countWords(text);
    part("rewrite-quote").textContent = shortened(text.replace(/\s+/g, " "));
    part("rewrite-words").textContent = interpolate(
      ngettext("%(words)s word", "%(words)s words", words),
      { words: number(words) },
    );
  }

  #showForm() {
    const { phase } = this.state.get("rewrite");
    const busy = phase === "asked" || phase === "streaming";
    // What is disabled would lose the focus to nothing.
    if (busy && form.contains(document.activeElement)) panel.focus({ preventScroll: true });
    registers.hidden = form.elements.mode.value !== MODE.REGISTER;
    form.querySelector("fieldset").disabled = instruction.disabled = registers.disabled = busy;
    const empty = form.elements.mode.value === MODE.REGISTER && !registers.value;
    part("regenerate-part").disabled = part("rewrite-again").disabled = busy || empty;
  }

  #showTry(tries, index) {
    part("tries").hidden = tries.length < 2;
    part("try-label").textContent = interpolate(gettext("Try %(number)s of %(tries)s"), {
      number: number(index + 1),
      tries: number(tries.length),
    });
    part("try-back").disabled = index === 0;
    part("try-forward").disabled = index === tries.length - 1;
    this.#tellContext(tries[index].context);
  }

  #tellContext({ before, before_of: beforeOf, after, after_of: afterOf }) {
    part("rewrite-context").hidden = before === undefined;
    if (before === undefined) return;
    part("rewrite-context").textContent =
      interpolate(
        gettext(
          "The story is longer than the model can read at once. It saw the nearest " +
            "%(before)s of %(beforeOf)s words before the passage and %(after)s of %(afterOf)s after it.",
        ),
        {
          before: number(before),
          beforeOf: number(beforeOf),
          after: number(after),
          afterOf: number(afterOf),
        },
      );
  }
}
