// How long the story is to be: the writer's own goal, kept in this browser.

import { part } from "storaiteller/common/dom";

const MOST = 1_000_000; // words

function read(key) {
  try {
    return Number(localStorage.getItem(key));
  } catch {
    return 0;
  }
}

function keep(key, goal) {
  try {
    if (goal) localStorage.setItem(key, goal);
    else localStorage.removeItem(key);
  } catch {
    // It stays for this page.
  }
}

const valid = (goal) => (Number.isInteger(goal) && goal > 0 && goal <= MOST ? goal : 0);

export function offerGoal(state, story) {
  const key = `storaiteller:goal:${story}`;
  const field = part("goal");
  field.addEventListener("change", () => {
    const goal = valid(Number(field.value));
    field.value = goal || "";
    keep(key, goal);
    state.set({ goal });
  });
  state.set({ goal: valid(read(key)) });
  field.value = state.get("goal") || "";
}
