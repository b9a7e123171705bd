// Edits that an earlier page could not save come back when the story is opened again.

import { gettext } from "storaiteller/common/language";

export function bringBack(draft, { state, editor, autosave }) {
  if (!draft) return;
  editor.setText(draft.text);
  state.read(editor);
  // Made from this version, the server merges them with what was saved since.
  state.set({ stored: { ...state.get("stored"), version: draft.version } });
  state.tell(gettext("Edits that were not saved yet are back."));
  autosave.edited();
  autosave.flush();
}
