// A websocket that comes back by itself.

const FIRST_WAIT = 300; // milliseconds
const LONGEST_WAIT = 10000;
const QUIET_CLOSE = 1000;

export class StorySocket {
  constructor(story, { onFrame, onState }) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.url = `${scheme}://${location.host}/ws/stories/${story}/`;
    Object.assign(this, { onFrame, onState });
    this.wait = FIRST_WAIT;
    this.queue = [];
    this.connect();
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
    addEventListener("pagehide", () => this.socket.close(QUIET_CLOSE));
    addEventListener("pageshow", (event) => event.persisted && this.connect());
  }

  connect() {
    clearTimeout(this.timer);
    this.socket = new WebSocket(this.url);
    this.greeted = false;
    this.socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      this.onState(true);
      for (const frame of this.queue.splice(0)) this.send(frame);
    });
    this.socket.addEventListener("message", (event) => this.onFrame(JSON.parse(event.data)));
    this.socket.addEventListener("close", (event) => {
      if (event.code === QUIET_CLOSE) return;
      this.onState(false, event.code);
      // Spread out, so that a restarted server is not met by everybody at once.
      this.timer = setTimeout(() => this.connect(), this.wait * (0.5 + Math.random()));
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    });
  }

  #hurry() {
    if (document.visibilityState === "hidden" || this.socket.readyState !== WebSocket.CLOSED) return;
    this.wait = FIRST_WAIT;
    this.connect();
  }

  // A command waits for the connection; an acknowledgement of an older one is worth nothing.
  send(frame) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
    else if (frame.type !== "ack" && frame.type !== "attach") this.queue.push(frame);
  }
}
