// A generation on the page, from its announcement until what came of it is shown as it is stored.

import { ERROR, KIND, STATUS } from "storaiteller/common/constants";
import { gettext, interpolate } from "storaiteller/common/language";
import { getJSON } from "storaiteller/common/requests";
import { offerInstall } from "storaiteller/writing/install";
import { Silence } from "storaiteller/writing/silence";
import { ending, standing } from "storaiteller/writing/standing";

const READING = gettext("Reading what came before: part %(part)s of %(parts)s…");
const NEAR_THE_END = 160; // pixels: whoever is this near reads along
const RETRY = 2000; // milliseconds

function isNearTheEnd() {
  const root = document.documentElement;
  return root.scrollHeight - root.scrollTop - root.clientHeight < NEAR_THE_END;
}

export class Generations {
  // `story` and `rewriting` take the text in, each of its kinds: `prepare()` before the page knows of
  // the generation, `begin(generation)`, `run(generation)` at its turn, `text(chunk)`, and
  // `end(next, words)` with the stored story and how it ended. `isLast` tells whether the text grows
  // at the end of what there is.
  constructor(state, story, rewriting) {
    Object.assign(this, { state, story, rewriting });
    this.silence = new Silence(state);
    this.running = false;
  }

  #taker({ kind }) {
    return kind === KIND.REWRITE ? this.rewriting : this.story;
  }

  get #current() {
    return this.state.get("generation");
  }

  async begin(generation) {
    const taker = this.#taker(generation);
    this.running = false;
    this.state.set({ ...taker.prepare(), generation });
    this.state.closeNotice();
    await taker.begin(generation);
  }

  // In the line, the page shows what there is.
  stand(frame) {
    const generation = { ...this.#current, ...frame };
    const waited = !this.running;
    this.running = generation.status !== STATUS.QUEUED;
    if (this.running && !waited) return;
    this.state.set({ generation });
    if (this.running) this.#taker(generation).run(generation);
    this.state.say(standing(generation));
    if (this.running) this.silence.begin();
    else this.silence.end();
  }

  waits({ loaded }) {
    this.silence.waits(loaded);
  }

  thinks() {
    this.state.say(gettext("The model is thinking…"));
    this.silence.begin();
  }

  reads({ part, of }) {
    this.state.say(interpolate(READING, { part, parts: of }));
    this.silence.begin();
  }

  text(chunk) {
    if (this.silence.isFirst) this.state.say(standing(this.#current));
    this.silence.word();
    const taker = this.#taker(this.#current);
    const follow = isNearTheEnd() && taker.isLast;
    taker.text(chunk);
    if (follow) scrollTo(0, document.documentElement.scrollHeight);
  }

  async end(done, ended = this.#current) {
    this.silence.end();
    try {
      const next = await getJSON(this.state.urls.textUrl);
      if (this.#current !== ended) return; // this is a retry, and another one has begun
      this.state.dismiss(ERROR.NOT_STORED);
      this.#taker(ended).end(next, ending(done, ended, next));
    } catch (error) {
      if (error.status === 404) this.state.notify(error.message);
      // What was streamed stays shown until the page can ask how it is stored.
      else setTimeout(() => this.end(done, ended), RETRY);
    }
  }

  pending() {
    this.rewriting.pending();
  }

  fail({ code, message }) {
    if (!this.rewriting.refused(code)) this.state.notify(message, code);
    if (code === ERROR.MODEL_MISSING) offerInstall();
    if (!this.#current) this.state.say("");
  }
}
