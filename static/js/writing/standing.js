// How what was asked for stands and how it ended, in words.

import { KIND, STATUS } from "storaiteller/common/constants";
import { gettext, interpolate, number } from "storaiteller/common/language";

const KINDS = {
  [KIND.WRITE]: gettext("Writing…"),
  [KIND.CONTINUE]: gettext("Going on…"),
  [KIND.REWRITE]: gettext("Rewriting…"),
};
export const ENDS = {
  [STATUS.DONE]: gettext("Done"),
  [STATUS.STOPPED]: gettext("Stopped. What was written is kept."),
  [STATUS.FAILED]: gettext("The writing ended early."),
  [STATUS.INTERRUPTED]:
    gettext("The writing was interrupted. What was written is kept; Continue goes on from there."),
};
const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };
// What makes a number an ordinal elsewhere.
const SIGNS = { de: ".", es: ".º", fr: "e", it: "º" };

export const LEFT = gettext("You left the line. Everything is as it was.");

// How `generation` stands; it may be null.
export function standing(generation) {
  if (!generation) return "";
  return generation.status === STATUS.QUEUED ? placeInLine(generation) : KINDS[generation.kind];
}

function placeInLine({ position, after_own: afterOwn }) {
  if (position <= 1) {
    return afterOwn
      ? gettext("Next in line, after your other story")
      : gettext("Next in line, while others are being written");
  }
  const sentence = afterOwn
    ? gettext("%(ordinal)s in line, after your other story")
    : gettext("%(ordinal)s in line, while others are being written");
  const sign = SIGNS[document.documentElement.lang] ?? ENDINGS[ORDINALS.select(position)];
  return interpolate(sentence, { ordinal: `${number(position)}${sign}` });
}

// How `generation` ended, with the story as `next`; `done` is null when that is not known.
export function ending(done, generation, next) {
  if (!done) return "";
  // A page that was offline at its turn saw it in line last.
  const inLine = generation?.status === STATUS.QUEUED && next.version === generation.base_version;
  if (!inLine) return ENDS[done.status];
  return done.status === STATUS.STOPPED ? LEFT : "";
}
