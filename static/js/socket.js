// A websocket that comes back by itself, for as long as there is something to come back to.

const FIRST_WAIT = 300; // milliseconds
const LONGEST_WAIT = 10000;
const LEAVING = 1000; // the close code of a page that is left

export class StorySocket {
  // `onFrame(frame)` and `onState(open, code, dropped)` are told what happens; `dropped` is true of a
  // connection that had come about. `mayReturn()` is asked after one that did not; it resolves to
  // false when trying again is of no use until the person comes back to the page, or wants something
  // sent.
  constructor(story, { onFrame, onState, mayReturn }) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.url = `${scheme}://${location.host}/ws/stories/${story}/`;
    Object.assign(this, { onFrame, onState, mayReturn });
    this.wait = FIRST_WAIT;
    this.queue = [];
    this.connect();
    addEventListener("online", () => this.#hurry());
    addEventListener("focus", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.connect());
  }

  connect() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    let opened = false;
    let since = 0;
    this.socket = socket;
    socket.addEventListener("open", () => {
      opened = true;
      since = performance.now();
      this.onState(true);
      for (const frame of this.queue.splice(0)) this.send(frame);
    });
    socket.addEventListener("message", (event) => this.onFrame(JSON.parse(event.data)));
    socket.addEventListener("close", async (event) => {
      if (this.left === socket) return;
      this.onState(false, event.code, opened);
      // One that is closed again at once is not tried again at once for ever.
      if (opened && performance.now() - since > LONGEST_WAIT) this.wait = FIRST_WAIT;
      if (!opened && !(await this.mayReturn())) return;
      if (this.socket === socket) this.#return();
    });
  }

  #return() {
    // Spread out, so that a restarted server is not met by everybody at once.
    this.timer = setTimeout(() => this.connect(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  #leave() {
    this.left = this.socket;
    clearTimeout(this.timer);
    this.socket.close(LEAVING);
  }

  #hurry() {
    if (document.visibilityState === "hidden" || this.socket.readyState !== WebSocket.CLOSED) return;
    this.wait = FIRST_WAIT;
    this.connect();
  }

  // A command waits for the connection; an acknowledgement of an older one is worth nothing.
  send(frame) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
    else if (frame.type !== "ack" && frame.type !== "attach") {
      this.queue.push(frame);
      this.#hurry();
    }
  }
}
