// The way to a better model: commands to copy.

import { gettext } from "storaiteller/common/language";

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const command = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = gettext("Copied");
  } catch {
    // Without https, a page may not copy; what is selected, a person can.
    getSelection().selectAllChildren(command);
    button.textContent = gettext("Selected");
  }
});
