// The settings form: Reset clears it, and a long list of errors starts at the first.

import { DEFAULT_MAX_WORDS } from "storaiteller/common/constants";
import "storaiteller/common/kept_fields";

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[type=reset]");
  if (!button) return;
  // A form's own reset would bring back the values that the page came with.
  event.preventDefault();
  for (const field of button.form.elements) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.tagName === "SELECT") field.selectedIndex = 0;
    else if (field.name === "max_words") field.value = DEFAULT_MAX_WORDS;
    else if (field.type === "text" || field.type === "textarea") field.value = "";
  }
  button.form.querySelectorAll(".error").forEach((error) => error.remove());
  button.form.querySelector(":is(input, textarea):not([type=hidden])").focus();
});

document.querySelector(".field.wrong :is(input, select, textarea)")?.focus();
