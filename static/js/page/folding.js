// The dock's row stays one row: what has no room in it goes behind "More", the rarest first.
//
// By measuring, as other languages and larger letters need another width.

import { part } from "storaiteller/common/dom";

const row = part("dock-row");
const folded = part("folded");
// What gives way, in this order: a part goes into the menu, or a button shows its sign alone.
const STEPS = [
  { moves: "show-versions" },
  { moves: "regenerate" },
  { moves: "takes" },
  { shortens: "good" },
  { shortens: "select" },
  { moves: "steps" },
];

class Moved {
  constructor(id) {
    this.element = part(id);
    this.place = document.createComment(id);
    this.element.before(this.place);
  }

  move(into) {
    const { element, place } = this;
    if (into === (element.parentElement === folded)) return;
    const hadFocus = element.contains(document.activeElement) && document.activeElement;
    if (into) folded.prepend(element);
    else place.after(element);
    // An element that is moved loses the focus.
    if (hadFocus) hadFocus.focus({ preventScroll: true });
  }
}

const steps = STEPS.map(({ moves, shortens }) => (moves ? new Moved(moves) : shortens));

function fold(level) {
  const taken = steps.slice(0, level);
  for (const step of steps) if (step instanceof Moved) step.move(taken.includes(step));
  row.dataset.short = taken.filter((step) => typeof step === "string").join(" ");
}

export class Folding {
  constructor(state) {
    this.width = 0;
    this.fitted = "";
    new ResizeObserver(([{ contentRect }]) => {
      this.width = contentRect.width;
      this.#fit();
    }).observe(row);
    const keys = ["stored", "written", "generation", "conflict", "rewrite"];
    state.subscribe(keys, () => this.#fit());
  }

  // Measured again only when something about the row has changed, and not at each key.
  #fit() {
    const shown = [...row.querySelectorAll("[id]")].filter((element) => !element.hidden);
    const now = [this.width, part("take-label").textContent, ...shown.map(({ id }) => id)].join();
    if (now === this.fitted || !this.width) return;
    this.fitted = now;
    for (let level = 0; level <= steps.length; level += 1) {
      fold(level);
      if (row.scrollWidth <= row.clientWidth) break;
    }
  }
}
