// The editor beside the dock, which lies over the foot of the window.
//
// The style sheet could keep that foot free (`scroll-padding`), but then a selection that is dragged
// near it moves the page, and takes in what nobody meant.

import { part } from "storaiteller/common/dom";

const LINE = 24; // pixels: the caret is kept this far from an edge

// What of the window the caret is kept out of, where keys move it.
export const room = {
  top: LINE,
  left: 0,
  right: 0,
  get bottom() {
    return part("dock").offsetHeight + LINE;
  },
};

// While a selection that began in `element` is dragged, the text goes on under the dock, and is seen.
export function letThrough(element) {
  const dock = part("dock");
  const { classList } = document.body;
  const end = () => {
    classList.remove("selecting");
    dock.classList.remove("seen-through");
  };
  element.addEventListener("pointerdown", ({ button }) => button === 0 && classList.add("selecting"));
  addEventListener("pointermove", ({ clientY }) => {
    const over = classList.contains("selecting") && clientY > dock.getBoundingClientRect().top;
    dock.classList.toggle("seen-through", over);
  });
  for (const ended of ["pointerup", "pointercancel", "blur"]) addEventListener(ended, end);
}
