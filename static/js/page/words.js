// What the page tells the person in words: how the writing and the saving stand, and notices.

import { STATUS } from "storaiteller/common/constants";
import { part } from "storaiteller/common/dom";
import { gettext, interpolate, ngettext, number } from "storaiteller/common/language";

const SAVED_WORDS = {
  pending: "",
  saving: gettext("Saving…"),
  saved: gettext("Saved"),
  unsaved: gettext("Not saved yet; trying again"),
  signedOut: gettext("Not saved: sign in again"),
  gone: gettext("Not saved: the story is gone"),
  refused: gettext("Not saved"),
  conflict: gettext("Not saved"),
};

const PASSING = 8000; // milliseconds: long enough to be read twice

function countOf(words, goal) {
  const values = { words: number(words), goal: number(goal) };
  const sentence = goal
    ? ngettext("%(words)s of %(goal)s word", "%(words)s of %(goal)s words", goal)
    : ngettext("%(words)s word", "%(words)s words", words);
  return interpolate(sentence, values);
}

function showCount({ words }, goal) {
  part("words").textContent = words || goal ? countOf(words, goal) : "";
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
