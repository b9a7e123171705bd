// Bold and italic on and off, by putting signs into the text and taking them out.

import { TextSelection } from "prosemirror-state";

import { paragraphText, wholeWords } from "storaiteller/editor/text";
import { spans } from "storaiteller/emphasis/signs";

// The lines of `doc` that the range touches, with the part of each that is in it.
function linesIn(doc, from, to) {
  const found = [];
  doc.nodesBetween(from, to, (node, position) => {
    if (!node.isTextblock) return true;
    let start = position + 1;
    for (const line of paragraphText(node).split("\n")) {
      const end = start + line.length;
      if (from <= end && to >= start) {
        found.push({ line, start, from: Math.max(from, start) - start, to: Math.min(to, end) - start });
      }
      start = end + 1;
    }
    return false;
  });
  return found;
}

// The part in whole words, without the signs at its ends; null when nothing is left of it.
function wordsOf({ line, from, to }) {
  const found = spans(line);
  for (let moved = true; moved; ) {
    moved = false;
    for (const { start, end, size } of found) {
      if (from >= start - size && from < start) [from, moved] = [start, true];
      if (to > end && to <= end + size) [to, moved] = [end, true];
    }
  }
  return from < to ? wholeWords(line, from, to) : null;
}

const around = (line, { from, to }, size) =>
  spans(line).find((span) => span.size === size && span.start <= from && to <= span.end);

function turnedOn(line, { from, to }, size) {
  const changes = [];
  for (const span of spans(line)) {
    const { start, end } = span;
    const [first, last] = [start - span.size, end + span.size];
    if (last <= from || first >= to) continue;
    const isInside = span.size !== size && start <= from && to <= end;
    if (isInside) continue;
    // What it meets becomes one with it, or goes on inside of it.
    [from, to] = [Math.min(from, first), Math.max(to, last)];
    if (span.size !== size) continue;
    changes.push({ place: first, gone: size, sign: "" }, { place: end, gone: size, sign: "" });
  }
  const sign = "*".repeat(size);
  return [...changes, { place: from, gone: 0, sign }, { place: to, gone: 0, sign }];
}

// What of the emphasis is left stays one, before and behind; another one's signs are no part of it.
function turnedOff(line, { from, to }, { start, end, size }) {
  const sign = "*".repeat(size);
  const before = line.slice(start, from).replace(/[*\s]+$/, "").length;
  const behind = line.slice(to, end).replace(/^[*\s]+/, "").length;
  return [
    before ? { place: start + before, gone: 0, sign } : { place: start - size, gone: size, sign: "" },
    behind ? { place: end - behind, gone: 0, sign } : { place: end, gone: size, sign: "" },
  ];
}

function change(state, parts, size) {
  const { tr, selection } = state;
  const isOn = parts.every(({ line, words }) => around(line, words, size));
  for (const { line, start, words } of parts.reverse()) {
    const span = around(line, words, size);
    if (span && !isOn) continue;
    const changes = isOn ? turnedOff(line, words, span) : turnedOn(line, words, size);
    changes.sort((one, other) => other.place - one.place || other.gone - one.gone);
    for (const { place, gone, sign } of changes) tr.insertText(sign, start + place, start + place + gone);
  }
  if (selection.empty) return tr;
  const from = tr.mapping.map(selection.from, 1);
  const to = Math.max(from, tr.mapping.map(selection.to, -1));
  const [anchor, head] = selection.anchor <= selection.head ? [from, to] : [to, from];
  // All that is selected begins and ends beside the paragraphs, not in them.
  return tr.setSelection(TextSelection.between(tr.doc.resolve(anchor), tr.doc.resolve(head)));
}

// Where no word is: signs to type between, or on over the ones that end here.
function atCaret(state, { line, start, from }, size) {
  const sign = "*".repeat(size);
  const { tr } = state;
  const ends = spans(line).some((span) => span.size === size && span.end === from);
  const isEmpty = line.slice(from - size, from + size) === sign + sign;
  if (ends) return tr.setSelection(TextSelection.create(tr.doc, start + from + size));
  if (isEmpty) return tr.delete(start + from - size, start + from + size);
  tr.insertText(sign + sign, start + from);
  return tr.setSelection(TextSelection.create(tr.doc, start + from + size));
}

// The command that makes what is selected, or the word at the caret, bold or italic, or not so.
export function toggling(size) {
  return (state, dispatch) => {
    const { selection, doc } = state;
    const lines = linesIn(doc, selection.from, selection.to);
    if (selection.empty) {
      const [{ line, from }] = lines;
      const isAtEnd = spans(line).some((span) => span.size === size && span.end === from);
      const isInWord = !isAtEnd && /[\p{L}\p{N}\p{M}]/u.test(line[from - 1] ?? "") && /[\p{L}\p{N}]/u.test(line[from] ?? "");
      if (!isInWord) {
        dispatch(atCaret(state, lines[0], size).scrollIntoView());
        return true;
      }
      Object.assign(lines[0], { from: from - 1, to: from });
    }
    const parts = lines.map((part) => ({ ...part, words: wordsOf(part) })).filter(({ words }) => words);
    if (parts.length) dispatch(change(state, parts, size).scrollIntoView());
    return true;
  };
}
