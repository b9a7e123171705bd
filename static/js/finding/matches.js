// Where a phrase stands in a text: in any capitals if wanted, and however its letters are composed.
//
// Linear in the text, whatever is looked for (Knuth, Morris and Pratt); in steps, so that a page can
// do something else in between.

import { wordAt } from "storaiteller/common/words";

export const LONGEST = 500; // characters that are looked for
const STEP = 512; // characters, about, from one yield to the next
const WINDOW = 120; // characters around an end in which its word is looked for
// Characters as a reader has them: a letter with its marks. ASCII comes in runs.
const CHARACTERS = /[\x00-\x7f]{1,512}(?!\p{M})|[^]\p{M}*/gu;

function folded(text, matchCase) {
  const apart = text.normalize("NFD");
  return matchCase ? apart : apart.toUpperCase().toLowerCase();
}

// For each place of `phrase`, the length of the longest beginning that ends there as well.
function restarts(phrase) {
  const lengths = new Array(phrase.length).fill(0);
  for (let place = 1, length = 0; place < phrase.length; place += 1) {
    while (length && phrase[place] !== phrase[length]) length = lengths[length - 1];
    if (phrase[place] === phrase[length]) length += 1;
    lengths[place] = length;
  }
  return lengths;
}

const INSIDE = /^[a-z0-9]{2}$/i;

// Whether no word is cut at the ends of the range.
function isWhole(text, from, to) {
  // Most are seen at once not to be.
  if ([from, to].some((end) => INSIDE.test(text.slice(Math.max(0, end - 1), end + 1)))) return false;
  const start = Math.max(0, from - WINDOW);
  const around = text.slice(start, to + WINDOW);
  const first = wordAt(around, from - start);
  const last = wordAt(around, to - start - 1);
  const begins = !first || first.index === from - start;
  return begins && (!last || last.index + last.segment.length === to - start);
}

// Yields arrays of `{ from, to }`, UTF-16 units of `text`, in order; some of them empty.
export function* matches(text, phrase, { matchCase = false, wholeWords = false } = {}) {
  const wanted = folded(phrase.slice(0, LONGEST), matchCase);
  const { length } = wanted;
  if (!length) return;
  const lengths = restarts(wanted);
  const starts = new Int32Array(length); // of the last characters seen, in the text; -1 inside of one
  let found = [];
  let [units, matched, next] = [0, 0, STEP];
  for (const { 0: character, index } of text.matchAll(CHARACTERS)) {
    const isRun = character.charCodeAt(0) < 0x80 && character.charCodeAt(character.length - 1) < 0x80;
    const coming = folded(character, matchCase);
    for (let place = 0; place < coming.length; place += 1, units += 1) {
      starts[units % length] = isRun || !place ? index + place : -1;
      while (matched && coming[place] !== wanted[matched]) matched = lengths[matched - 1];
      if (coming[place] === wanted[matched]) matched += 1;
      if (matched < length) continue;
      const from = starts[(units + 1) % length];
      const to = isRun ? index + place + 1 : index + character.length;
      const isCut = from < 0 || (!isRun && place < coming.length - 1);
      if (isCut || (wholeWords && !isWhole(text, from, to))) {
        matched = lengths[matched - 1];
      } else {
        found.push({ from, to });
        matched = 0;
      }
    }
    if (index > next || found.length > STEP) {
      yield found;
      found = [];
      next = index + STEP;
    }
  }
  yield found;
}
