// Two stories side by side while both models write them; there is a choice when both are done.

import { part } from "storaiteller/common/dom";

const page = part("own-pair");
const headers = JSON.parse(document.body.getAttribute("hx-headers"));

// Calls `take` with each line of JSON in an answer as it comes.
const follow = async (url, take) => {
  const answer = await fetch(url, { method: "POST", headers });
  if (!answer.ok) throw new Error(answer.status);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    lines.forEach((line) => take(JSON.parse(line)));
  }
};

const write = async (place) => {
  if (!place.dataset.url) return true;
  let text = "";
  let whole = false;
  try {
    await follow(place.dataset.url, (told) => {
      if (told.error) throw new Error(told.error);
      text = told.text ?? text + told.add;
      whole = "text" in told;
      place.textContent = text;
    });
  } catch (error) {
    whole = false;
  }
  if (!whole) place.textContent = page.dataset.failed;
  return whole;
};

const places = [...page.querySelectorAll("[data-place]")];
const waiting = places.some((place) => place.dataset.url);
if (waiting) {
  // One after the other: a model server for one would only take turns.
  let done = true;
  for (const place of places) done = (await write(place)) && done;
  if (done) {
    part("choosing").hidden = false;
    part("own-status").textContent = part("own-status").dataset.done;
  }
}
