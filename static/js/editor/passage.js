// The passage in the editor: marked, being replaced, or replaced on trial.
//
// It is only shown: the document changes when the writer keeps the replacement. The range moves with
// edits elsewhere; while it is being replaced, edits inside of it are refused.

import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

export const passageKey = new PluginKey("passage");

// `passage` is null or `{ from, to, replacement }`; `replacement` is the element that shows the new
// text, or null while the passage is only marked.
export function setPassage(view, passage) {
  const transaction = view.state.tr.setMeta(passageKey, { passage });
  view.dispatch(transaction.setMeta("addToHistory", false));
}

export function passageOf(state) {
  return passageKey.getState(state);
}

function moved(passage, mapping) {
  const from = mapping.map(passage.from, 1);
  const to = mapping.map(passage.to, -1);
  return from < to ? { ...passage, from, to } : null;
}

function read(doc, { from, to }) {
  return doc.textBetween(from, to, "\n\n", "\n");
}

// Whether what the browser is about to change lies in the passage.
function isAimedAt(view, event, { from, to }) {
  const [range] = event.getTargetRanges();
  if (!range || !view.dom.contains(range.startContainer)) return false;
  const start = view.posAtDOM(range.startContainer, range.startOffset);
  const end = view.posAtDOM(range.endContainer, range.endOffset);
  return start < to && end > from && !(start === end && (start <= from || start >= to));
}

export const passagePlugin = new Plugin({
  key: passageKey,
  state: {
    init: () => null,
    apply(transaction, passage) {
      const told = transaction.getMeta(passageKey);
      if (told) return told.passage;
      return passage && transaction.docChanged ? moved(passage, transaction.mapping) : passage;
    },
  },
  filterTransaction(transaction, state) {
    const passage = passageOf(state);
    if (!passage?.replacement || !transaction.docChanged || transaction.getMeta("model")) return true;
    const after = moved(passage, transaction.mapping);
    return after !== null && read(transaction.doc, after) === read(state.doc, passage);
  },
  props: {
    handleDOMEvents: {
      // Refused before it is seen: afterwards, the caret would be thrown back to where it came from.
      beforeinput(view, event) {
        const passage = passageOf(view.state);
        if (!passage?.replacement || !isAimedAt(view, event, passage)) return false;
        event.preventDefault();
        return true;
      },
    },
    decorations(state) {
      const passage = passageOf(state);
      if (!passage) return null;
      const { from, to, replacement } = passage;
      const shown = [Decoration.inline(from, to, { class: replacement ? "replaced" : "marked" })];
      if (replacement) {
        const key = "replacement";
        shown.push(Decoration.widget(to, () => replacement, { key, side: 1, ignoreSelection: true }));
      }
      return DecorationSet.create(state.doc, shown);
    },
  },
});
