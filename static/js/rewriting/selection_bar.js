// The small toolbar at a selection, and the moment when a selection is settled.

const SETTLED = 180; // milliseconds without a change
const GAP = 8; // pixels

export class SelectionBar {
  // `wanted()` tells whether a selection can be marked now; `onSettled()` is told of each one, and
  // returns whether it was taken already.
  constructor(element, editor, { wanted, onSettled }) {
    Object.assign(this, { element, editor, wanted, onSettled });
    this.pressed = false;
    this.timer = null;
    addEventListener("pointerdown", (event) => this.#press(event));
    addEventListener("pointerup", () => this.#release());
    addEventListener("pointercancel", () => this.#release());
    addEventListener("resize", () => this.#settle());
    // A button that is pressed must not take the selection away.
    element.addEventListener("mousedown", (event) => event.preventDefault());
  }

  // The selection has moved.
  changed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#settle(), SETTLED);
    if (!this.editor.selected) this.hide();
  }

  hide() {
    this.element.hidden = true;
  }

  #press(event) {
    this.pressed = !this.element.contains(event.target);
  }

  #release() {
    this.pressed = false;
    this.changed();
  }

  #settle() {
    clearTimeout(this.timer);
    if (this.pressed) return;
    const inside = this.editor.view.hasFocus() || this.element.contains(document.activeElement);
    if (!inside || !this.editor.selected) this.hide();
    else if (!this.onSettled() && this.wanted()) this.#show();
    else this.hide();
  }

  #show() {
    const { element } = this;
    element.hidden = false;
    const sheet = element.offsetParent.getBoundingClientRect();
    const [first, last] = this.editor.selectionBoxes();
    // A finger's own handles and menu are above the selection.
    const below = matchMedia("(pointer: coarse)").matches || first.top < element.offsetHeight * 2;
    const top = below ? last.bottom + GAP * (below ? 2 : 1) : first.top - element.offsetHeight - GAP;
    const middle = below ? last.left : (first.left + (first.top === last.top ? last.left : sheet.right)) / 2;
    const left = middle - sheet.left - element.offsetWidth / 2;
    const most = sheet.width - element.offsetWidth;
    element.style.top = `${top - sheet.top}px`;
    element.style.left = `${Math.max(0, Math.min(left, most))}px`;
  }
}
