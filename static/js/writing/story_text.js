// A text that is written into the story itself: a new one, or how it goes on.

import { KIND, STATUS } from "storaiteller/common/constants";
import { getJSON } from "storaiteller/common/requests";
import { ENDS } from "storaiteller/writing/standing";

export class StoryText {
  constructor(state, editor, autosave) {
    Object.assign(this, { state, editor, autosave });
  }

  get isLast() {
    return true;
  }

  // It may have begun in another tab, in the middle of what is typed here.
  prepare() {
    const aside = this.state.get("aside");
    const mine = this.state.get("conflict")?.mine;
    return { aside: aside ?? mine ?? this.autosave.setAside(), conflict: null };
  }

  async begin({ kind, base_version: version }) {
    if (kind !== KIND.CONTINUE) return;
    // Show the text that it goes on from.
    if (version === this.state.get("stored").version && this.state.get("aside") === null) return;
    this.editor.setText((await getJSON(this.state.urls.textUrl)).text);
  }

  run({ kind }) {
    this.editor.stream(true);
    if (kind === KIND.WRITE) this.editor.setText("");
  }

  text(chunk) {
    this.editor.append(chunk);
  }

  end(next, words) {
    const mine = this.state.get("aside");
    this.editor.stream(false);
    const over = { generation: null, aside: null };
    if (mine === null || mine === next.text) {
      this.state.show(next, over);
    } else {
      // It goes on from what it was typed into: the server merges it, or lets the writer choose.
      this.editor.setText(mine);
      this.state.read(this.editor);
      this.state.set({ ...over, heard: next.version, reported: next.version });
      this.autosave.edited();
      this.autosave.flush();
    }
    // What there is to be done about stays.
    if (words === ENDS[STATUS.INTERRUPTED]) this.state.say(words);
    else this.state.tell(words);
  }
}
