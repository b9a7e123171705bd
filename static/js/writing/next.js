// What the writer says of what happens next, for Continue.

import { KIND } from "storaiteller/common/constants";
import { part } from "storaiteller/common/dom";

// Dispatches "entered" when it is to be gone on with.
export class Next extends EventTarget {
  constructor(state) {
    super();
    this.field = part("next");
    let version = state.get("stored").version;
    let goesOn = false;
    part("next-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.dispatchEvent(new Event("entered"));
    });
    // It stays until it has happened: of a writing that came to nothing it is wanted again.
    state.subscribe(["stored", "generation"], () => {
      const generation = state.get("generation");
      if (generation) goesOn = generation.kind === KIND.CONTINUE;
      const { version: now } = state.get("stored");
      if (now === version) return;
      version = now;
      if (goesOn) this.field.value = "";
      goesOn = false;
    });
  }

  get wish() {
    return this.field.value.trim();
  }
}
