// What a word is: Unicode's word rules, in which the server (`prose/words.py`) counts too.

import { Words } from "storaiteller/common/segments";

// The same rules whatever language the reader's browser is in.
const segmenter = Intl.Segmenter ? new Intl.Segmenter("en", { granularity: "word" }) : new Words();
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

export function countWords(text) {
  let count = 0;
  for (const { segment } of segmenter.segment(text)) count += LETTER_OR_DIGIT.test(segment);
  return count;
}

// The word of `text` that `index` is in: a segment as `Intl.Segmenter` has it, or undefined.
export function wordAt(text, index) {
  return segmenter.segment(text).containing(index);
}
