// What keys do in the editor.

import { baseKeymap, chainCommands, exitCode } from "prosemirror-commands";
import { keymap } from "prosemirror-keymap";
import { schema } from "storaiteller/editor/text";
import { BOLD, ITALIC } from "storaiteller/emphasis/signs";
import { toggling } from "storaiteller/emphasis/toggling";

function insertBreak(state, dispatch) {
  dispatch(state.tr.replaceSelectionWith(schema.nodes.hard_break.create()).scrollIntoView());
  return true;
}

// The plugins for them; `undo` and `redo` are the page's, which knows the versions too.
export function keys({ undo, redo }) {
  return [
    keymap({
      "Mod-b": toggling(BOLD),
      "Mod-i": toggling(ITALIC),
      "Mod-z": () => (undo(), true),
      "Mod-y": () => (redo(), true),
      "Shift-Mod-z": () => (redo(), true),
    }),
    keymap({ "Shift-Enter": chainCommands(exitCode, insertBreak) }),
    keymap(baseKeymap),
  ];
}
