// The copy of this story that can be read without a connection, and this page if it is that copy.

import { getJSON } from "storaiteller/common/requests";
import { keepThisPage } from "storaiteller/offline/keeping";

const PAUSE = 2000; // milliseconds after which a changed story is worth another copy

export function copyStory(state, autosave) {
  let timer = null;
  state.subscribe(["stored"], () => {
    clearTimeout(timer);
    timer = setTimeout(keepThisPage, PAUSE);
  });
  // A copy, and any page that was without a connection, looks again once there is one.
  state.subscribe(["connected"], async (connected) => {
    if (!connected || autosave.pending || !state.isFree) return;
    const next = await getJSON(state.urls.textUrl).catch(() => null);
    const isNews = next && next.version !== state.get("stored").version;
    if (isNews && !autosave.pending && state.isFree) state.show(next);
  });
}
