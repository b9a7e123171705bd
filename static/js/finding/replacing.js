// What was found, with something else in its place: one step to undo.

import { parse } from "storaiteller/editor/text";

// The transaction of `state` that puts `coming` in the place of each of `found`, ranges of the stored
// `text` in order. Each paragraph is changed once: one by one, many would cost its length each.
export function replaced(state, text, found, coming) {
  const { tr } = state;
  let last = found.length;
  while (last > 0) {
    const begin = text.lastIndexOf("\n\n", found[last - 1].from);
    let first = last - 1;
    while (first > 0 && found[first - 1].from > begin) first -= 1;
    const pieces = [];
    for (let place = first; place < last; place += 1) {
      if (place > first) pieces.push(text.slice(found[place - 1].to, found[place].from));
      pieces.push(coming);
    }
    const [from, to] = [found[first].from + 1, found[last - 1].to + 1];
    tr.replaceWith(from, to, parse(pieces.join(""))[0].content);
    last = first;
  }
  return tr;
}
