// The story's text, editable in place.
//
// A document is paragraphs of text and line breaks. Stored, it is plain text: paragraphs joined by
// an empty line, line breaks as "\n". Both take as many positions as characters, so that an offset
// in the stored text (UTF-16 units) is the document position minus one.

import { baseKeymap, chainCommands, exitCode } from "prosemirror-commands";
import { history, redo, undo } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { Fragment, Schema, Slice } from "prosemirror-model";
import { EditorState, Plugin } from "prosemirror-state";
import { Decoration, DecorationSet, EditorView } from "prosemirror-view";

const schema = new Schema({
  nodes: {
    doc: { content: "paragraph+" },
    paragraph: {
      content: "(text | hard_break)*",
      parseDOM: ["p", "h1", "h2", "h3", "h4", "li", "blockquote", "pre"].map((tag) => ({ tag })),
      toDOM: () => ["p", 0],
    },
    text: {},
    hard_break: { inline: true, selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
  },
});

const SEPARATOR = "\n\n";

function inline(text) {
  const nodes = [];
  text.split("\n").forEach((line, index) => {
    if (index) nodes.push(schema.nodes.hard_break.create());
    if (line) nodes.push(schema.text(line));
  });
  return Fragment.from(nodes);
}

function parse(text) {
  return text.split(SEPARATOR).map((part) => schema.nodes.paragraph.create(null, inline(part)));
}

function serialize(fragment) {
  return fragment.textBetween(0, fragment.size, SEPARATOR, "\n");
}

// What a database and the server would change anyway is changed at once.
function normalise(text) {
  return text.replace(/\r\n?/g, "\n").replaceAll("\0", "").toWellFormed();
}

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

export class StoryEditor {
  // `onEdit` is called after each change of the writer's own.
  constructor(element, { onEdit }) {
    this.onEdit = onEdit;
    this.locked = false;
    // A line feed at the end of a chunk may be half of a paragraph's end.
    this.held = "";
    element.replaceChildren();
    this.view = new EditorView(
      { mount: element },
      {
        state: this.#state(""),
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

  #state(text) {
    return EditorState.create({
      doc: schema.nodes.doc.create(null, parse(text)),
      plugins: [
        history(),
        keymap({ "Mod-z": undo, "Mod-y": redo, "Shift-Mod-z": redo }),
        keymap({ "Shift-Enter": chainCommands(exitCode, insertBreak) }),
        keymap(baseKeymap),
        placeholder,
      ],
    });
  }

  #dispatch(transaction) {
    this.view.updateState(this.view.state.apply(transaction));
    if (transaction.docChanged && !transaction.getMeta("model")) this.onEdit();
  }

  get text() {
    return normalise(serialize(this.view.state.doc.content));
  }

  // Show `text` and forget what could be undone: it belongs to another text.
  setText(text) {
    this.held = "";
    if (text !== this.text) this.view.updateState(this.#state(text));
  }

  // Add the model's text at the end; caret and selection stay where they are.
  append(text) {
    const whole = this.held + text;
    const kept = whole.replace(/\n+$/, "");
    this.held = whole.slice(kept.length);
    if (!kept) return;
    const { tr, doc } = this.view.state;
    const slice = new Slice(Fragment.from(parse(kept)), 1, 1);
    tr.replace(doc.content.size - 1, doc.content.size - 1, slice);
    tr.setMeta("model", true).setMeta("addToHistory", false);
    this.view.dispatch(tr);
  }

  lock(locked) {
    this.locked = locked;
    this.view.setProps({});
    this.view.dom.setAttribute("aria-readonly", String(locked));
    this.view.dom.classList.toggle("streaming", locked);
  }

  focus() {
    this.view.focus();
  }
}
