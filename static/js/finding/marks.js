// What was found, marked in the editor: only near what is seen, as there may be very much of it.

import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

const key = new PluginKey("finding");
const NEAR = 2000; // characters above and below what is seen
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

// The document's positions that are seen, and some more.
function seen(view) {
  const { left, top, bottom } = view.dom.getBoundingClientRect();
  const at = (y) => view.posAtCoords({ left: left + 4, top: y })?.pos;
  const first = at(Math.max(top, 0) + 4) ?? 0;
  const last = at(Math.min(bottom, innerHeight) - 4) ?? first + NEAR;
  return [Math.min(first, last) - NEAR, Math.max(first, last) + NEAR];
}

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
  const set = shown.length ? DecorationSet.create(view.state.doc, shown) : DecorationSet.empty;
  if (set === DecorationSet.empty && key.getState(view.state) === DecorationSet.empty) return;
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
  props: {
    decorations(state) {
      return this.getState(state);
    },
  },
});
