// The sheet of shortcuts: "?" where nothing is typed, Ctrl and "/" everywhere.

import { part } from "storaiteller/common/dom";

const TYPED_INTO = "input, textarea, select, [contenteditable=true]";

export function offerShortcuts() {
  const sheet = part("shortcuts");
  const open = () => document.querySelector("dialog[open]") || sheet.showModal();
  part("show-shortcuts").addEventListener("click", open);
  part("close-shortcuts").addEventListener("click", () => sheet.close());
  document.addEventListener("keydown", (event) => {
    const anywhere = (event.ctrlKey || event.metaKey) && event.key === "/";
    const here = event.key === "?" && !event.target.closest(TYPED_INTO);
    if (!anywhere && !here) return;
    event.preventDefault();
    open();
  });
}
