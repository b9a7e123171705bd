// A story as a document, and as the plain text that is stored.
//
// A document is paragraphs of text and line breaks. Stored, it is plain text: paragraphs joined by
// an empty line, line breaks as "\n". Both take as many positions as characters, so that an offset
// in the stored text (UTF-16 units) is the document position minus one. The server counts code
// points. Paragraphs are never changed, only replaced: what is worked out about one is remembered,
// and a keystroke costs one paragraph and not the story.

import { Fragment, Schema } from "prosemirror-model";

import { countWords as wordsOf, wordAt } from "storaiteller/common/words";

export const schema = new Schema({
  nodes: {
    doc: { content: "paragraph+" },
    paragraph: {
      content: "(text | hard_break)*",
      parseDOM: ["p", "h1", "h2", "h3", "h4", "li", "blockquote", "pre"].map((tag) => ({ tag })),
      // Each in the direction of its own first letter.
      toDOM: () => ["p", { dir: "auto" }, 0],
    },
    text: {},
    hard_break: { inline: true, selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
  },
});

export const SEPARATOR = "\n\n";

function inline(text) {
  const nodes = [];
  text.split("\n").forEach((line, index) => {
    if (index) nodes.push(schema.nodes.hard_break.create());
    if (line) nodes.push(schema.text(line));
  });
  return Fragment.from(nodes);
}

export function parse(text) {
  return text.split(SEPARATOR).map((part) => schema.nodes.paragraph.create(null, inline(part)));
}

export function serialize(fragment) {
  return fragment.textBetween(0, fragment.size, SEPARATOR, "\n");
}

// What a database and the server would change anyway is changed at once.
export function normalise(text) {
  return text.replace(/\r\n?/g, "\n").replaceAll("\0", "").toWellFormed();
}

function remembered(work) {
  const known = new WeakMap();
  return (node) => {
    if (!known.has(node)) known.set(node, work(node));
    return known.get(node);
  };
}

// The words of the long text that was counted last: at the next key, most of it is the same.
let counted = { text: "", words: 0 };
const LONG = 2000; // characters
// Characters beside a change that are counted with it, before and after. A word that is cut at their
// ends is cut in both, so that the difference is right in every script, with spaces or without.
const AROUND = 100;

// How many characters two texts have in common at one end, `most` at most; `part` cuts a stretch out,
// counted from there. By halves: at each key, a loop would walk over a long text in our own code.
function common(one, other, most, part) {
  let same = 0;
  while (same < most) {
    const middle = (same + most + 1) >> 1;
    if (part(one, same, middle) === part(other, same, middle)) same = middle;
    else most = middle - 1;
  }
  return same;
}

const fromStart = (text, from, to) => text.slice(from, to);
const fromEnd = (text, from, to) => text.slice(text.length - to, text.length - from);

function longWords(text) {
  if (text.length < LONG) return wordsOf(text);
  const { text: old, words } = counted;
  const most = Math.min(old.length, text.length);
  const same = common(old, text, most, fromStart);
  const before = Math.max(0, same - AROUND);
  const behind = Math.max(0, common(old, text, most - same, fromEnd) - AROUND);
  const near = (whole) => wordsOf(whole.slice(before, whole.length - behind));
  const isNear = before + behind > LONG / 2;
  counted = { text, words: isNear ? words - near(old) + near(text) : wordsOf(text) };
  return counted.words;
}

export const paragraphText = remembered((node) => normalise(serialize(node.content)));
const paragraphWords = remembered((node) => longWords(paragraphText(node)));
const paragraphPoints = remembered((node) => codePoints(paragraphText(node)));

export function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export function textOf(doc) {
  return doc.children.map(paragraphText).join(SEPARATOR);
}

export function countWords(doc) {
  return doc.children.reduce((sum, node) => sum + paragraphWords(node), 0);
}

// The code points of the stored text before the document position `position`.
export function offsetOf(doc, position) {
  let points = 0;
  let start = 1; // of the paragraph's content
  for (const node of doc.children) {
    if (position <= start + node.content.size) {
      return points + codePoints(paragraphText(node).slice(0, Math.max(0, position - start)));
    }
    points += paragraphPoints(node) + SEPARATOR.length;
    start += node.nodeSize;
  }
  return points - SEPARATOR.length;
}

// The document position after `offset` code points of the stored text.
export function positionOf(doc, offset) {
  let start = 1;
  for (const node of doc.children) {
    const points = paragraphPoints(node);
    if (offset <= points) {
      const units = Array.from(paragraphText(node)).slice(0, offset).join("").length;
      return start + units;
    }
    offset -= points + SEPARATOR.length;
    start += node.nodeSize;
    if (offset < 0) return start;
  }
  return doc.content.size - 1;
}

// ---- Ranges ----

const WINDOW = 300; // characters around an end in which its word is looked for

// The nearest ends of words outside of the range of `text`, without white space at the ends; null
// when nothing is left of it. A mark that cuts a word is never what a person means.
export function wholeWords(text, from, to) {
  from = Math.max(0, from);
  to = Math.min(text.length, to);
  while (from < to && /\s/.test(text[from])) from += 1;
  while (to > from && /\s/.test(text[to - 1])) to -= 1;
  return from < to ? { from: word(text, from).start, to: word(text, to).end } : null;
}

// The segment that `index` is inside of; an empty one at `index` when it is between two.
function word(text, index) {
  const start = Math.max(0, index - WINDOW);
  const segment = wordAt(text.slice(start, index + WINDOW), index - start);
  if (!segment || start + segment.index === index) return { start: index, end: index };
  return { start: start + segment.index, end: start + segment.index + segment.segment.length };
}
