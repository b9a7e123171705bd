// Which of two stories is better: ← the first, → the second, = no difference.

import { part } from "storaiteller/common/dom";
import { listen } from "storaiteller/teaching/keys";

const form = part("choosing");
// A choice is sent once, however often the key is pressed.
form.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => delete form.dataset.sent);

listen(new Map([...form.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, one])));
