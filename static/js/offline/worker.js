// The service worker: without a connection, the stories that were read here can be read.
//
// Whatever the network answers is what is shown; only where it does not answer at all is there a copy.
// Copies are one writer's: whoever signs in or out takes them away. The server puts a line before
// this file (`storaiteller_site/installed.py`): the files that pages are made of, under names with
// their hashes, so that this is another worker as soon as one of them is another.

const { version, files, root, offline } = self.SHELL;
const PREFIX = "storaiteller-shell-";
const SHELL = PREFIX + version;
const STORIES = "storaiteller-stories"; // static/js/offline/keeping.js and kept.js know the name too
const MOST_STORIES = 30; // those read last
const STORY = /^stories\/\d+\/$/; // below the root
const COMING_AND_GOING = /^(accounts|admin\/logout)\//;

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin || !pathname.startsWith(root)) return;
  const path = pathname.slice(root.length);
  if (request.method !== "GET") {
    if (COMING_AND_GOING.test(path)) event.waitUntil(forget());
  } else if (STORY.test(path)) event.respondWith(story(event, pathname));
  else if (request.mode === "navigate") event.respondWith(orElse(request, offline));
  else if (files.includes(pathname)) event.respondWith(orElse(request, pathname));
});

async function install() {
  const cache = await caches.open(SHELL);
  await cache.addAll([offline, ...files]);
  await skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== SHELL);
  await clients.claim();
  if (!old.length) return;
  await renew();
  for (const name of old) await caches.delete(name);
}

// Copies go by the files that they were made with; those of before are about to be removed.
async function renew() {
  const cache = await caches.open(STORIES);
  for (const { url } of await cache.keys()) {
    const response = await fetch(url, { redirect: "manual" }).catch(() => null);
    if (response) await take(new URL(url).pathname, response);
  }
}

// What the network answers; where it does not, what was put away under `name`.
async function orElse(request, name) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(name, { cacheName: SHELL, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

async function story(event, path) {
  const { request } = event;
  try {
    const response = await fetch(request);
    event.waitUntil(take(path, response.clone()));
    return response;
  } catch (error) {
    // A script that asks is told the truth.
    if (request.mode !== "navigate") throw error;
    const kept = await caches.match(path, { cacheName: STORIES, ignoreVary: true });
    return kept ?? (await caches.match(offline, { cacheName: SHELL, ignoreVary: true })) ?? Response.error();
  }
}

// Keep what the network answered at `path`, a story's page, or what follows from it.
async function take(path, response) {
  const isPage = (response.headers.get("Content-Type") ?? "").startsWith("text/html");
  // The way to the sign-in: nobody is signed in.
  if (response.type === "opaqueredirect" || response.redirected) await forget();
  else if (response.status === 404) await (await caches.open(STORIES)).delete(path);
  else if (response.ok && isPage) await keep(path, response);
}

async function keep(path, response) {
  const cache = await caches.open(STORIES);
  await cache.delete(path); // the last one read is the last one in
  await cache.put(path, response);
  for (const old of (await cache.keys()).slice(0, -MOST_STORIES)) await cache.delete(old);
}

function forget() {
  return caches.delete(STORIES);
}
