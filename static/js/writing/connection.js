// Whether the page has its connection, and what the person is told when it has not.

import { CLOSE } from "storaiteller/common/constants";
import { gettext } from "storaiteller/common/language";
import { getJSON } from "storaiteller/common/requests";
import { standing } from "storaiteller/writing/standing";

const WHY_NOT = {
  signedOut: gettext(
    "You are signed out. Sign in again in another tab, and come back. Your text is kept here.",
  ),
  gone: gettext(
    "This story is not here any more: it was deleted, or somebody else is signed in now. " +
      "Your text is kept here. Copy what you need.",
  ),
  tooMany: gettext(
    "You have too many pages with stories open. Close some, and come back to this one. " +
      "Your text is kept here. What you type is still saved.",
  ),
  failing: gettext(
    "The server has a fault at the moment; whoever runs it finds the reason in its log. " +
      "Your text is kept here.",
  ),
  refused: gettext(
    "The server refuses the connection that stories are written over. What you type is still saved.",
  ),
};
const OVER = [gettext("Connection ended"), gettext("Connection lost; trying again…")];
const ENDED = new Set(["signedOut", "gone"]);
const REFUSALS = 3; // in a row, before the person is told

const NOTICE = "connection"; // what the notice is about

export class Connection {
  constructor(state) {
    this.state = state;
    this.why = ""; // a key of WHY_NOT; the last one known stands until there is a connection
    this.refusals = 0;
    state.subscribe(["saving"], (saving) => {
      if (ENDED.has(saving)) this.#explain(saving);
      // The server took what was typed: the story is there, and its owner signed in.
      if (saving === "saved" && ENDED.has(this.why)) this.#settle();
    });
  }

  opened() {
    this.refusals = 0;
    this.#settle();
    if (OVER.includes(this.state.get("status"))) {
      this.state.say(standing(this.state.get("generation")));
    }
    this.state.set({ connected: true });
  }

  // Whether trying again by itself is of use.
  closed(code) {
    const tooMany = code === CLOSE.TOO_MANY;
    this.#lost(tooMany ? "tooMany" : code === CLOSE.SIGNED_OUT ? "signedOut" : "");
    return !tooMany;
  }

  // Whether trying again is of use after a connection that did not come about. The browser does not
  // tell why: an ordinary request finds out.
  async mayReturn() {
    try {
      await getJSON(this.state.urls.textUrl);
    } catch (error) {
      const why = error.isSignedOut ? "signedOut" : error.status === 404 ? "gone" : "";
      if (why) this.#lost(why);
      else if (error.status) this.#lost("failing");
      return !why;
    }
    // A server that is just starting may serve pages a moment earlier.
    this.refusals += 1;
    if (this.refusals >= REFUSALS) this.#lost("refused");
    return true;
  }

  #lost(why) {
    if (why) this.#explain(why);
    const ended = ENDED.has(this.why) || this.why === "tooMany";
    this.state.say(OVER[ended ? 0 : 1]);
    this.state.set({ connected: false });
  }

  #settle() {
    if (this.why) this.state.dismiss(NOTICE);
    this.why = "";
  }

  // Told once, however often it is tried again.
  #explain(why) {
    if (why !== this.why) this.state.notify(WHY_NOT[why], NOTICE);
    this.why = why;
  }
}
