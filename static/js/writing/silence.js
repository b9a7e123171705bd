// While nothing comes from the model, the person is told what is waited for.

import { gettext, interpolate } from "storaiteller/common/language";
import { standing } from "storaiteller/writing/standing";

const QUIET = 8; // seconds without a word, before the page says so
const AGAIN = 15; // seconds between two such words

const SILENT = gettext("The model has been silent for %(seconds)s seconds; still waiting for it.");
const READING = gettext(
  "Waiting for the first word for %(seconds)s seconds; the model is reading, or busy with others.",
);
const LOADING = gettext(
  "Waiting for the first word for %(seconds)s seconds; the model is being loaded.",
);

export class Silence {
  constructor(state) {
    this.state = state;
    this.timer = null;
  }

  // The model is asked from now on.
  begin() {
    this.heard = false;
    this.loaded = null; // not known
    this.#expect();
  }

  // The server says whether the model is in its memory.
  waits(loaded) {
    const isNews = loaded !== this.loaded;
    this.loaded = loaded;
    if (!this.told || !isNews) return;
    clearTimeout(this.timer);
    this.#tell();
  }

  // Nothing has come yet.
  get isFirst() {
    return !this.heard;
  }

  // Something came.
  word() {
    if (this.told) this.#say(standing(this.state.get("generation")));
    this.heard = true;
    this.#expect();
  }

  end() {
    clearTimeout(this.timer);
    this.timer = null;
    this.told = false;
  }

  #expect() {
    this.end();
    this.since = performance.now();
    this.timer = setTimeout(() => this.#tell(), QUIET * 1000);
  }

  #tell() {
    const seconds = Math.round((performance.now() - this.since) / 1000);
    this.told = true;
    this.#say(
      this.heard
        ? interpolate(SILENT, { seconds })
        : interpolate(this.#waiting, { seconds }),
    );
    this.timer = setTimeout(() => this.#tell(), AGAIN * 1000);
  }

  get #waiting() {
    if (this.loaded === null) return gettext("Waiting for the first word for %(seconds)s seconds.");
    return this.loaded ? READING : LOADING;
  }

  // Without a connection there is more to say than this.
  #say(words) {
    if (this.state.get("connected")) this.state.say(words);
  }
}
