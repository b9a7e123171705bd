// Reading good stories: what is decided is decided here, by one key.

import { part } from "storaiteller/common/dom";
import { listen } from "storaiteller/teaching/keys";

const form = part("deciding");
const choices = part("choices");

const open = (fields) => {
  for (const other of form.querySelectorAll("fieldset")) other.hidden = other.disabled = other !== fields;
  choices.hidden = Boolean(fields);
  const first = fields ? fields.querySelector("input, textarea") : choices.querySelector("button");
  first.focus();
};

for (const button of form.querySelectorAll("[data-opens]")) {
  button.addEventListener("click", () => open(part(button.dataset.opens)));
}
for (const button of form.querySelectorAll("[data-cancel]")) {
  button.addEventListener("click", () => open(null));
}
form.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && choices.hidden) open(null);
  // In the field of the reason, Enter rejects: the first button of a form would approve.
  if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    event.target.closest("fieldset").querySelector("button").click();
  }
});
// A decision is sent once, however often the key is pressed.
form.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => delete form.dataset.sent);

listen(new Map([...choices.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, one])));
