// The page for when there is no connection: the stories that can be read here all the same.

const { root } = document.documentElement.dataset;
const STORIES = "storaiteller-stories"; // the worker's name for them
const AGAIN = 5000; // milliseconds between two looks for the server

async function titleOf(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.getElementById("title-read")?.textContent || page.title;
}

async function show() {
  const cache = await caches.open(STORIES);
  const list = document.getElementById("kept-stories");
  for (const request of (await cache.keys()).reverse()) {
    const link = document.createElement("a");
    link.href = new URL(request.url).pathname;
    link.dir = "auto";
    link.textContent = await titleOf(await cache.match(request));
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  document.getElementById("kept").hidden = !list.children.length;
}

// The server may be away too, of which the browser knows nothing.
async function lookAgain() {
  const answer = await fetch(`${root}health/`, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

addEventListener("online", lookAgain);
setInterval(lookAgain, AGAIN);
show();
