// From a selection to a mark: the button, the small toolbar, the keys.

import { part } from "storaiteller/common/dom";
import { gettext } from "storaiteller/common/language";
import { BOLD, ITALIC } from "storaiteller/emphasis/signs";
import { SelectionBar } from "storaiteller/rewriting/selection_bar";

const SELECTION_READ = 60; // milliseconds after which the editor knows what was selected by a key

export class Marking {
  constructor(state, { editor, rewriting, commands }) {
    Object.assign(this, { state, editor, rewriting, commands });
    this.picking = false; // the next selection is to be marked
    this.bar = new SelectionBar(part("selection-bar"), editor, {
      wanted: () => !editor.locked && rewriting.phase === "idle",
      onSettled: () => (this.picking || rewriting.phase === "marked") && this.mark(),
    });
    editor.addEventListener("select", () => this.bar.changed());
    const button = part("select-part");
    // A button that is pressed must not take the selection away.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.mark() || this.#pick());
    part("selection-mark").addEventListener("click", () => this.mark());
    part("selection-bold").addEventListener("click", () => editor.emphasise(BOLD));
    part("selection-italic").addEventListener("click", () => editor.emphasise(ITALIC));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  // Mark what is selected; false when nothing is.
  mark() {
    if (!this.rewriting.mark()) return false;
    this.picking = false;
    this.bar.hide();
    return true;
  }

  #pick() {
    this.picking = true;
    this.state.say(gettext("Select a passage: drag over it, press long on it, or hold Shift and use the arrow keys."));
    this.editor.focus();
  }

  #key(event) {
    if (event.altKey && event.shiftKey && event.code === "KeyR") {
      event.preventDefault();
      // Who marks by keys goes on by keys.
      setTimeout(() => this.mark() && part("rewrite-instruction").focus(), SELECTION_READ);
    }
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
    // There, Escape has a meaning of its own.
    if (event.target.closest("#title, #side")) return;
    this.picking = false;
    if (this.commands.stop()) return;
    if (this.rewriting.phase === "marked") this.rewriting.clear();
    else this.bar.hide();
  }
}
