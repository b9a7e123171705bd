// Find and replace: a bar in the dock, opened by Ctrl+H or from the menu.

import { part } from "storaiteller/common/dom";
import { gettext, interpolate, ngettext, number } from "storaiteller/common/language";
import { firstBehind, mark } from "storaiteller/finding/marks";
import { LONGEST, matches } from "storaiteller/finding/matches";

const PAUSE = 200; // milliseconds without a change after which it is looked anew
const SLICE = 8; // milliseconds of looking at a time
const WAITS = gettext("Replacing waits until the writing has ended and is decided on.");

const asksFor = ({ ctrlKey, metaKey, shiftKey, altKey, code }) =>
  code === "KeyH" && !altKey && ((ctrlKey && !metaKey && !shiftKey) || (metaKey && shiftKey));

export class FindBar {
  constructor(state, editor) {
    Object.assign(this, { state, editor });
    this.bar = part("find-bar");
    this.query = part("find-query");
    this.found = [];
    this.index = -1;
    this.from = 0; // where looking began, in the stored text
    this.text = null; // in which it was looked
    this.looking = 0; // counts the searches: an older one ends
    part("find-open").addEventListener("click", () => this.open());
    part("find-close").addEventListener("click", () => this.close());
    part("find-next").addEventListener("click", () => this.#step(1));
    part("find-back").addEventListener("click", () => this.#step(-1));
    part("find-all").addEventListener("click", () => this.#replaceAll());
    this.bar.addEventListener("submit", (event) => this.#submit(event));
    this.bar.addEventListener("keydown", (event) => this.#key(event));
    for (const id of ["find-query", "find-case", "find-whole"]) {
      part(id).addEventListener("input", () => this.#look());
    }
    document.addEventListener("keydown", (event) => this.#anywhere(event));
    editor.addEventListener("edit", () => this.#later());
    state.subscribe(["stored", "generation"], () => this.#later());
    state.subscribe(["generation", "conflict", "replacing", "rewrite"], () => this.#allow());
    addEventListener("scroll", () => this.#remark(), { passive: true });
    addEventListener("resize", () => this.#remark());
  }

  get isOpen() {
    return !this.bar.hidden;
  }

  open() {
    const { from, to } = this.editor.view.state.selection;
    const selected = this.editor.text.slice(from - 1, to - 1);
    if (selected && selected.length <= LONGEST && !selected.includes("\n")) this.query.value = selected;
    this.from = from - 1;
    this.bar.hidden = false;
    this.#allow();
    this.query.focus();
    this.query.select();
    this.#look();
  }

  // The match that is shown stays selected.
  close() {
    if (!this.isOpen) return;
    this.bar.hidden = true;
    this.looking += 1;
    [this.found, this.index, this.text] = [[], -1, null];
    mark(this.editor.view, [], null);
    this.editor.focus();
  }

  // ---- Keys ----

  #anywhere(event) {
    if (!asksFor(event) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.open();
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation(); // it means this and nothing else
      this.close();
    } else if (event.key === "Enter" && event.target === this.query) {
      event.preventDefault();
      this.#step(event.shiftKey ? -1 : 1);
    }
  }

  #submit(event) {
    event.preventDefault();
    this.#replace();
  }

  // ---- Looking ----

  #later() {
    if (!this.isOpen) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#lookAgain(), PAUSE);
  }

  get #current() {
    return this.found[this.index];
  }

  get #steps() {
    const options = { matchCase: part("find-case").checked, wholeWords: part("find-whole").checked };
    return matches(this.text, this.query.value, options);
  }

  async #look(from = this.from) {
    if (await this.#find(from)) this.#show();
  }

  // The text was changed: the selection is the writer's, who may be typing.
  async #lookAgain() {
    if (!(await this.#find(this.#current?.from ?? this.from))) return;
    this.#count();
    this.#remark();
    this.#allow();
  }

  // Look for all of it; the first match behind `from` is the one to begin with. Resolves to whether no
  // other search was begun meanwhile.
  async #find(from) {
    clearTimeout(this.timer);
    this.looking += 1;
    const { looking } = this;
    this.text = this.editor.text;
    const found = [];
    let since = performance.now();
    for (const some of this.#steps) {
      for (const match of some) found.push(match);
      if (performance.now() - since < SLICE) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (looking !== this.looking) return false;
      since = performance.now();
    }
    const first = firstBehind(found, from);
    this.found = found;
    this.index = found.length ? first % found.length : -1;
    return true;
  }

  #step(by) {
    const { length } = this.found;
    if (!length) return;
    this.index = (this.index + by + length) % length;
    this.#show();
  }

  #show() {
    const match = this.#current;
    this.#count();
    if (match && this.text === this.editor.text) {
      this.from = match.from;
      this.editor.show(match.from + 1, match.to + 1);
    }
    this.#remark();
    this.#allow();
  }

  #count() {
    const { length } = this.found;
    const places = { place: number(this.index + 1), all: number(length) };
    const told = length ? interpolate(gettext("%(place)s of %(all)s"), places) : gettext("No matches");
    part("find-count").textContent = this.query.value ? told : "";
  }

  #remark() {
    if (!this.isOpen || this.marking) return;
    this.marking = requestAnimationFrame(() => {
      this.marking = 0;
      // Typed into since, it is looked anew in a moment.
      if (this.isOpen && this.text === this.editor.text) mark(this.editor.view, this.found, this.#current);
    });
  }

  // ---- Replacing ----

  get #mayReplace() {
    const { phase } = this.state.get("rewrite");
    const isTaken = ["generation", "conflict", "replacing"].some((key) => this.state.get(key));
    return !isTaken && (phase === "idle" || phase === "marked");
  }

  #allow() {
    const may = this.#mayReplace;
    for (const id of ["find-one", "find-all"]) part(id).disabled = !may || !this.found.length;
    part("find-why").textContent = may ? "" : WAITS;
  }

  // What was found may be replaced while the text is the one in which it was.
  get #isReady() {
    return this.#mayReplace && this.found.length > 0 && this.text === this.editor.text;
  }

  #replace() {
    if (!this.#isReady) return;
    const { from } = this.#current;
    const coming = part("find-with").value;
    this.editor.replace([this.#current], coming);
    this.#look(from + coming.length);
  }

  #replaceAll() {
    if (!this.#isReady) return;
    const { length } = this.found;
    this.editor.replace(this.found, part("find-with").value);
    const told = ngettext("Replaced %(count)s match.", "Replaced %(count)s matches.", length);
    this.state.tell(interpolate(told, { count: number(length) }));
    this.#look();
  }
}
