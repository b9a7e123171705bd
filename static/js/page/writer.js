// Which model writes: the list is asked for when it is looked at, and when the chosen one is gone.

import { ERROR } from "storaiteller/common/constants";
import { part } from "storaiteller/common/dom";

export function showWriter(state) {
  const panel = part("writer");
  const gone = part("writer-gone");
  panel.addEventListener("toggle", () => {
    if (panel.open) htmx.trigger("#writer-body", "look");
  });
  state.subscribe(["notice"], ({ code }) => {
    gone.hidden = code !== ERROR.CHOSEN_MISSING;
    if (gone.hidden) return;
    part("side").open = true;
    // Which has it looked at.
    if (panel.open) htmx.trigger("#writer-body", "look");
    else panel.open = true;
  });
  // Written with the default from now on.
  gone.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful) state.closeNotice();
  });
}
