// An empty story is told to the style sheet, which says so in it.

import { Plugin } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

export const placeholder = new Plugin({
  props: {
    decorations({ doc }) {
      if (doc.childCount > 1 || doc.firstChild.childCount) return null;
      const empty = Decoration.node(0, doc.firstChild.nodeSize, { class: "is-empty" });
      return DecorationSet.create(doc, [empty]);
    },
  },
});
