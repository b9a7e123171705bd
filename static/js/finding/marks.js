// What was found, marked in the editor: only near what is seen, as there may be very much of it.

import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";
import { areDrawn, drawing } from "storaiteller/finding/highlights";

const key = new PluginKey("finding");
const NEAR = 800; // characters above and below what is seen
const CLOSE = 200; // characters that it may be missed by
const MOST = 500; // marks

// The first of `matches`, which are in order, that ends behind `offset`.
export function firstBehind(matches, offset) {
  let [low, high] = [0, matches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (matches[middle].to <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The document's positions that are seen, and some more. Asked where a point is that something lies
// over, an editor looks at each letter of a paragraph: its positions are asked where they are.
function seen(view) {
  const firstBelow = (y) => {
    let [low, high] = [0, view.state.doc.content.size];
    while (high - low > CLOSE) {
      const middle = (low + high) >> 1;
      if (view.coordsAtPos(middle).bottom < y) low = middle;
      else high = middle;
    }
    return low;
  };
  return [firstBelow(0) - NEAR, firstBelow(innerHeight) + NEAR];
}

const same = (one, other) =>
  one.from === other.from && one.to === other.to && one.type.attrs.class === other.type.attrs.class;

// Mark `matches`, ranges of the stored text; `current` is the one that is shown.
export function mark(view, matches, current) {
  const shown = [];
  const [from, to] = matches.length ? seen(view) : [0, 0];
  const first = firstBehind(matches, from);
  for (const match of matches.slice(first, first + MOST)) {
    if (match.from > to) break;
    const look = { class: match === current ? "found current" : "found" };
    shown.push(Decoration.inline(match.from + 1, match.to + 1, look));
  }
  const before = key.getState(view.state).find();
  // To show them is dear in a long paragraph, and while one types they mostly stay.
  if (shown.length === before.length && shown.every((one, place) => same(one, before[place]))) return;
  const set = DecorationSet.create(view.state.doc, shown);
  view.dispatch(view.state.tr.setMeta(key, set).setMeta("addToHistory", false));
}

export const finding = new Plugin({
  key,
  state: {
    init: () => DecorationSet.empty,
    apply(transaction, shown) {
      const told = transaction.getMeta(key);
      if (told) return told;
      return transaction.docChanged ? shown.map(transaction.mapping, transaction.doc) : shown;
    },
  },
  // What is drawn needs no elements.
  ...(areDrawn
    ? { view: drawing((state) => key.getState(state).find()) }
    : { props: { decorations: (state) => key.getState(state) } }),
});
