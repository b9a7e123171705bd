// Another text in the place of the one shown, changing no more than differs: caret, mark and view stay.

import { TextSelection } from "prosemirror-state";
import { Slice } from "prosemirror-model";
import { paragraphText, parse, SEPARATOR } from "storaiteller/editor/text";

const WORDS = /\s+|\S+/gu;
const MOST = 200; // changes; more are one, from the first to the last

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

// The place of each item that is in `items` once.
function singles(items) {
  const places = new Map();
  items.forEach((item, place) => places.set(item, places.has(item) ? null : place));
  return places;
}

// The longest row of `pairs` of places, sorted by the first, whose second ones rise too.
function rising(pairs) {
  const ends = []; // of the rows of each length, the one that ends lowest
  for (const pair of pairs) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle].pair[1] < pair[1]) low = middle + 1;
      else high = middle;
    }
    ends[low] = { pair, before: ends[low - 1] };
  }
  const row = [];
  for (let last = ends.at(-1); last; last = last.before) row.push(last.pair);
  return row.reverse();
}

// The stretches in which `old` and `coming`, arrays, differ, as `[from, to, start, end]`, the last one
// first: what is there once in both stays (Bram Cohen's patience diff, one level of it).
function differing(old, coming) {
  const [before, after] = [singles(old), singles(coming)];
  const common = [];
  for (const [item, place] of before) {
    const other = after.get(item) ?? null;
    if (place !== null && other !== null) common.push([place, other]);
  }
  const found = [];
  let [from, start] = [0, 0];
  for (const [to, end] of [...rising(common), [old.length, coming.length]]) {
    const [leaving, arriving] = [old.slice(from, to), coming.slice(start, end)];
    const first = commonStart(leaving, arriving);
    const last = commonEnd(leaving, arriving, Math.min(leaving.length, arriving.length) - first);
    const change = [from + first, to - last, start + first, end - last];
    if (change[0] < change[1] || change[2] < change[3]) found.unshift(change);
    [from, start] = [to, end];
  }
  if (found.length <= MOST) return found;
  return [[found.at(-1)[0], found[0][1], found.at(-1)[2], found[0][3]]];
}

// The transaction that makes the document of `state` read `text`; null when it does.
export function changeTo(state, text) {
  const { doc, tr } = state;
  const paragraphs = text.split(SEPARATOR);
  const old = doc.children.map(paragraphText);
  const starts = [0];
  for (const node of doc.children) starts.push(starts.at(-1) + node.nodeSize);
  for (const [from, to, start, end] of differing(old, paragraphs)) {
    const [leaving, coming] = [old.slice(from, to), paragraphs.slice(start, end)];
    if (leaving.length === coming.length) {
      for (let index = leaving.length - 1; index >= 0; index -= 1) {
        changeParagraph(tr, starts[from + index] + 1, leaving[index], coming[index]);
      }
    } else {
      // Nothing to come is no paragraph, and not an empty one.
      const nodes = coming.length ? parse(coming.join(SEPARATOR)) : [];
      tr.replaceWith(starts[from], starts[to], nodes);
    }
  }
  return tr.docChanged ? tr.setSelection(moved(state.selection, tr)) : null;
}

// What comes where the selection ends is not in it, and a caret stays before it.
function moved({ from, to, anchor, head }, { doc, mapping }) {
  const [first, last] = [mapping.map(from, from < to ? 1 : -1), mapping.map(to, -1)];
  const [start, end] = [first, Math.max(first, last)].map((place) => doc.resolve(place));
  return anchor <= head ? TextSelection.between(start, end) : TextSelection.between(end, start);
}

function changeParagraph(tr, position, leaving, coming) {
  const [old, words] = [leaving.match(WORDS) ?? [], coming.match(WORDS) ?? []];
  const starts = [position];
  for (const word of old) starts.push(starts.at(-1) + word.length);
  for (const [from, to, start, end] of differing(old, words)) {
    const [gone, come] = [old.slice(from, to).join(""), words.slice(start, end).join("")];
    changeWords(tr, starts[from], gone, come);
  }
}

function changeWords(tr, position, leaving, coming) {
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
