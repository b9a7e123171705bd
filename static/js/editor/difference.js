// Another text in the place of the one shown, changing no more than differs: caret and view stay.

import { Slice } from "prosemirror-model";
import { paragraphText, parse, SEPARATOR } from "storaiteller/editor/text";

// How many items of `one` and `other`, strings or arrays, are the same from the start.
function commonStart(one, other) {
  let count = 0;
  while (count < one.length && one[count] === other[count]) count += 1;
  return count;
}

// The same from the end, `most` of them at most.
function commonEnd(one, other, most) {
  let count = 0;
  while (count < most && one.at(-1 - count) === other.at(-1 - count)) count += 1;
  return count;
}

// The transaction that makes the document of `state` read `text`; null when it does.
export function changeTo(state, text) {
  const { doc, tr } = state;
  const paragraphs = text.split(SEPARATOR);
  const old = doc.children.map(paragraphText);
  const start = commonStart(old, paragraphs);
  const end = commonEnd(old, paragraphs, Math.min(old.length, paragraphs.length) - start);
  const leaving = old.slice(start, old.length - end);
  const coming = paragraphs.slice(start, paragraphs.length - end);
  if (!leaving.length && !coming.length) return null;
  const sizes = doc.children.map((node) => node.nodeSize);
  const from = sizes.slice(0, start).reduce((sum, size) => sum + size, 0);
  if (leaving.length === 1 && coming.length === 1) {
    return changeParagraph(tr, from + 1, leaving[0], coming[0]);
  }
  const to = sizes.slice(0, old.length - end).reduce((sum, size) => sum + size, 0);
  // Nothing to come is no paragraph, and not an empty one.
  return tr.replaceWith(from, to, coming.length ? parse(coming.join(SEPARATOR)) : []);
}

function changeParagraph(tr, position, leaving, coming) {
  // Code points, so that no surrogate pair is parted.
  const [old, text] = [Array.from(leaving), Array.from(coming)];
  const same = commonStart(old, text);
  const start = old.slice(0, same).join("").length;
  const last = commonEnd(old, text, Math.min(old.length, text.length) - same);
  const end = last && old.slice(-last).join("").length;
  const [paragraph] = parse(coming.slice(start, coming.length - end));
  return tr.replace(
    position + start,
    position + leaving.length - end,
    new Slice(paragraph.content, 0, 0),
  );
}
