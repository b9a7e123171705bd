// The story's text, editable in place.

import { baseKeymap, chainCommands, exitCode } from "prosemirror-commands";
import { history, isHistoryTransaction, redo, redoDepth, undo, undoDepth } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { Fragment, Slice } from "prosemirror-model";
import { EditorState, Plugin, TextSelection } from "prosemirror-state";
import { Decoration, DecorationSet, EditorView } from "prosemirror-view";
import { passageOf, passagePlugin, setPassage } from "storaiteller/passage";
import {
  countWords, normalise, offsetOf, paragraphText, parse, positionOf, schema, SEPARATOR, serialize,
  textOf, wholeWords,
} from "storaiteller/text";

const placeholder = new Plugin({
  props: {
    decorations({ doc }) {
      if (doc.childCount > 1 || doc.firstChild.childCount) return null;
      const empty = Decoration.node(0, doc.firstChild.nodeSize, { class: "is-empty" });
      return DecorationSet.create(doc, [empty]);
    },
  },
});

function insertBreak(state, dispatch) {
  dispatch(state.tr.replaceSelectionWith(schema.nodes.hard_break.create()).scrollIntoView());
  return true;
}

// How many items of `one` and `other`, strings or arrays, are the same from the start.
function commonStart(one, other) {
  let count = 0;
  while (count < one.length && one[count] === other[count]) count += 1;
  return count;
}

// The same from the end, `most` of them at most.
function commonEnd(one, other, most) {
  let count = 0;
  while (count < most && one.at(-1 - count) === other.at(-1 - count)) count += 1;
  return count;
}

export class StoryEditor {
  // `onEdit` is called after each change of the writer's own, `onSelect` after each move of the
  // selection; `onUndo` and `onRedo` when their keys are pressed.
  constructor(element, { onEdit, onSelect, onUndo, onRedo }) {
    Object.assign(this, { onEdit, onSelect });
    this.locked = false;
    // Whether the last change was an undo or a redo.
    this.walked = false;
    // A line feed at the end of a chunk may be half of a paragraph's end.
    this.held = "";
    this.plugins = [
      keymap({
        "Mod-z": () => (onUndo(), true),
        "Mod-y": () => (onRedo(), true),
        "Shift-Mod-z": () => (onRedo(), true),
      }),
      keymap({ "Shift-Enter": chainCommands(exitCode, insertBreak) }),
      keymap(baseKeymap),
      placeholder,
      passagePlugin,
    ];
    element.replaceChildren();
    this.view = new EditorView(
      { mount: element },
      {
        state: EditorState.create({
          doc: schema.nodes.doc.create(null, parse("")),
          plugins: [history(), ...this.plugins],
        }),
        editable: () => !this.locked,
        attributes: {
          role: "textbox",
          "aria-multiline": "true",
          "aria-label": "Story text",
          spellcheck: "true",
        },
        dispatchTransaction: (transaction) => this.#dispatch(transaction),
        clipboardTextParser: (text) =>
          new Slice(Fragment.from(parse(normalise(text))), 1, 1),
        clipboardTextSerializer: (slice) => serialize(slice.content),
      },
    );
  }

  #dispatch(transaction) {
    const before = this.view.state;
    this.view.updateState(before.apply(transaction));
    // A refused transaction leaves the document as it was.
    const changed = this.view.state.doc !== before.doc;
    if (changed && !transaction.getMeta("model")) {
      this.walked = isHistoryTransaction(transaction);
      this.onEdit();
    }
    if (!this.view.state.selection.eq(before.selection)) this.onSelect();
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

  // Show `text`, changing no more than differs, so that caret and view stay where they are.
  setText(text) {
    this.held = "";
    this.#replaceParagraphs(text.split(SEPARATOR));
    this.forget();
  }

  // Forget what could be undone: it belongs to another text.
  forget() {
    const { plugins } = this;
    const forgotten = this.view.state.reconfigure({ plugins });
    this.view.updateState(forgotten.reconfigure({ plugins: [history(), ...plugins] }));
  }

  #replaceParagraphs(paragraphs) {
    const { doc, tr } = this.view.state;
    const old = doc.children.map(paragraphText);
    const start = commonStart(old, paragraphs);
    const end = commonEnd(old, paragraphs, Math.min(old.length, paragraphs.length) - start);
    const leaving = old.slice(start, old.length - end);
    const coming = paragraphs.slice(start, paragraphs.length - end);
    if (!leaving.length && !coming.length) return;
    const sizes = doc.children.map((node) => node.nodeSize);
    const from = sizes.slice(0, start).reduce((sum, size) => sum + size, 0);
    if (leaving.length === 1 && coming.length === 1) {
      this.#replaceInParagraph(tr, from + 1, leaving[0], coming[0]);
    } else {
      const to = sizes.slice(0, old.length - end).reduce((sum, size) => sum + size, 0);
      // Nothing to come is no paragraph, and not an empty one.
      tr.replaceWith(from, to, coming.length ? parse(coming.join(SEPARATOR)) : []);
    }
    this.#dispatchAsModel(tr);
  }

  #replaceInParagraph(tr, position, leaving, coming) {
    // Code points, so that no surrogate pair is parted.
    const [old, text] = [Array.from(leaving), Array.from(coming)];
    const same = commonStart(old, text);
    const start = old.slice(0, same).join("").length;
    const last = commonEnd(old, text, Math.min(old.length, text.length) - same);
    const end = last && old.slice(-last).join("").length;
    const [paragraph] = parse(coming.slice(start, coming.length - end));
    tr.replace(
      position + start,
      position + leaving.length - end,
      new Slice(paragraph.content, 0, 0),
    );
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

  undo() {
    undo(this.view.state, this.view.dispatch);
  }

  redo() {
    redo(this.view.state, this.view.dispatch);
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

  // Put `text` in the passage's place; what else was typed stays.
  fillPassage(text) {
    const { from, to } = passageOf(this.view.state);
    const slice = new Slice(Fragment.from(parse(text)), 1, 1);
    this.#dispatchAsModel(this.view.state.tr.replace(from, to, slice));
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

  // Let go of the selection and the focus: a finger's handles and keyboard would cover the mark.
  letGo() {
    const { tr, selection, doc } = this.view.state;
    this.view.dispatch(tr.setSelection(TextSelection.near(doc.resolve(selection.to), -1)));
    this.view.dom.blur();
  }

  lock(locked) {
    this.locked = locked;
    this.view.setProps({});
    this.view.dom.setAttribute("aria-readonly", String(locked));
  }

  // Whether the text is being written by the model, which is seen.
  stream(streaming) {
    this.lock(streaming);
    this.view.dom.classList.toggle("streaming", streaming);
  }

  // Take no edits while `work` replaces the text; caret and focus are there again afterwards.
  async during(work) {
    const focused = this.view.hasFocus();
    this.lock(true);
    try {
      return await work();
    } finally {
      this.lock(false);
      if (focused) this.focus();
    }
  }

  focus() {
    this.view.focus();
  }
}
