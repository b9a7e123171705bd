// Only the text: everything around it goes, until Escape or its button brings it back.

import { part } from "storaiteller/common/dom";

const { classList } = document.body;

export class Focus {
  constructor(state, editor) {
    Object.assign(this, { state, editor });
    part("focus").addEventListener("click", () => this.#enter());
    part("leave-focus").addEventListener("click", () => this.#leave());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  get #isOn() {
    return classList.contains("only-text");
  }

  #enter() {
    classList.add("only-text");
    part("leave-focus").hidden = false;
    this.editor.focus();
  }

  #leave() {
    classList.remove("only-text");
    part("leave-focus").hidden = true;
    this.editor.focus();
  }

  #key(event) {
    if (event.altKey && event.shiftKey && event.code === "KeyF") {
      event.preventDefault();
      if (this.#isOn) this.#leave();
      else this.#enter();
    }
    if (event.key !== "Escape" || event.isComposing || !this.#isOn) return;
    // Before that, it ends what is written or marked (see rewriting/marking.js).
    const isFree = !this.state.get("generation") && this.state.get("rewrite").phase === "idle";
    if (isFree && !document.querySelector("dialog[open]")) this.#leave();
  }
}
