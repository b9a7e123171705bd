// Requests to our own pages, with the form token that Django asks for.

function token() {
  return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
}

export async function getJSON(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new RequestError(response.status, {});
  return response.json();
}

// `body` is sent as JSON; throws RequestError with the answer when it is refused.
export async function postJSON(url, body, { keepalive = false } = {}) {
  const response = await fetch(url, {
    method: "POST",
    keepalive,
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": token(),
    },
    body: JSON.stringify(body),
    redirect: "error",
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new RequestError(response.status, answer);
  return answer;
}

// POST, and yield the answer's lines, a JSON object each, as they come.
export async function* postStream(url) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token() },
    redirect: "error",
  });
  if (!response.ok) throw new RequestError(response.status, {});
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

export class RequestError extends Error {
  constructor(status, answer) {
    super(answer.message || `The server answered ${status}.`);
    this.status = status;
    this.answer = answer;
  }
}
