// An empty story is told to the style sheet, with what it says in it: here, and in the line.

import { Plugin } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";
import { gettext } from "storaiteller/common/language";

const LOOK = {
  class: "is-empty",
  "data-empty": gettext("The story appears here. You can also write it yourself."),
  "data-waits": gettext("It is written when its turn comes, also if you close this page."),
};

export const placeholder = new Plugin({
  props: {
    decorations({ doc }) {
      if (doc.childCount > 1 || doc.firstChild.childCount) return null;
      const empty = Decoration.node(0, doc.firstChild.nodeSize, LOOK);
      return DecorationSet.create(doc, [empty]);
    },
  },
});
