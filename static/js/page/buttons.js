// The buttons of the story's page: which are there depends on what is done with the text.

import { part } from "storaiteller/common/dom";

const buttons = ["stop", "regenerate", "continue", "write"].map(part);
const [stop, regenerate, proceed, write] = buttons;

export function showButtons(state) {
  const show = () => {
    const hasText = !state.get("written").isEmpty;
    const active = state.get("generation") !== null;
    const free = state.isFree;
    const focused = buttons.find((button) => button === document.activeElement);
    stop.hidden = !active;
    write.hidden = !free;
    for (const button of [regenerate, proceed, part("select-part")]) {
      button.hidden = !free || !hasText;
    }
    // Who used the keyboard goes on from a button that is there.
    if (focused?.hidden) buttons.find((button) => !button.hidden)?.focus({ preventScroll: true });
    write.classList.toggle("primary", !hasText);
    part("takes").inert = active || !free;
    // A mark is about what is stored.
    part("good-form").querySelector("button").disabled = active || !state.get("stored").text.trim();
    document.body.classList.toggle("has-text", hasText);
    document.body.classList.toggle("can-continue", free && hasText);
    // While a text is to come, or to be chosen, it would not be what the page shows.
    part("take-along").hidden = active || state.get("conflict") !== null || !hasText;
  };
  state.subscribe(["stored", "written", "generation", "conflict", "rewrite"], show);
  show();
}
