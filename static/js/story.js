// The page of a story, put together.
//
// What the server says goes into the state, from there into what is seen; what the person does goes
// to the server as a command.

import "storaiteller/common/older";
import { part } from "storaiteller/common/dom";
import { StoryEditor } from "storaiteller/editor/editor";
import { showStory } from "storaiteller/editor/showing";
import { FindBar } from "storaiteller/finding/bar";
import { copyStory } from "storaiteller/offline/copy";
import { showAbout } from "storaiteller/page/about";
import { showButtons } from "storaiteller/page/buttons";
import { Focus } from "storaiteller/page/focus";
import { Folding } from "storaiteller/page/folding";
import { offerGoal } from "storaiteller/page/goal";
import { offerShortcuts } from "storaiteller/page/shortcuts";
import { StoryState } from "storaiteller/page/state";
import { showWords } from "storaiteller/page/words";
import { showWriter } from "storaiteller/page/writer";
import { Comparing } from "storaiteller/rewriting/comparing";
import { Deciding } from "storaiteller/rewriting/deciding";
import { Marking } from "storaiteller/rewriting/marking";
import { RewritePanel } from "storaiteller/rewriting/panel";
import { Rewriting } from "storaiteller/rewriting/rewriting";
import { Autosave } from "storaiteller/saving/autosave";
import { Conflict } from "storaiteller/saving/conflict";
import { downloadSettled } from "storaiteller/saving/download";
import { Drafts } from "storaiteller/saving/drafts";
import { markSettled } from "storaiteller/saving/good";
import { KeepingUp } from "storaiteller/saving/keeping_up";
import { lookAgain } from "storaiteller/saving/looking";
import { bringBack } from "storaiteller/saving/returning";
import { Versions } from "storaiteller/saving/versions";
import { Commands } from "storaiteller/writing/commands";
import { Connection } from "storaiteller/writing/connection";
import { Following } from "storaiteller/writing/following";
import { Generations } from "storaiteller/writing/generations";
import { Next } from "storaiteller/writing/next";
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
const comparing = new Comparing(state);
const rewriting = new Rewriting(state, { editor, autosave, socket, panel, comparing });
showButtons(state);
showWriter(state);

const generations = new Generations(state, new StoryText(state, editor, autosave), rewriting);
const following = new Following(socket, generations);
const next = new Next(state);
const commands = new Commands(state, { editor, autosave, socket, following, next });
new Deciding(state, { editor, autosave, rewriting });
new FindBar(state, editor);
new Focus(state, editor); // before what else Escape may end
new Marking(state, { editor, rewriting, commands });
new Conflict(state, editor, autosave, rewriting);
new Versions(state, editor, autosave);
new Folding(state); // of what those before have shown
offerShortcuts();
offerGoal(state, story);
for (const link of part("take-along").querySelectorAll("a[href*=download]")) downloadSettled(link, autosave);
markSettled(autosave);
new KeepingUp(state, { editor, autosave, socket, rewriting });
lookAgain(state, editor, autosave);
copyStory(state, autosave);
bringBack(drafts.take(state.get("stored").text), { state, editor, autosave });

if (location.hash === "#write") {
  history.replaceState(null, "", location.pathname);
  commands.begin();
}

// The page is at work: started.js looks for it.
part("story").dataset.started = "";
