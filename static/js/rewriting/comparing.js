// A rewritten passage beside what it was, and each try beside the others.

import { part } from "storaiteller/common/dom";
import { gettext, interpolate } from "storaiteller/common/language";

const old = part("compare-old");
const list = part("compare-tries");
const NEAR = 8; // pixels: a text that is read at its end is followed

function card(number, text) {
  const item = part("compare-try").content.firstElementChild.cloneNode(true);
  const [choice, shown] = ["input", ".compare-text"].map((found) => item.querySelector(found));
  choice.value = number - 1;
  const name = interpolate(gettext("Try %(number)s"), { number });
  item.querySelector("label span").textContent = name;
  shown.setAttribute("aria-label", name);
  shown.textContent = text;
  return item;
}

// Shows the state's `rewrite`: the passage as it was, the finished tries, and the one that streams in.
export class Comparing {
  constructor(state) {
    Object.assign(this, { state, tries: null, streamed: null });
    list.addEventListener("change", ({ target }) => this.choose(Number(target.value)));
    state.subscribe(["rewrite"], (rewrite) => this.#show(rewrite));
  }

  // Another of the tries is the one that is kept.
  choose(index) {
    const rewrite = this.state.get("rewrite");
    if (rewrite.phase !== "review" || index === rewrite.index || !rewrite.tries[index]) return;
    this.state.set({ rewrite: { ...rewrite, index } });
  }

  // A try begins, and nothing of it is here yet.
  begin() {
    this.streamed?.remove();
    this.streamed = card(list.childElementCount + 1, "");
    this.streamed.classList.add("streaming");
    this.streamed.querySelector("input").disabled = true;
    list.append(this.streamed);
    this.streamed.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // What streams in is written anew.
  restart() {
    this.streamed?.querySelector(".compare-text").replaceChildren();
  }

  text(chunk) {
    const shown = this.streamed?.querySelector(".compare-text");
    if (!shown) return;
    const follow = shown.scrollHeight - shown.scrollTop - shown.clientHeight < NEAR;
    shown.append(chunk);
    if (follow) shown.scrollTop = shown.scrollHeight;
  }

  #show({ phase, tries, index, selected }) {
    old.textContent = selected;
    const streaming = phase === "streaming";
    if (tries !== this.tries || (this.streamed && !streaming)) {
      this.tries = tries;
      this.streamed = streaming ? this.streamed : null;
      list.replaceChildren(...tries.map(({ text }, at) => card(at + 1, text)));
      if (this.streamed) list.append(this.streamed);
    }
    const shown = phase === "review" && list.children[index];
    for (const choice of list.querySelectorAll("input")) choice.checked = false;
    if (!shown) return;
    shown.querySelector("input").checked = true;
    shown.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
