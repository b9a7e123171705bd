// Following a generation over the socket: each code point once, in order, whatever happens.

import { ACKNOWLEDGE_EVERY, ACTIVE, DECISION } from "storaiteller/common/constants";
import { codePoints } from "storaiteller/editor/text";

// The rest of `text` after its first `count` code points.
function afterCodePoints(text, count) {
  return Array.from(text).slice(count).join("");
}

export class Following {
  // `page` is told what happens: `begin(generation)`, `stand(generation)` with each place in the line
  // and when its turn has come, `text(chunk)`, `end(done)`, where `done` is null when what became of
  // the generation is not known and the stored text has to be read, `pending()` when a finished
  // rewrite waits for a decision, `waits(frame)` with what the first word is waited for,
  // `thinks()` while the model does that,
  // `reads(frame)` with the part of a long story that the model reads before, and `fail(error)`. `begin` and `end` may return promises.
  constructor(socket, page) {
    Object.assign(this, { socket, page });
    this.current = null;
    this.greeting = true;
    this.turn = Promise.resolve();
    // One after the other: what follows waits until the page is ready for it.
    socket.addEventListener("frame", ({ detail: frame }) => {
      this.turn = this.turn.then(() => this.#take(frame)).catch(reportError);
    });
    socket.addEventListener("open", () => (this.greeting = true));
  }

  get active() {
    return this.current !== null;
  }

  stop() {
    // By its number: sent late, it must not stop another one.
    if (this.current) this.socket.send({ type: "stop", generation: this.current.id });
  }

  async #take(frame) {
    if (frame.type === "generation") await this.#announced(frame);
    else if (frame.type === "text") this.#text(frame);
    else if (frame.type === "done") await this.#done(frame);
    else if (frame.type === "error") this.page.fail(frame);
    else if (frame.type === "waiting" && frame.generation === this.current?.id) {
      this.page.waits(frame);
    } else if (frame.type === "thinking" && frame.generation === this.current?.id) {
      this.page.thinks();
    } else if (frame.type === "reading" && frame.generation === this.current?.id) {
      this.page.reads(frame);
    }
  }

  async #announced(frame) {
    // The first frame of a connection tells how the story stands; later ones are followed already.
    const greeting = this.greeting;
    this.greeting = false;
    const known = this.current && this.current.id === frame.id;
    if (!ACTIVE.has(frame.status)) {
      if (this.current) await this.#done(known ? { ...frame, generation: frame.id } : null);
      else if (frame.decision === DECISION.PENDING) this.page.pending();
      return;
    }
    if (!known) {
      this.current = { id: frame.id, offset: 0, acknowledged: 0 };
      await this.page.begin(frame);
    }
    this.page.stand(frame);
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
    this.page.text(text);
    if (this.current.offset - this.current.acknowledged >= ACKNOWLEDGE_EVERY) {
      this.current.acknowledged = this.current.offset;
      this.socket.send({ type: "ack", offset: this.current.offset });
    }
  }

  async #done(frame) {
    if (frame && this.current && frame.generation !== this.current.id) return;
    this.current = null;
    await this.page.end(frame);
  }
}
