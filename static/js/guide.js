// Commands to copy: on the way to a better model, and with a tuned one.

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
