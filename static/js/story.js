// The page of a story, put together.
//
// What the server says goes into the state, from there into what is seen; what the person does goes
// to the server as a command.

import { part } from "storaiteller/common/dom";
import { StoryEditor } from "storaiteller/editor/editor";
import { showStory } from "storaiteller/editor/showing";
import { copyStory } from "storaiteller/offline/copy";
import { showAbout } from "storaiteller/page/about";
import { showButtons } from "storaiteller/page/buttons";
import { StoryState } from "storaiteller/page/state";
import { showWords } from "storaiteller/page/words";
import { Deciding } from "storaiteller/rewriting/deciding";
import { Marking } from "storaiteller/rewriting/marking";
import { RewritePanel } from "storaiteller/rewriting/panel";
import { Rewriting } from "storaiteller/rewriting/rewriting";
import { Autosave } from "storaiteller/saving/autosave";
import { Conflict } from "storaiteller/saving/conflict";
import { downloadSettled } from "storaiteller/saving/download";
import { Drafts } from "storaiteller/saving/drafts";
import { markSettled } from "storaiteller/saving/good";
import { bringBack } from "storaiteller/saving/returning";
import { Versions } from "storaiteller/saving/versions";
import { Commands } from "storaiteller/writing/commands";
import { Connection } from "storaiteller/writing/connection";
import { Following } from "storaiteller/writing/following";
import { Generations } from "storaiteller/writing/generations";
import { StorySocket } from "storaiteller/writing/socket";
import { StoryText } from "storaiteller/writing/story_text";

const { story, ...urls } = part("story").dataset;
const state = new StoryState(JSON.parse(part("story-state").textContent), urls);
const editor = new StoryEditor(part("story-text"));
const drafts = new Drafts(story);
const autosave = new Autosave(state, editor, drafts);
const socket = new StorySocket(story, new Connection(state));

// Listeners are told in this order: the text comes before what depends on it.
showStory(state, editor);
showAbout(state);
showWords(state);
const panel = new RewritePanel(state, editor);
const rewriting = new Rewriting(state, { editor, autosave, socket, panel });
showButtons(state);

const generations = new Generations(state, new StoryText(state, editor, autosave), rewriting);
const following = new Following(socket, generations);
const commands = new Commands(state, { editor, autosave, socket, following });
new Deciding(state, { editor, autosave, rewriting });
new Marking(state, { editor, rewriting, commands });
new Conflict(state, editor, autosave, rewriting);
new Versions(state, editor, autosave);
for (const link of part("take-along").querySelectorAll("a[href*=download]")) downloadSettled(link, autosave);
markSettled(autosave);
copyStory(state, autosave);
bringBack(drafts.take(state.get("stored").text), { state, editor, autosave });

if (location.hash === "#write") {
  history.replaceState(null, "", location.pathname);
  commands.begin();
}
