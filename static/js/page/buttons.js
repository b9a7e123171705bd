// The buttons of the story's page: which are there depends on what is done with the text.

import { part } from "storaiteller/common/dom";

const buttons = ["stop", "continue", "write", "select-part", "regenerate"].map(part);
const [stop, proceed, write, select, regenerate] = buttons;

export function showButtons(state) {
  const show = () => {
    const hasText = !state.get("written").isEmpty;
    const active = state.get("generation") !== null;
    const free = state.isFree;
    const focused = buttons.find((button) => button === document.activeElement);
    // One of these leads: what is done first with what there is.
    stop.hidden = !active;
    write.hidden = !free || hasText;
    proceed.hidden = !free || !hasText;
    for (const button of [select, regenerate, part("another")]) button.hidden = proceed.hidden;
    // Who used the keyboard goes on from a button that is there.
    if (focused?.hidden) buttons.find((button) => !button.hidden)?.focus({ preventScroll: true });
    part("takes").inert = active || !free;
    // A mark is about what is stored.
    part("good-form").querySelector("button").disabled = active || !state.get("stored").text.trim();
    part("next-form").hidden = proceed.hidden;
    // While a text is to come, or to be chosen, it would not be what the page shows.
    part("take-along").hidden = active || state.get("conflict") !== null || !hasText;
  };
  state.subscribe(["stored", "written", "generation", "conflict", "rewrite"], show);
  show();
}
