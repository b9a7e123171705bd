// What the page tells the person in words: how the writing and the saving stand, and notices.

import { STATUS } from "storaiteller/common/constants";
import { part } from "storaiteller/common/dom";

const SAVED_WORDS = {
  pending: "",
  saving: "Saving…",
  saved: "Saved",
  unsaved: "Not saved yet; trying again",
  signedOut: "Not saved: sign in again",
  gone: "Not saved: the story is gone",
  refused: "Not saved",
  conflict: "Not saved",
};

const PASSING = 8000; // milliseconds: long enough to be read twice

function showCount({ words }, goal) {
  const count = goal ? `${words.toLocaleString()} of ${goal.toLocaleString()}` : words.toLocaleString();
  part("words").textContent = words || goal ? `${count} word${(goal || words) === 1 ? "" : "s"}` : "";
  part("goal-bar").hidden = !goal;
  part("goal-bar").value = goal ? Math.min(1, words / goal) : 0;
}

function showSaving(saving) {
  part("saved").textContent = SAVED_WORDS[saving];
  part("saved").dataset.kind = saving;
}

// The dock grows with a notice: what was above it stays in sight.
function showNotice({ text }) {
  const dock = part("dock");
  const before = dock.offsetHeight;
  part("notice").hidden = !text;
  if (text) part("notice-text").textContent = text;
  scrollBy(0, Math.max(0, dock.offsetHeight - before));
}

export function showWords(state) {
  const { classList } = part("story");
  let timer = null;
  state.subscribe(["status", "passing"], (status, passing) => {
    part("status").textContent = status;
    clearTimeout(timer);
    if (passing) timer = setTimeout(() => state.say(""), PASSING);
  });
  state.subscribe(["saving"], showSaving);
  state.subscribe(["written", "goal"], showCount);
  state.subscribe(["notice"], showNotice);
  state.subscribe(["connected"], (connected) => classList.toggle("offline", !connected));
  state.subscribe(["generation"], (generation) =>
    classList.toggle("waiting", generation?.status === STATUS.QUEUED),
  );
  part("notice-close").addEventListener("click", () => state.closeNotice());
  showCount(state.get("written"), state.get("goal"));
}
