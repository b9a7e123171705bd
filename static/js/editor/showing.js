// The editor beside the page's state: filled with what is to be shown, locked, and summed up.

export function showStory(state, editor) {
  const show = ({ text }) => {
    editor.setText(text);
    state.read(editor);
  };
  editor.addEventListener("edit", () => state.read(editor));
  state.subscribe(["shown"], show);
  state.subscribe(["generation", "conflict", "replacing"], (_, conflict, replacing) =>
    editor.lock(state.isStreamed || conflict !== null || replacing),
  );
  show(state.get("shown"));
}
