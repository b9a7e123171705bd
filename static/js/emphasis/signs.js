// Bold and italic as they are stored: `**…**` and `*…*` in the plain text, as in Markdown.
//
// The rules are those of `prose/emphasis/signs.py`; `tests/cases/emphasis.json` holds both to them.

const RUN = /\*+/g;
const SPACE = /[\s\x1c-\x1f\x85\ufeff]/;
const IN_WORD = /[\p{L}\p{N}\p{M}]/u;
const LONGEST = 3;
const BOTH = 3;
const WIDE = 0x2e80; // from here on, scripts put no space between words

export const ITALIC = 1;
export const BOLD = 2;

const touches = (character) => character !== "" && !SPACE.test(character);
const inWord = (character) =>
  character !== "" && character.codePointAt(0) < WIDE && IN_WORD.test(character);

// The last character of `line` before `place`: half of one is none of a word's.
function characterBefore(line, place) {
  const last = line.slice(Math.max(0, place - 2), place);
  return last.length === 2 && last.codePointAt(0) > 0xffff ? last : last.slice(-1);
}

function characterAt(line, place) {
  const code = line.codePointAt(place);
  return code === undefined ? "" : String.fromCodePoint(code);
}

function end(closing, place, size, found) {
  for (const one of closing) {
    const least = Math.min(size, one.size);
    // Of three signs, the italic's are the inner ones where one run closes both.
    for (const part of least === BOTH ? [ITALIC, BOLD] : [least]) {
      found.push({ start: one.end, end: place, size: part });
      one.end -= part;
      one.size -= part;
      place += part;
    }
  }
}

// Add to `found` what `size` signs at `place` close; returns what stays open, or null for nothing.
function close(opened, place, size, found) {
  for (let index = opened.length - 1; index >= 0; index -= 1) {
    const one = opened[index];
    let closing = null;
    if (size === BOTH && index && one.size < BOTH) closing = [one, opened[index - 1]];
    else if (one.size === size || one.size === BOTH) closing = [one];
    if (!closing) continue;
    end(closing, place, size, found);
    return opened.slice(0, index + 1).filter((other) => other.size);
  }
  return null;
}

// The emphases of `line`, in the order of their ends: what stands from `start` to `end`, with `size`
// signs on each side.
export function spans(line) {
  const found = [];
  let opened = []; // two at most: one of a kind
  for (const { 0: run, index } of line.matchAll(RUN)) {
    const size = run.length;
    if (size > LONGEST) continue;
    const before = characterBefore(line, index);
    const behind = characterAt(line, index + size);
    if (touches(before) && !inWord(behind)) {
      const left = close(opened, index, size, found);
      if (left) {
        opened = left;
        continue;
      }
    }
    if (touches(behind) && !inWord(before)) {
      // Of two beginnings, the nearer one counts.
      opened = opened.filter((other) => other.size !== size && other.size + size === BOTH);
      opened.push({ end: index + size, size });
    }
  }
  return found;
}

// `line` without its signs, in pieces of one look.
export function pieces(line) {
  const edges = spans(line).flatMap(({ start, end: stop, size }) => [
    { start: start - size, size, begins: true },
    { start: stop, size, begins: false },
  ]);
  edges.sort((one, other) => one.start - other.start);
  const found = [];
  const looks = { [ITALIC]: false, [BOLD]: false };
  let place = 0;
  for (const { start, size, begins } of [...edges, { start: line.length, size: 0, begins: false }]) {
    if (place < start) found.push({ text: line.slice(place, start), bold: looks[BOLD], italic: looks[ITALIC] });
    place = start + size;
    looks[size] = begins;
  }
  return found;
}
