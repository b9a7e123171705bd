// A state in one place: whoever changes it need not know who shows it.

export class Store {
  #state;
  #listeners = [];

  constructor(state) {
    this.#state = state;
  }

  get(key) {
    return this.#state[key];
  }

  // Put `changes` in; those who listen to one of them are told before this returns, in the order in
  // which they came. A value is replaced and never changed, so that the same one is no change.
  set(changes) {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) {
      // A listener may set something itself: nobody is told of what is past already.
      const now = this.#values(listener.keys);
      if (now.every((value, index) => Object.is(value, listener.known[index]))) continue;
      listener.known = now;
      listener.tell(...now);
    }
  }

  // Call `tell` with the values of `keys`, in their order, whenever one of them has changed.
  subscribe(keys, tell) {
    this.#listeners.push({ keys, tell, known: this.#values(keys) });
  }

  #values(keys) {
    return keys.map((key) => this.#state[key]);
  }
}
