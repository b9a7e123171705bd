// The page of a story: editor, saving, writing, rewriting and the buttons, brought together.

import { Autosave } from "storaiteller/autosave";
import { Conflict } from "storaiteller/conflict";
import { Connection } from "storaiteller/connection";
import { downloadSettled } from "storaiteller/download";
import { StoryEditor } from "storaiteller/editor";
import { History } from "storaiteller/history";
import { offerInstall } from "storaiteller/install";
import { Marking } from "storaiteller/marking";
import { getJSON, postJSON } from "storaiteller/requests";
import { Rewriting } from "storaiteller/rewriting";
import { ending, LEFT, standing } from "storaiteller/standing";
import { Waiting } from "storaiteller/waiting";
import { Writing } from "storaiteller/writing";

const page = document.getElementById("story");
const urls = page.dataset;
const part = (id) => document.getElementById(id);
const buttons = ["stop", "regenerate", "continue", "write"].map(part);
const [stopButton, regenerateButton, continueButton, writeButton] = buttons;
const NEAR_THE_END = 160; // pixels: whoever is this near reads along
const RETRY = 2000; // milliseconds

let state = JSON.parse(part("story-state").textContent);
let noticed = ""; // the code of the error that is shown
let begun = null; // the generation that is being written
let aside = null; // edits that the server had not got when it began
let reported = state.version; // the version that the report is about

// ---- Text and saving ----

const editor = new StoryEditor(part("story-text"), {
  onEdit() {
    autosave.edited();
    countWords();
    showButtons();
  },
  onSelect: () => marking.changed(),
  onUndo: () => history.undo(),
  onRedo: () => history.redo(),
});

const SAVED_WORDS = {
  pending: "",
  saving: "Saving…",
  saved: "Saved",
  unsaved: "Not saved yet; trying again",
  signedOut: "Not saved: sign in again",
  gone: "Not saved: the story is gone",
  refused: "Not saved",
  conflict: "Not saved",
};

// A rewrite shows its text beside the story; everything else is written into it.
const isStreamed = () => begun !== null && begun.kind !== "rewrite";

const autosave = new Autosave({
  story: urls.story,
  url: urls.textUrl,
  state,
  read: () => (isStreamed() ? autosave.saved : editor.text),
  walked: () => editor.walked,
  tell(kind, detail) {
    part("saved").textContent = SAVED_WORDS[kind];
    part("saved").dataset.kind = kind;
    if (kind === "refused") notify(detail.message);
    if (kind === "gone" || kind === "signedOut") connection.explain(kind);
    if (kind === "saved") {
      connection.saved();
      state = { ...state, ...detail };
      showButtons();
    }
  },
  conflict: showConflict,
});

downloadSettled(part("download"), autosave, settled);

const conflict = new Conflict(editor, {
  url: urls.differencesUrl,
  async keepMine(mine, theirs) {
    show(theirs);
    // What was proposed for the other text is settled by taking this one.
    if (theirs.review) await postJSON(`${urls.storyUrl}rewrites/discard/`, {}).catch(() => {});
    rewriting.show(null);
    editor.setText(mine);
    autosave.edited();
    autosave.flush();
  },
  keepTheirs: (_, theirs) => show(theirs),
});

function showConflict(mine, theirs) {
  autosave.blocked = true;
  conflict.show(mine, theirs);
  showButtons();
}

// Whether the server has every edit; if not, the writer is told, and what was asked for waits.
async function settled() {
  if (await autosave.flush()) return true;
  // What the server refused it has given its reason for.
  if (!conflict.isOpen && part("saved").dataset.kind !== "refused") {
    notify("Your edits are not saved yet. Try again once they are.");
  }
  return false;
}

// Show the stored `next` as it is.
function show(next) {
  state = next;
  autosave.reset(next);
  editor.setText(next.text);
  rewriting.show(next.review);
  const title = part("title");
  if (document.activeElement !== title) title.value = next.title;
  countWords();
  showButtons();
  if (next.version !== reported) showReport();
}

function showReport() {
  reported = state.version;
  htmx.ajax("GET", urls.reportUrl, { target: "#report", swap: "outerHTML" });
}

function countWords() {
  const { words } = editor;
  part("words").textContent = words ? `${words.toLocaleString()} word${words === 1 ? "" : "s"}` : "";
}

// A title has one line, however long: Enter keeps it. Delegated, as htmx replaces the field.
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "title" || event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  event.target.blur();
});

// ---- Writing ----

const connection = new Connection({
  notify: (words) => notify(words, "connection"),
  clear: () => dismiss("connection"),
  say,
  back: () => part("status").textContent.startsWith("Connection") && say(standing(begun)),
});

const waiting = new Waiting((words) => connection.isOpen && say(words), () => standing(begun));

const writing = new Writing(urls.story, urls.textUrl, {
  async begin(generation) {
    // It may have begun in another tab, in the middle of what is typed here.
    if (generation.kind !== "rewrite") aside ??= conflict.dismiss() ?? autosave.setAside();
    begun = generation;
    part("notice").hidden = true;
    if (isStreamed()) editor.lock(true);
    showButtons();
    if (generation.kind === "rewrite") await rewriting.begin(placedReview);
    else if (generation.kind === "continue") await showBase(generation);
  },
  // Until its turn comes, the page shows what there is.
  wait(generation) {
    Object.assign(begun, generation);
    waiting.end();
    page.classList.add("waiting");
    say(standing(begun));
  },
  run(generation) {
    Object.assign(begun, generation);
    page.classList.remove("waiting");
    if (isStreamed()) editor.stream(true);
    else rewriting.run();
    if (generation.kind === "write") editor.setText("");
    say(standing(begun));
    waiting.begin();
  },
  text(chunk) {
    waiting.word();
    const follow = nearTheEnd() && (isStreamed() || editor.passageIsLast);
    if (isStreamed()) editor.append(chunk);
    else rewriting.text(chunk);
    if (follow) scrollTo(0, document.documentElement.scrollHeight);
  },
  async end(done, ended = begun) {
    waiting.end();
    try {
      const next = await getJSON(urls.textUrl);
      if (begun !== ended) return; // this is a retry, and another one has begun
      begun = null;
      dismiss("not_stored");
      page.classList.remove("waiting");
      if (ended?.kind === "rewrite") endRewrite(next, ending(done, ended, next));
      else showEnd(next, ending(done, ended, next));
    } catch (error) {
      if (error.status === 404) notify(error.message);
      // What was streamed stays shown until the page can ask how it is stored.
      else setTimeout(() => this.end(done, ended), RETRY);
    }
  },
  pending() {
    // It may have ended between the page and the socket.
    if (rewriting.phase === "streaming") getJSON(urls.textUrl).then((next) => endRewrite(next));
  },
  fail(error) {
    const asked = rewriting.refused();
    if (asked && error.code === "conflict") getJSON(urls.textUrl).then(compare);
    else notify(error.message, error.code);
    if (error.code === "model_missing") offerInstall();
    if (!begun) say("");
    showButtons();
  },
  connected(open, why, dropped) {
    if (dropped && !begun && rewriting.refused()) {
      notify("The connection was lost before the server answered. Ask for the rewrite again.");
      showButtons();
    }
    connection.changed(open, why);
    if (open) autosave.flush();
    page.classList.toggle("offline", !open);
  },
});

// Show the text that a continuation goes on from.
async function showBase({ base_version: version }) {
  if (version !== state.version || aside !== null) editor.setText((await getJSON(urls.textUrl)).text);
}

function showEnd(next, words) {
  editor.stream(false);
  const mine = aside;
  aside = null;
  if (mine === null || mine === next.text) {
    show(next);
  } else {
    editor.setText(mine);
    showConflict(mine, next);
  }
  say(words);
}

function nearTheEnd() {
  const root = document.documentElement;
  return root.scrollHeight - root.scrollTop - root.clientHeight < NEAR_THE_END;
}

let starting = false;

async function start(command) {
  if (starting) return;
  starting = true;
  const ready = await settled();
  starting = false;
  if (!ready || writing.active) return;
  say(connection.isOpen ? "Asking the model…" : "Connecting…");
  part("notice").hidden = true;
  command();
}

writeButton.addEventListener("click", () => {
  // With a text on the page, a new story is another one, begun from the same settings.
  if (!state.text && editor.isEmpty) start(() => writing.write());
  else settled().then((ready) => ready && location.assign(urls.newUrl));
});
regenerateButton.addEventListener("click", () => start(() => writing.write()));
continueButton.addEventListener("click", () => start(() => writing.goOn()));
stopButton.addEventListener("click", () => {
  say("Stopping…");
  writing.stop();
});

// End the writing; false when there is none.
function stop() {
  if (begun) stopButton.click();
  return begun !== null;
}

// ---- Rewriting a part ----

const rewriting = new Rewriting({
  editor,
  url: `${urls.storyUrl}rewrites/`,
  send: (passage, wish) => writing.rewrite(passage, wish),
  // The panel opens over the foot of the page: what it is about must not be under it.
  reveal(position) {
    const under = editor.view.coordsAtPos(position).bottom - part("dock").getBoundingClientRect().top;
    if (under > 0) scrollBy({ top: under + 24, behavior: "smooth" });
  },
  accept(next) {
    state = next;
    editor.forget();
    autosave.rebase(next);
    countWords();
    showButtons();
    showReport();
  },
  conflict: showConflict,
  say,
  notify,
  changed: () => showButtons(),
  async saved() {
    part("notice").hidden = true;
    return (await settled()) ? autosave.version : null;
  },
});

const marking = new Marking({ editor, rewriting, say, stop });

// How a rewrite that began elsewhere stands, if this page shows the text that it is about.
async function placedReview() {
  const next = await getJSON(urls.textUrl);
  const same = next.version === autosave.version && !autosave.pending;
  return same ? next.review : null;
}

function endRewrite(next, words = "") {
  const { review, can_undo, can_redo } = next;
  state = { ...state, review, can_undo, can_redo };
  rewriting.end(review);
  if (words === LEFT) say(words);
}

// The passage was not where this page took it to be: show how the story reads there and here.
function compare(theirs) {
  if (theirs.text === editor.text) show(theirs);
  else showConflict(editor.text, theirs);
}

// ---- The buttons ----

const history = new History({
  editor, settled, urls, show, say, notify, state: () => state,
});

function showButtons() {
  const hasText = !editor.isEmpty;
  const active = Boolean(begun);
  // While a part is dealt with, or a choice is to be made, the story as a whole waits.
  const free = !active && rewriting.phase === "idle" && !conflict.isOpen;
  const focused = buttons.find((button) => button === document.activeElement);
  stopButton.hidden = !active;
  writeButton.hidden = !free;
  for (const button of [regenerateButton, continueButton, part("select-part")]) {
    button.hidden = !free || !hasText;
  }
  // Who used the keyboard goes on from a button that is there.
  if (focused?.hidden) buttons.find((button) => !button.hidden)?.focus({ preventScroll: true });
  writeButton.classList.toggle("primary", !hasText);
  part("takes").inert = active || !free;
  // A mark is about what is stored.
  part("good-form").querySelector("button").disabled = active || !state.text.trim();
  document.body.classList.toggle("has-text", hasText);
  // While a text is to come, or to be chosen, it would not be what the page shows.
  part("take-along").hidden = active || conflict.isOpen || !hasText;
  history.showButtons();
}

// ---- Words to the person ----

function say(text) {
  part("status").textContent = text;
}

function notify(text, code = "") {
  noticed = code;
  part("notice-text").textContent = text;
  part("notice").hidden = false;
}

// Hide what `notify` showed with `code`, if it is still there.
function dismiss(code) {
  if (noticed === code) part("notice").hidden = true;
}

part("notice-close").addEventListener("click", () => (part("notice").hidden = true));

// ---- The start ----

// An empty story has its settings and its prompt to read.
if (matchMedia("(min-width: 60rem)").matches || !state.version) part("side").open = true;
editor.setText(state.text);
countWords();
showButtons();
rewriting.show(state.review);

const draft = autosave.draft();
if (draft) {
  if (draft.version === state.version) {
    editor.setText(draft.text);
    say("Edits that were not saved yet are back.");
    autosave.edited();
  } else {
    showConflict(draft.text, state);
  }
}

if (location.hash === "#write") {
  window.history.replaceState(null, "", location.pathname);
  if (!state.text) start(() => writing.write());
}
