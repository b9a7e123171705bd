// Words where the browser has no `Intl.Segmenter` (Firefox before 2024): what stands between spaces and
// signs. In scripts without spaces some characters are taken for a word, as many as it usually has.

const CHINESE = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}"; // and Japanese
const THAI = "\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}"; // and its neighbours
const SPACED = `(?![${CHINESE}${THAI}])[\\p{L}\\p{N}]`;
const WORD = new RegExp(
  `(?:[${CHINESE}]\\p{M}*){1,2}|(?:[${THAI}]\\p{M}*){1,4}|` +
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
