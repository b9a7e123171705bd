// Following a generation over the socket: each code point once, in order, whatever happens.

import { getJSON } from "storaiteller/requests";
import { StorySocket } from "storaiteller/socket";
import { codePoints } from "storaiteller/text";

const ACKNOWLEDGE_EVERY = 2000; // code points
const SIGNED_OUT = 4401; // a close code of the server's
const REFUSALS = 3; // in a row, before the person is told
const ACTIVE = new Set(["queued", "running"]);

// The rest of `text` after its first `count` code points.
function afterCodePoints(text, count) {
  return Array.from(text).slice(count).join("");
}

export class Writing {
  // `begin(generation)`, `wait(generation)`, `run(generation)`, `text(chunk)`, `end(done)`,
  // `fail(error)`, `pending()` and `connected` are told what happens; `begin` and `end` may return
  // promises. `wait` comes with each new place in the line, `run` when its turn has come. `done` is
  // null when what became of the generation is not known and the stored text has to be read;
  // `pending` says that a finished rewrite waits for a decision; `connected(isIt, why,
  // dropped)`, where `why` is "signedOut", "gone", "failing" or "refused" if it is known, and what
  // was asked on a connection that `dropped` may not have arrived. `url` answers how the story stands.
  constructor(story, url, listeners) {
    this.listeners = listeners;
    this.current = null;
    this.greeting = true;
    this.refusals = 0;
    this.turn = Promise.resolve();
    this.socket = new StorySocket(story, {
      // One after the other: what follows waits until the page is ready for it.
      onFrame: (frame) => {
        this.turn = this.turn.then(() => this.#take(frame)).catch(reportError);
      },
      onState: (open, code, dropped) => {
        if (open) this.greeting = true;
        if (open) this.refusals = 0;
        listeners.connected(open, code === SIGNED_OUT ? "signedOut" : "", dropped);
      },
      mayReturn: () => this.#mayReturn(url),
    });
  }

  // Whether trying again is of use after a connection that did not come about. The browser does not
  // tell why: an ordinary request finds out.
  async #mayReturn(url) {
    try {
      await getJSON(url);
    } catch (error) {
      const why = error.isSignedOut ? "signedOut" : error.status === 404 ? "gone" : "";
      if (why) this.listeners.connected(false, why);
      else if (error.status) this.listeners.connected(false, "failing");
      return !why;
    }
    // A server that is just starting may serve pages a moment earlier.
    this.refusals += 1;
    if (this.refusals >= REFUSALS) this.listeners.connected(false, "refused");
    return true;
  }

  get active() {
    return this.current !== null;
  }

  write() {
    this.socket.send({ type: "write" });
  }

  goOn() {
    this.socket.send({ type: "continue" });
  }

  // `passage` is `{ start, end, version, selected }`, `wish` what is asked of it.
  rewrite(passage, wish) {
    this.socket.send({ type: "rewrite", ...passage, ...wish });
  }

  stop() {
    // By its number: sent late, it must not stop another one.
    if (this.current) this.socket.send({ type: "stop", generation: this.current.id });
  }

  async #take(frame) {
    if (frame.type === "generation") await this.#announced(frame);
    else if (frame.type === "text") this.#text(frame);
    else if (frame.type === "done") await this.#done(frame);
    else if (frame.type === "error") this.listeners.fail(frame);
  }

  async #announced(frame) {
    // The first frame of a connection tells how the story stands; later ones are followed already.
    const greeting = this.greeting;
    this.greeting = false;
    const known = this.current && this.current.id === frame.id;
    if (!ACTIVE.has(frame.status)) {
      if (this.current) await this.#done(known ? { ...frame, generation: frame.id } : null);
      else if (frame.decision === "pending") this.listeners.pending();
      return;
    }
    if (!known) {
      this.current = { id: frame.id, offset: 0, acknowledged: 0 };
      await this.listeners.begin(frame);
    }
    this.#stand(frame);
    if (greeting) this.#attach();
  }

  #stand(frame) {
    const waited = !this.current.running;
    this.current.running = frame.status !== "queued";
    if (!this.current.running) this.listeners.wait(frame);
    else if (waited) this.listeners.run(frame);
  }

  #attach() {
    const { id, offset } = this.current;
    this.socket.send({ type: "attach", generation: id, offset });
  }

  #text(frame) {
    if (!this.current || frame.generation !== this.current.id) return;
    const known = this.current.offset - frame.offset;
    if (known < 0) {
      this.#attach(); // a gap: ask again from where this page is
      return;
    }
    const text = known ? afterCodePoints(frame.text, known) : frame.text;
    if (!text) return;
    this.current.offset += codePoints(text);
    this.listeners.text(text);
    if (this.current.offset - this.current.acknowledged >= ACKNOWLEDGE_EVERY) {
      this.current.acknowledged = this.current.offset;
      this.socket.send({ type: "ack", offset: this.current.offset });
    }
  }

  async #done(frame) {
    if (frame && this.current && frame.generation !== this.current.id) return;
    this.current = null;
    await this.listeners.end(frame);
  }
}
