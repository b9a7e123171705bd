// The buttons that ask for a text, and Stop.

import { part } from "storaiteller/common/dom";
import { gettext } from "storaiteller/common/language";

export class Commands {
  constructor(state, { editor, autosave, socket, following, next }) {
    Object.assign(this, { state, editor, autosave, socket, following });
    this.starting = false;
    part("write").addEventListener("click", () => this.#start("write"));
    part("another").addEventListener("click", () => this.#another());
    part("regenerate").addEventListener("click", () => this.#start("write"));
    const proceed = () => this.#start("continue", { next: next.wish });
    part("continue").addEventListener("click", proceed);
    next.addEventListener("entered", proceed);
    part("stop").addEventListener("click", () => {
      state.say(gettext("Stopping…"));
      following.stop();
    });
  }

  // Write the first text of a story that has none.
  begin() {
    if (!this.state.get("stored").text) this.#start("write");
  }

  // End the writing; false when there is none.
  stop() {
    const active = this.state.get("generation") !== null;
    if (active) part("stop").click();
    return active;
  }

  // With a text on the page, a new story is another one, begun from the same settings.
  async #another() {
    if (await this.autosave.settled()) location.assign(this.state.urls.newUrl);
  }

  async #start(type, more = {}) {
    if (this.starting) return;
    this.starting = true;
    const ready = await this.autosave.settled();
    this.starting = false;
    if (!ready || this.following.active) return;
    this.state.say(this.state.get("connected") ? gettext("Asking the model…") : gettext("Connecting…"));
    this.state.closeNotice();
    this.socket.send({ type, ...more });
  }
}
