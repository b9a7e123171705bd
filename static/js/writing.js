// Following a generation over the socket: each code point once, in order, whatever happens.

import { StorySocket } from "storaiteller/socket";
import { codePoints } from "storaiteller/text";

const ACKNOWLEDGE_EVERY = 2000; // code points
const ACTIVE = new Set(["queued", "running"]);

// The rest of `text` after its first `count` code points.
function afterCodePoints(text, count) {
  return Array.from(text).slice(count).join("");
}

export class Writing {
  // `begin(generation)`, `text(chunk)`, `end(done)`, `fail(error)`, `pending()` and
  // `connected(isIt)` are told what happens; `done` is null when the end was missed and the stored
  // text has to be read, `pending` says that a finished rewrite waits for a decision.
  constructor(story, listeners) {
    this.listeners = listeners;
    this.current = null;
    this.greeting = true;
    this.socket = new StorySocket(story, {
      onFrame: (frame) => this.#take(frame),
      onState: (open) => {
        if (open) this.greeting = true;
        listeners.connected(open);
      },
    });
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
    this.socket.send({ type: "stop" });
  }

  #take(frame) {
    if (frame.type === "generation") this.#announced(frame);
    else if (frame.type === "text") this.#text(frame);
    else if (frame.type === "done") this.#done(frame);
    else if (frame.type === "error") this.listeners.fail(frame);
  }

  #announced(frame) {
    // The first frame of a connection tells how the story stands; later ones are followed already.
    const greeting = this.greeting;
    this.greeting = false;
    const known = this.current && this.current.id === frame.id;
    if (!ACTIVE.has(frame.status)) {
      if (this.current) this.#done(null);
      else if (frame.decision === "pending") this.listeners.pending();
      return;
    }
    if (!known) {
      this.current = { id: frame.id, offset: 0, acknowledged: 0 };
      this.listeners.begin(frame);
    }
    if (greeting) this.#attach();
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

  #done(frame) {
    if (frame && this.current && frame.generation !== this.current.id) return;
    this.current = null;
    this.listeners.end(frame);
  }
}
