// How what was asked for stands and how it ended, in words.

import { KIND, STATUS } from "storaiteller/common/constants";

const KINDS = {
  [KIND.WRITE]: "Writing…",
  [KIND.CONTINUE]: "Going on…",
  [KIND.REWRITE]: "Rewriting…",
};
export const ENDS = {
  [STATUS.DONE]: "Done",
  [STATUS.STOPPED]: "Stopped. What was written is kept.",
  [STATUS.FAILED]: "The writing ended early.",
  [STATUS.INTERRUPTED]:
    "The writing was interrupted. What was written is kept; Continue goes on from there.",
};
const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };

export const LEFT = "You left the line. Everything is as it was.";

// How `generation` stands; it may be null.
export function standing(generation) {
  if (!generation) return "";
  return generation.status === STATUS.QUEUED ? placeInLine(generation) : KINDS[generation.kind];
}

function placeInLine({ position, after_own: afterOwn }) {
  const ordinal = `${position.toLocaleString()}${ENDINGS[ORDINALS.select(position)]}`;
  const place = position > 1 ? `${ordinal} in line` : "Next in line";
  return `${place}, ${afterOwn ? "after your other story" : "while others are being written"}`;
}

// How `generation` ended, with the story as `next`; `done` is null when that is not known.
export function ending(done, generation, next) {
  if (!done) return "";
  // A page that was offline at its turn saw it in line last.
  const inLine = generation?.status === STATUS.QUEUED && next.version === generation.base_version;
  if (!inLine) return ENDS[done.status];
  return done.status === STATUS.STOPPED ? LEFT : "";
}
