// Stories that can be read without a connection: the worker that keeps them, and whose they are.

import { ROOT } from "storaiteller/common/root";

const STORIES = "storaiteller-stories"; // the worker's name for them
const WRITER = "storaiteller:writer"; // in this browser's storage: whose they are

const { serviceWorker } = navigator; // undefined where pages come neither by TLS nor from this machine
const writer = document.querySelector("meta[name=storaiteller-writer]").content;

function isStory(path) {
  return path.startsWith(ROOT) && /^stories\/\d+\/$/.test(path.slice(ROOT.length));
}

// Let the worker keep this page as it is now. What the server answers is the worker's to look at.
export async function keepThisPage() {
  if (serviceWorker?.controller) await fetch(location.pathname, { redirect: "manual" }).catch(() => {});
}

// Somebody else's stories, or of nobody who is signed in, are not for this person.
async function removeOthers() {
  const before = localStorage.getItem(WRITER) ?? "";
  if (before === writer) return false;
  await caches.delete(STORIES);
  localStorage.setItem(WRITER, writer);
  return true;
}

async function begin() {
  const anew = await removeOthers();
  const wasKept = Boolean(serviceWorker.controller) && !anew;
  if (!writer) return;
  await serviceWorker.register(`${ROOT}worker.js`, { updateViaCache: "none" });
  await serviceWorker.ready;
  if (!serviceWorker.controller) {
    await new Promise((done) => serviceWorker.addEventListener("controllerchange", done, { once: true }));
  }
  if (!wasKept && isStory(location.pathname)) await keepThisPage();
}

// Without storage, or with a browser that refuses it, everything else goes on.
if (serviceWorker) begin().catch(() => {});
