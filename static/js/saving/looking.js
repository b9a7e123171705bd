// A page that the browser has kept whole, as it was left: the story may have moved on meanwhile.

import { getJSON } from "storaiteller/common/requests";

export function lookAgain(state, editor, autosave) {
  const isAsLeft = () => state.isFree && !editor.locked && !autosave.pending;

  addEventListener("pageshow", async ({ persisted }) => {
    if (!persisted) return;
    // What is not saved yet goes first; whether it can is its own business.
    await autosave.flush();
    // Of a story that can't be had, the connection tells why.
    const next = await getJSON(state.urls.textUrl).catch(() => null);
    if (next && next.version !== state.get("stored").version && isAsLeft()) state.show(next);
  });
}
