// Requests to our own pages, with the form token that Django asks for.

import { HTTP } from "storaiteller/common/constants";
import { gettext, interpolate } from "storaiteller/common/language";

const { SIGNED_OUT, REFUSED } = HTTP; // the first is ours for a redirect, which leads to the sign-in
const TOKEN = "hx-headers"; // where the page carries it, for htmx too
const FORM_TOKEN = "csrfmiddlewaretoken"; // and each form

function token() {
  return JSON.parse(document.body.getAttribute(TOKEN))["X-CSRFToken"];
}

// After a sign-in in another tab, this page's token is of no use: take a new page's. Resolves to
// whether somebody is signed in.
export async function renewToken() {
  const response = await fetch(location.pathname, { redirect: "manual" }).catch(() => null);
  if (!response?.ok) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const headers = fresh.body.getAttribute(TOKEN);
  if (!headers) return false;
  document.body.setAttribute(TOKEN, headers);
  for (const field of document.querySelectorAll(`input[name=${FORM_TOKEN}]`)) field.value = token();
  return true;
}

const SENTENCES = {
  [SIGNED_OUT]: gettext("You are signed out. Sign in again in another tab."),
  [REFUSED]: gettext("You are signed out. Sign in again in another tab."),
  404: gettext("This story is not here any more."),
};

async function answerOf(response) {
  if (response.type === "opaqueredirect") throw new RequestError(SIGNED_OUT, {});
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new RequestError(response.status, answer);
  return answer;
}

export async function getJSON(url) {
  const headers = { Accept: "application/json" };
  return answerOf(await fetch(url, { headers, redirect: "manual" }));
}

// A part of a page.
export async function getText(url) {
  const response = await fetch(url, { redirect: "manual" });
  if (!response.ok) throw new RequestError(response.status, {});
  return response.text();
}

// `body` is sent as JSON; throws RequestError with the answer when it is refused.
export async function postJSON(url, body, { keepalive = false } = {}) {
  const send = () =>
    fetch(url, {
      method: "POST",
      keepalive,
      headers: {
        Accept: "application/json",
        "Content-Type": "application/json",
        "X-CSRFToken": token(),
      },
      body: JSON.stringify(body),
      redirect: "manual",
    });
  let response = await send();
  if (response.status === REFUSED && !keepalive) {
    await renewToken();
    response = await send();
  }
  return answerOf(response);
}

// POST, and yield the answer's lines, a JSON object each, as they come.
export async function* postStream(url) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token() },
    redirect: "error",
  });
  if (!response.ok) throw new RequestError(response.status, {});
  const reader = response.body.getReader(); // Safari can't iterate over the body
  const decoder = new TextDecoder();
  let rest = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (rest + decoder.decode(piece.value, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

export class RequestError extends Error {
  constructor(status, answer) {
    // A token that a new page's does not mend is nobody's any more, whatever the answer takes it for.
    const told = status === REFUSED ? "" : answer.message;
    super(told || SENTENCES[status] || interpolate(gettext("The server answered %(status)s."), { status }));
    this.status = status;
    this.answer = answer;
  }

  // Whether somebody else, or nobody, is signed in now.
  get isSignedOut() {
    return this.status === SIGNED_OUT || this.status === REFUSED;
  }
}
