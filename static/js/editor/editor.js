// The story's text, editable in place.

import {
  closeHistory, history, isHistoryTransaction, redo, redoDepth, undo, undoDepth,
} from "prosemirror-history";
import { Fragment, Slice } from "prosemirror-model";
import { EditorState, TextSelection } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { gettext } from "storaiteller/common/language";
import { changeTo } from "storaiteller/editor/difference";
import { letThrough, room } from "storaiteller/editor/dock";
import { keys } from "storaiteller/editor/keys";
import { passageOf, passagePlugin, setPassage } from "storaiteller/editor/passage";
import { pasting } from "storaiteller/editor/pasting";
import { placeholder } from "storaiteller/editor/placeholder";
import {
  countWords, normalise, offsetOf, paragraphText, parse, positionOf, schema, serialize, textOf,
  wholeWords,
} from "storaiteller/editor/text";
import { emphasis } from "storaiteller/emphasis/showing";
import { toggling } from "storaiteller/emphasis/toggling";
import { finding } from "storaiteller/finding/marks";
import { replaced } from "storaiteller/finding/replacing";

const LABELS = {
  role: "textbox",
  "aria-multiline": "true",
  "aria-label": gettext("Story text"),
  spellcheck: "true",
};

// Dispatches "edit" after each change of the writer's own, "select" after each move of the selection,
// and "undo" and "redo" when their keys are pressed.
export class StoryEditor extends EventTarget {
  constructor(element) {
    super();
    this.locked = false;
    // Whether the last change was an undo or a redo.
    this.walked = false;
    // A line feed at the end of a chunk may be half of a paragraph's end.
    this.held = "";
    const pressed = { undo: () => this.#say("undo"), redo: () => this.#say("redo") };
    this.plugins = [...keys(pressed), placeholder, emphasis, finding, passagePlugin, pasting];
    element.replaceChildren();
    this.view = new EditorView(
      { mount: element },
      {
        state: EditorState.create({
          doc: schema.nodes.doc.create(null, parse("")),
          plugins: [history(), ...this.plugins],
        }),
        editable: () => !this.locked,
        attributes: LABELS,
        scrollMargin: room,
        scrollThreshold: room,
        dispatchTransaction: (transaction) => this.#dispatch(transaction),
        clipboardTextParser: (text) =>
          new Slice(Fragment.from(parse(normalise(text))), 1, 1),
        clipboardTextSerializer: (slice) => serialize(slice.content),
      },
    );
    letThrough(element);
  }

  #say(what) {
    this.dispatchEvent(new Event(what));
  }

  #dispatch(transaction) {
    const before = this.view.state;
    this.view.updateState(before.apply(transaction));
    // A refused transaction leaves the document as it was.
    const changed = this.view.state.doc !== before.doc;
    if (changed && !transaction.getMeta("model")) {
      this.walked = isHistoryTransaction(transaction);
      this.#say("edit");
    }
    if (!this.view.state.selection.eq(before.selection)) this.#say("select");
  }

  #dispatchAsModel(transaction) {
    transaction.setMeta("model", true).setMeta("addToHistory", false);
    this.view.dispatch(transaction);
  }

  // ---- The text ----

  get text() {
    return textOf(this.view.state.doc);
  }

  get words() {
    return countWords(this.view.state.doc);
  }

  get isEmpty() {
    return !this.view.state.doc.children.some((node) => paragraphText(node).trim());
  }

  // Show `text`, changing no more than differs.
  setText(text) {
    this.held = "";
    const change = changeTo(this.view.state, text);
    if (change) this.#dispatchAsModel(change);
    this.forget();
  }

  // Show `text`, of which another page has changed a part; what was typed here can still be undone.
  follow(text) {
    const change = changeTo(this.view.state, text);
    if (change) this.#dispatchAsModel(change);
  }

  // Whether signs are being put together that are not typed yet.
  get composing() {
    return this.view.composing;
  }

  // Forget what could be undone: it belongs to another text.
  forget() {
    const { plugins } = this;
    const forgotten = this.view.state.reconfigure({ plugins });
    this.view.updateState(forgotten.reconfigure({ plugins: [history(), ...plugins] }));
  }

  // Add the model's text at the end; caret and selection stay where they are.
  append(text) {
    const whole = this.held + text;
    const kept = whole.replace(/\n+$/, "");
    this.held = whole.slice(kept.length);
    if (!kept) return;
    const { tr, doc } = this.view.state;
    const slice = new Slice(Fragment.from(parse(kept)), 1, 1);
    this.#dispatchAsModel(tr.replace(doc.content.size - 1, doc.content.size - 1, slice));
  }

  // ---- Undo within what was typed since the last other change ----

  get canUndo() {
    return undoDepth(this.view.state) > 0;
  }

  get canRedo() {
    return redoDepth(this.view.state) > 0;
  }

  // Both return whether anything was changed: what was put together and let go is kept as a change
  // that changes nothing.
  undo() {
    return this.#walk(undo, () => this.canUndo);
  }

  redo() {
    return this.#walk(redo, () => this.canRedo);
  }

  #walk(step, isLeft) {
    const before = this.view.state.doc;
    while (isLeft() && before.eq(this.view.state.doc)) step(this.view.state, this.view.dispatch);
    return !before.eq(this.view.state.doc);
  }

  // ---- The passage ----

  // The selected whole words as document positions, or null.
  get selected() {
    const { selection, doc } = this.view.state;
    if (selection.empty) return null;
    const range = wholeWords(textOf(doc), selection.from - 1, selection.to - 1);
    return range && { from: range.from + 1, to: range.to + 1 };
  }

  // The passage as the server counts, with its text; null when none is marked.
  get passage() {
    const passage = passageOf(this.view.state);
    if (!passage) return null;
    const { doc } = this.view.state;
    return {
      start: offsetOf(doc, passage.from),
      end: offsetOf(doc, passage.to),
      selected: textOf(doc).slice(passage.from - 1, passage.to - 1),
    };
  }

  mark(range) {
    setPassage(this.view, range && { ...range, replacement: null });
  }

  // Mark what is at these code points, and show `element` as what comes in its place.
  place({ start, end }, element) {
    const { doc } = this.view.state;
    const [from, to] = [positionOf(doc, start), positionOf(doc, end)];
    setPassage(this.view, from < to ? { from, to, replacement: element } : null);
  }

  // Show `element` as what comes in the marked passage's place; null shows the mark alone again.
  replaceWith(element) {
    const passage = passageOf(this.view.state);
    if (passage) setPassage(this.view, { ...passage, replacement: element });
  }

  // Put `text` in the passage's place; what else was typed stays, and so does a caret elsewhere.
  fillPassage(text) {
    const { tr, selection } = this.view.state;
    const { from, to } = passageOf(this.view.state);
    tr.replace(from, to, new Slice(Fragment.from(parse(text)), 1, 1));
    // What is left selected would bring back its toolbar, over the words that follow.
    if (selection.from < to && selection.to > from) {
      tr.setSelection(TextSelection.near(tr.doc.resolve(tr.mapping.map(to)), -1));
    }
    this.#dispatchAsModel(tr);
  }

  get passageIsLast() {
    const passage = passageOf(this.view.state);
    return Boolean(passage) && passage.to >= this.view.state.doc.content.size - 2;
  }

  // Where the selection is on the screen: the boxes of its first and its last character.
  selectionBoxes() {
    const { from, to } = this.view.state.selection;
    return [this.view.coordsAtPos(from, 1), this.view.coordsAtPos(to, -1)];
  }

  // Make what is selected bold or italic, or no longer; `size` is that of the sign.
  emphasise(size) {
    if (!this.locked) toggling(size)(this.view.state, this.view.dispatch);
  }

  // Select these document positions and bring them into sight, without the focus.
  show(from, to) {
    const { tr, doc } = this.view.state;
    this.view.dispatch(tr.setSelection(TextSelection.create(doc, from, to)).scrollIntoView());
  }

  // Put `coming` in the place of each of `found`, ranges of the text in order: one step to undo.
  replace(found, coming) {
    const { state } = this.view;
    this.view.dispatch(closeHistory(replaced(state, this.text, found, normalise(coming))));
  }

  // Let go of the selection and the focus: a finger's handles and keyboard would cover the mark.
  letGo() {
    const { tr, selection, doc } = this.view.state;
    this.view.dispatch(tr.setSelection(TextSelection.near(doc.resolve(selection.to), -1)));
    this.view.dom.blur();
  }

  lock(locked) {
    if (locked === this.locked) return;
    this.locked = locked;
    this.view.setProps({});
    this.view.dom.setAttribute("aria-readonly", String(locked));
  }

  // Whether the text is being written by the model, which is seen.
  stream(streaming) {
    this.view.dom.classList.toggle("streaming", streaming);
  }

  get hasFocus() {
    return this.view.hasFocus();
  }

  focus() {
    this.view.focus();
  }
}
