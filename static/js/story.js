// The page of a story: editor, saving, writing and the buttons, brought together.

import { Autosave } from "storaiteller/autosave";
import { StoryEditor } from "storaiteller/editor";
import { offerInstall } from "storaiteller/install";
import { getJSON, postJSON } from "storaiteller/requests";
import { Writing } from "storaiteller/writing";

const page = document.getElementById("story");
const urls = page.dataset;
const part = (id) => document.getElementById(id);
const buttons = ["write", "regenerate", "continue", "stop"].map(part);
const [writeButton, regenerateButton, continueButton, stopButton] = buttons;
const NEAR_THE_END = 160; // pixels: whoever is this near reads along

let state = JSON.parse(part("story-state").textContent);
let connected = true;
let begun = null; // the generation that is being written

// ---- Text and saving ----

const editor = new StoryEditor(part("story-text"), {
  onEdit() {
    autosave.edited();
    countWords();
    showButtons();
  },
});
editor.setText(state.text);

const SAVED_WORDS = {
  pending: "",
  saving: "Saving…",
  saved: "Saved",
  unsaved: "Not saved yet; trying again",
  refused: "Not saved",
  conflict: "Not saved",
};

const autosave = new Autosave({
  story: urls.story,
  url: urls.textUrl,
  state,
  read: () => (begun ? autosave.saved : editor.text),
  tell(kind, detail) {
    part("saved").textContent = SAVED_WORDS[kind];
    part("saved").dataset.kind = kind;
    if (kind === "refused") notify(detail.message);
    if (kind === "saved") {
      state = { ...state, ...detail };
      showTakes();
      showButtons();
    }
  },
  conflict: showConflict,
});

function showConflict(mine, theirs) {
  part("conflict-mine").textContent = mine;
  part("conflict-theirs").textContent = theirs.text;
  part("conflict").hidden = false;
  part("keep-mine").onclick = () => {
    part("conflict").hidden = true;
    autosave.reset(theirs);
    editor.setText(mine);
    autosave.edited();
    autosave.flush();
  };
  part("keep-theirs").onclick = () => {
    part("conflict").hidden = true;
    show(theirs);
  };
}

// Show the stored `next` as it is.
function show(next) {
  state = next;
  autosave.reset(next);
  editor.setText(next.text);
  const title = part("title");
  if (document.activeElement !== title) title.value = next.title;
  countWords();
  showTakes();
  showButtons();
}

async function reload() {
  const next = await getJSON(urls.textUrl);
  show(next);
}

function countWords() {
  const words = editor.text.split(/\s+/).filter(Boolean).length;
  part("words").textContent = words ? `${words.toLocaleString()} word${words === 1 ? "" : "s"}` : "";
}

// A title has one line, however long: Enter keeps it. Delegated, as htmx replaces the field.
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "title" || event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  event.target.blur();
});

// ---- Writing ----

const KINDS = { write: "Writing…", continue: "Going on…" };
const ENDS = {
  done: "Done",
  stopped: "Stopped. What was written is kept.",
  failed: "The writing ended early.",
  interrupted: "The writing was interrupted. What was written is kept; Continue goes on from there.",
};

const writing = new Writing(urls.story, {
  begin(generation) {
    begun = generation;
    part("notice").hidden = true;
    editor.lock(true);
    if (generation.kind === "write") editor.setText("");
    else if (generation.base_version !== state.version) reload();
    say(KINDS[generation.kind] || "Writing…");
    showButtons();
  },
  text(chunk) {
    const follow = nearTheEnd();
    editor.append(chunk);
    if (follow) scrollTo(0, document.documentElement.scrollHeight);
  },
  async end(done) {
    try {
      const next = await getJSON(urls.textUrl);
      begun = null;
      editor.lock(false);
      show(next);
    } catch {
      // The page is offline; what was streamed stays shown until it can be asked for.
      begun = null;
      editor.lock(false);
      setTimeout(reload, 2000);
    }
    say(done ? ENDS[done.status] : ENDS.done);
    htmx.ajax("GET", urls.reportUrl, { target: "#report", swap: "outerHTML" });
  },
  fail(error) {
    notify(error.message);
    if (error.code === "model_missing") offerInstall();
  },
  connected(open) {
    connected = open;
    page.classList.toggle("offline", !open);
    if (!open) say("Connection lost; trying again…");
    else if (part("status").textContent.startsWith("Connection")) say(begun ? "Writing…" : "");
  },
});

function nearTheEnd() {
  const root = document.documentElement;
  return root.scrollHeight - root.scrollTop - root.clientHeight < NEAR_THE_END;
}

async function start(command) {
  buttons.forEach((button) => (button.disabled = true));
  await autosave.flush();
  buttons.forEach((button) => (button.disabled = false));
  if (autosave.blocked || writing.active) return;
  say(connected ? "Asking the model…" : "Connecting…");
  part("notice").hidden = true;
  command();
}

writeButton.addEventListener("click", () => {
  // With a text on the page, a new story is another one, begun from the same settings.
  if (state.text || editor.text) autosave.flush().then(() => location.assign(urls.newUrl));
  else start(() => writing.write());
});
regenerateButton.addEventListener("click", () => start(() => writing.write()));
continueButton.addEventListener("click", () => start(() => writing.goOn()));
stopButton.addEventListener("click", () => {
  say("Stopping…");
  writing.stop();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && begun && !part("versions").open) stopButton.click();
});

function showButtons() {
  const hasText = Boolean(editor.text.trim());
  const active = Boolean(begun);
  stopButton.hidden = !active;
  writeButton.hidden = active;
  regenerateButton.hidden = active || !hasText;
  continueButton.hidden = active || !hasText;
  writeButton.classList.toggle("primary", !hasText);
  part("takes").inert = active;
  // A mark is about what is stored.
  part("good-form").querySelector("button").disabled = active || !state.text.trim();
  document.body.classList.toggle("has-text", hasText);
}

// ---- Takes and versions ----

function showTakes() {
  const { take, takes } = state;
  part("takes").hidden = takes.length < 2;
  const index = takes.indexOf(take);
  part("take-label").textContent = `Take ${index + 1} of ${takes.length}`;
  part("take-back").disabled = index <= 0;
  part("take-forward").disabled = index >= takes.length - 1;
}

async function flip(step) {
  await autosave.flush();
  const take = state.takes[state.takes.indexOf(state.take) + step];
  if (take === undefined) return;
  try {
    show(await postJSON(`${urls.storyUrl}takes/${take}/`, {}));
  } catch (error) {
    notify(error.message);
  }
}

part("take-back").addEventListener("click", () => flip(-1));
part("take-forward").addEventListener("click", () => flip(1));

part("show-versions").addEventListener("click", async () => {
  await autosave.flush();
  htmx.ajax("GET", urls.versionsUrl, { target: "#versions-list", swap: "outerHTML" });
  part("versions").showModal();
});
part("close-versions").addEventListener("click", () => part("versions").close());
part("versions").addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-restore]")) return;
  event.preventDefault();
  try {
    show(await postJSON(event.target.action, {}));
    part("versions").close();
    say("Restored as a new version.");
  } catch (error) {
    notify(error.message);
  }
});

// ---- Words to the person ----

function say(text) {
  part("status").textContent = text;
}

function notify(text) {
  part("notice-text").textContent = text;
  part("notice").hidden = false;
}

part("notice-close").addEventListener("click", () => (part("notice").hidden = true));

// ---- The start ----

if (matchMedia("(min-width: 60rem)").matches) part("side").open = true;
countWords();
showTakes();
showButtons();

const draft = autosave.draft();
if (draft) {
  if (draft.version === state.version) {
    editor.setText(draft.text);
    say("Edits that were not saved yet are back.");
    autosave.edited();
  } else {
    autosave.blocked = true;
    showConflict(draft.text, state);
  }
}

if (location.hash === "#write") {
  window.history.replaceState(null, "", location.pathname);
  if (!state.text) start(() => writing.write());
}
