// Words where the browser has no `Intl.Segmenter` (Firefox before 2024): what stands between spaces and
// signs. In scripts without spaces two characters are taken for a word, which is their usual length.

const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}" +
  "\\p{Script=Khmer}\\p{Script=Myanmar}";
const SPACED = `(?![${UNSPACED}])[\\p{L}\\p{N}]`;
const WORD = new RegExp(
  `[${UNSPACED}]\\p{M}*(?:[${UNSPACED}]\\p{M}*)?|` +
    `${SPACED}(?:${SPACED}|[\\p{M}\\p{Pc}]|[.,'’·](?=[\\p{L}\\p{N}]))*`,
  "gu",
);

// A part of what `Intl.Segmenter` is; what is no word is in no segment.
export class Words {
  segment(text) {
    const found = [...text.matchAll(WORD)].map(({ 0: segment, index }) => ({ segment, index }));
    found.containing = (place) =>
      found.find(({ segment, index }) => index <= place && place < index + segment.length);
    return found;
  }
}
