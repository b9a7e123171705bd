// A websocket that comes back by itself, for as long as there is something to come back to.

import { ROOT } from "storaiteller/common/root";

const FIRST_WAIT = 300; // milliseconds
const LONGEST_WAIT = 10000;
const LEAVING = 1000; // the close code of a page that is left

// Dispatches "open", "close" and, of each frame that comes, "frame" with it as `detail`. A "close"
// has as `detail` whether the connection had come about.
export class StorySocket extends EventTarget {
  // `connection` is told how it stands. It is asked after an attempt that came to nothing whether it
  // may be tried again; otherwise that waits until the person comes back to the page, or wants
  // something sent.
  constructor(story, connection) {
    super();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.url = `${scheme}://${location.host}${ROOT}ws/stories/${story}/`;
    this.connection = connection;
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
      this.#say("open");
      this.connection.opened();
      for (const frame of this.queue.splice(0)) this.send(frame);
    });
    socket.addEventListener("message", (event) =>
      this.#say("frame", JSON.parse(event.data)),
    );
    socket.addEventListener("close", async (event) => {
      if (this.left === socket) return;
      this.#say("close", opened);
      if (!this.connection.closed(event.code)) return;
      // One that is closed again at once is not tried again at once for ever.
      if (opened && performance.now() - since > LONGEST_WAIT) this.wait = FIRST_WAIT;
      if (!opened && !(await this.connection.mayReturn())) return;
      if (this.socket === socket) this.#return();
    });
  }

  #say(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
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
