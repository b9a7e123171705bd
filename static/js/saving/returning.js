// Edits that an earlier page could not save come back when the story is opened again.

export function bringBack(draft, { state, editor, autosave }) {
  const stored = state.get("stored");
  if (!draft) return;
  if (draft.version !== stored.version) {
    state.set({ conflict: { mine: draft.text, theirs: stored } });
    return;
  }
  editor.setText(draft.text);
  state.read(editor);
  state.say("Edits that were not saved yet are back.");
  autosave.edited();
}
