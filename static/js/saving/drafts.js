// What the server has not got yet, in this browser's storage, until it has.
//
// Each page keeps a draft of its own: two tabs never take each other's away.

export class Drafts {
  constructor(story) {
    this.prefix = `storaiteller:draft:${story}:`;
    this.key = this.prefix + crypto.getRandomValues(new Uint32Array(2)).join("-");
  }

  // The newest draft that an earlier page could not save, or null; it is this page's from now on.
  // Drafts of `saved`, the text that the server has, are removed.
  take(saved) {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
      const drafts = keys.map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) }));
      const unsaved = drafts.filter((draft) => draft.text !== saved);
      for (const { key } of drafts.filter((draft) => !unsaved.includes(draft))) {
        localStorage.removeItem(key);
      }
      const newest = unsaved.sort((one, other) => other.at - one.at)[0];
      if (newest) this.key = newest.key;
      return newest ?? null;
    } catch {
      return null;
    }
  }

  // Keep `text`, which goes on from the stored `version`.
  keep(version, text) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ version, text, at: Date.now() }));
    } catch {
      // No storage, or it is full: the server still gets the text.
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // As above.
    }
  }
}
