// Marks of what was found that leave the page's elements as they are: to show a mark as an element
// is to lay out its paragraph anew, which in a long one takes as long as a key.

const { highlights } = globalThis.CSS ?? {}; // undefined in older browsers

export const areDrawn = Boolean(highlights);

function rangeOf(view, { from, to }) {
  const [start, end] = [view.domAtPos(from, 1), view.domAtPos(to, -1)];
  const range = document.createRange();
  range.setStart(start.node, start.offset);
  range.setEnd(end.node, end.offset);
  return range;
}

// The drawing of what `shown(state)` returns: decorations, whose look is the name of a highlight.
export const drawing = (shown) => () => {
  let drawn = []; // ranges follow what is typed, and end where an element is replaced
  let looks = [];

  // Of text that was put in by a script, ranges know nothing.
  const isDrawn = ({ from, to, type }, place) =>
    looks[place] === type.attrs.class && drawn[place].toString().length === to - from;

  return {
    update(view) {
      const all = shown(view.state);
      if (all.length === drawn.length && all.every(isDrawn)) return;
      drawn = all.map((each) => rangeOf(view, each));
      looks = all.map((each) => each.type.attrs.class);
      highlights.set("found", new Highlight(...drawn));
      const current = drawn.filter((_, place) => looks[place] !== "found");
      const above = Object.assign(new Highlight(...current), { priority: 1 });
      highlights.set("found-current", above);
    },
  };
};
