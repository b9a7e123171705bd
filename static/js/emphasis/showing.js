// Bold and italic in the editor: seen as such, their signs dimmed. The text is as it is stored.

import { Plugin } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

import { paragraphText } from "storaiteller/editor/text";
import { BOLD, spans } from "storaiteller/emphasis/signs";

const SIGN = { class: "sign" };

function addOf(paragraph, start, shown) {
  const text = paragraphText(paragraph);
  if (!text.includes("*")) return;
  for (const line of text.split("\n")) {
    for (const { start: from, end: to, size } of spans(line)) {
      const look = { nodeName: size === BOLD ? "strong" : "em" };
      shown.push(
        Decoration.inline(start + from - size, start + to + size, look),
        Decoration.inline(start + from - size, start + from, SIGN),
        Decoration.inline(start + to, start + to + size, SIGN),
      );
    }
    start += line.length + 1;
  }
}

// What is to be shown of the paragraphs of `doc` from the one at `index` on, up to `until`.
function shownIn(doc, index, until) {
  const shown = [];
  doc.forEach((paragraph, start, place) => {
    if (place >= index && place < until) addOf(paragraph, start + 1, shown);
  });
  return shown;
}

// How many children of both are the same from the start, and from the end.
function unchanged(one, other) {
  const most = Math.min(one.childCount, other.childCount);
  let first = 0;
  while (first < most && one.child(first) === other.child(first)) first += 1;
  let last = 0;
  const same = () => one.child(one.childCount - 1 - last) === other.child(other.childCount - 1 - last);
  while (last < most - first && same()) last += 1;
  return { first, last };
}

// A keystroke costs its paragraph and not the story.
function changed({ doc, mapping, before }, shown) {
  const { first, last } = unchanged(before, doc);
  let [from, to] = [0, doc.content.size];
  for (let place = 0; place < first; place += 1) from += doc.child(place).nodeSize;
  for (let place = 0; place < last; place += 1) to -= doc.child(doc.childCount - 1 - place).nodeSize;
  const moved = shown.map(mapping, doc);
  const coming = shownIn(doc, first, doc.childCount - last);
  const leaving = from < to ? moved.find(from, to) : [];
  return leaving.length || coming.length ? moved.remove(leaving).add(doc, coming) : moved;
}

export const emphasis = new Plugin({
  state: {
    init: (_, { doc }) => DecorationSet.create(doc, shownIn(doc, 0, doc.childCount)),
    apply: (transaction, shown) => (transaction.docChanged ? changed(transaction, shown) : shown),
  },
  props: {
    decorations(state) {
      return this.getState(state);
    },
  },
});
