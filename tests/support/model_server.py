"""A scripted model server: it speaks Ollama's API and misbehaves as the model's name says.

    python -m tests.support.model_server --port 9000 --tokens 300 --rate 40

Any name that is not in `SCRIPTS` writes --tokens tokens at --rate a second. `GET /requests` tells
what was asked and how each request ended; `POST /act` lets a model follow another one's script.
"""

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from modelserver.ollama_api import prefill as dialect
from tests.security.corpus import MARKUP

CONTEXT = 8192
# Models whose names begin so are not there until they are pulled.
ABSENT = "absent"
LAYER = 2_000_000_000  # bytes
_TOLD = ("X-Request-ID", "traceparent")
PULL_STEPS = 10
PULL_SECONDS = 1.0
SENTENCES = (
    "Anna lifted the lantern, and the dark stepped back.",
    "Nobody had opened the door since the winter of the long snow.",
    "Ben laughed 🙂 and the old map shook in his hands.",
    '"We have been here before," she said, "and we were not alone."',
    "Somewhere below, the sea went on counting its stones.",
)
PARAGRAPH = 4  # sentences


@dataclass
class Request:
    """What a client asked, and how the answer went."""

    path: str
    body: dict[str, Any]
    request_id: str = ""
    traceparent: str = ""
    sent: int = 0
    ended: str = "open"  # then "whole", "closed" by the client, or "broken" by the script
    ended_at: float = 0.0  # seconds of the machine's monotonic clock, when the client closed it


@dataclass
class Script:
    """How a model answers a chat."""

    tokens: int | None = None
    rate: float | None = None
    status: int = 200
    error: str = ""
    first_delay: float = 0.0
    break_after: int | None = None  # tokens
    break_with: str = "reset"  # or "error", "half", "silence", "hang", "garbage"
    done_reason: str = "stop"
    text: list[Any] | None = None  # pieces: a text each, or a message's fields
    counts: bool = False  # it ends where num_predict says, thoughts counted in
    thinks: bool = False  # it says that it does
    prompt_tokens: Any = 99  # that it says it has read
    most_bytes: int | None = None  # of a chat that it can read; each is a token
    goes_on: bool = False  # with the final part of a rewrite's prompt, word by word
    in_turn: tuple[str, ...] = ()  # the scripts that it follows, a chat each


# What is listed: bytes, parameters, family.
LISTED = {
    "steady:latest": (2_019_393_189, "3.2B", "llama"),
    "slow:latest": (2_019_393_189, "3.2B", "llama"),
    "tale:latest": (4_920_753_328, "8.0B", "llama"),
    "never:latest": (42_520_413_916, "70.6B", "llama"),
    "all-minilm:latest": (45_960_996, "23M", "bert"),
    "far:120b-cloud": (384, "116.8B", "gptoss"),
}
REWRITTEN = [
    " A",
    " quiet",
    " wind",
    " crossed",
    " the",
    " yard",
    ",",
    " and",
    " Zoë",
    " 🙂",
    " slept",
    ".",
]
GENTLE = "Rosie baked a plum cake, and the old donkey was given the first slice of it."
GRIM = [
    *(f"{word} " for word in GENTLE.split()),
    *("\n\n", "The murderer stabbed ", "the old man in the throat ", "again and again, "),
    *("until blood ran down ", "the walls.\n\n", "Then everybody had cake."),
]
SCRIPTS: dict[str, Script] = {
    "missing": Script(status=404, error="model 'missing' not found"),
    "busy": Script(status=503, error="server busy, please try again. maximum pending requests"),
    "faulty": Script(status=500, error="llama runner process has terminated"),
    "narrow": Script(status=400, error="the prompt is longer than the context length"),
    "resets": Script(break_after=20, break_with="reset", rate=200),
    "errs": Script(break_after=20, break_with="error", rate=200),
    "halves": Script(break_after=20, break_with="half", rate=200),
    "ends": Script(break_after=20, break_with="silence", rate=200),
    "hangs": Script(break_after=20, break_with="hang", rate=200),
    "never": Script(first_delay=3600),
    "loads": Script(first_delay=8, tokens=20),
    "garbles": Script(break_after=20, break_with="garbage", rate=200),
    "cut": Script(tokens=60, rate=1000, done_reason="length"),
    "long": Script(tokens=2000, rate=4000),
    "slow": Script(tokens=400, rate=20),
    "tale": Script(tokens=200, rate=20),
    "empty": Script(text=[]),
    "unicode": Script(text=["\n\n", "Zoë ", "👩‍👩‍👧", " met", " שלום", " and", " e\u0301.", "\n"]),
    "markup": Script(text=[f" {text}" for text in MARKUP], rate=400),
    # A hundred million characters: nobody who leaves at the first piece gets them all.
    "endless": Script(text=["x" * 20_000 + ".\n"] * 5000, rate=1000),
    "nul": Script(text=["One", "\x00", " two."]),
    "miscounts": Script(text=["One", " two."], prompt_tokens=-5),
    "spaceless": Script(text=["灯塔下面的海" * 10] * 2000, rate=2000),
    "mute": Script(text=[""] * 100_000, rate=2000),
    "german": Script(
        text=[
            *("Natürlich! Hier ist", " deine Geschichte:\n\n", "Anna stieg", " die Treppe hinauf,"),
            *(" und der Leuchtturm war dunkel.", " Sie fand", " die Lampe nicht,", " denn Ben war"),
            *(" mit ihr", " auf das Meer", " gefahren."),
        ],
        rate=200,
    ),
    "halfchars": Script(text=["One", "\ud83d", " two."]),
    "rewriter": Script(text=REWRITTEN, goes_on=True),
    "rewriter-slow": Script(text=REWRITTEN, goes_on=True, rate=8),
    "summarizer": Script(text=[" Anna", " counted", " her", " steps", "."], rate=100),
    "bytewise": Script(text=REWRITTEN, most_bytes=8000),
    "chatty": Script(text=["Sure", "! Here is", " the rewritten", " passage:", "\n\n", *REWRITTEN]),
    "tells-the-same": Script(text=[" Ben", " held", " the", " old", " map", "."]),
    "grim": Script(text=GRIM),
    "leaves-out": Script(text=[], goes_on=True),
    "silent-ben": Script(text=[" Ben", " lit", " the", " old", " lamp", "."], goes_on=True),
    "talking-ben": Script(text=[' "Who', " is", ' there?"', " asked", " Ben", "."], goes_on=True),
    "slow-ben": Script(text=[" Ben", *[" sat"] * 60, "."], rate=8),
    "broken-ben": Script(text=[" Ben", " sat", " down", "."], break_after=2, break_with="reset"),
    "sorry-ben": Script(text=["I'm sorry, ", "but I can't help ", "with that request."]),
    "feeding-ben": Script(text=[" Ben", " lit", "\f", "the", " lamp", "."], goes_on=True),
    "talks-only": Script(text=[' "Where', " are", ' you?"'], goes_on=True),
    "stopped-late": Script(in_turn=("silent-ben", "slow-ben", "slow-ben")),
    "breaks-late": Script(in_turn=("silent-ben", "broken-ben", "broken-ben")),
    "sorry-late": Script(in_turn=("silent-ben", "sorry-ben", "sorry-ben")),
    "talks-late": Script(in_turn=("silent-ben", "talking-ben")),
    "gives-up": Script(in_turn=("silent-ben", "leaves-out", "leaves-out")),
}


CASES = Path(__file__).resolve().parents[1] / "cases"
for _path in sorted(CASES.glob("say_*.json")):
    _case = json.loads(_path.read_text())
    SCRIPTS[_path.stem] = Script(
        text=_case["chunks"], counts=True, rate=2000, thinks="thinking" in _case.get("caps", ())
    )


def tokens() -> Iterator[str]:
    """Yield the words of the sentences without end, each with the space before it."""
    for number in itertools.count():
        lead = (" ", "\n\n")[number % PARAGRAPH == 0] if number else ""
        for word in SENTENCES[number % len(SENTENCES)].split():
            yield lead + word
            lead = " "


def final_part(prompt: str) -> list[str]:
    """Return the words that a rewrite's prompt wants the story to finish with."""
    _, _, final = prompt.partition("and finishes with this part unchanged: ")
    return [f" {word}" for word in final.split()]


@dataclass
class ModelServer:
    """The application's state."""

    tokens: int
    rate: float
    requests: list[Request] = field(default_factory=list)
    pulled: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    acting_as: dict[str, str] = field(default_factory=dict)  # model -> the script that it follows

    async def chat(self, http: web.Request) -> web.StreamResponse:
        """Answer a chat in NDJSON by the model's script."""
        body = await http.json()
        if body["messages"][0]["content"] == dialect.QUESTION:
            return _probed(body)
        script = self._script(self.acting_as.get(body["model"], body["model"]))
        if script.in_turn:
            asked = sum(each.body["model"] == body["model"] for each in self.requests)
            script = SCRIPTS[script.in_turn[asked % len(script.in_turn)]]
        request_id, traceparent = (http.headers.get(name, "") for name in _TOLD)
        request = Request(http.path, body, request_id, traceparent)
        self.requests.append(request)
        size = sum(len(message["content"].encode()) for message in body["messages"])
        if script.most_bytes is not None and size > script.most_bytes:
            return _overflow(size, script.most_bytes)
        if script.status != web.HTTPOk.status_code:
            request.ended = "whole"
            return web.json_response({"error": script.error}, status=script.status)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(http)
        try:
            await self._stream(http, response, request, script)
        except (ConnectionError, asyncio.CancelledError):
            request.ended, request.ended_at = "closed", time.monotonic()
            raise
        return response

    async def _stream(
        self, http: web.Request, response: web.StreamResponse, request: Request, script: Script
    ) -> None:
        model = request.body["model"]
        budget = request.body.get("options", {}).get("num_predict", 10**9)
        count = min(script.tokens or self.tokens, budget)
        texts = script.text if script.text is not None else itertools.islice(tokens(), count)
        if script.goes_on:
            texts = [*texts, *final_part(request.body["messages"][0]["content"])]
        is_cut = script.counts and len(list(texts)) > budget
        if is_cut:
            texts = list(texts)[:budget]
        loop = asyncio.get_running_loop()
        await asyncio.sleep(script.first_delay)
        started = loop.time()
        for number, text in enumerate(texts):
            # Against the clock, so that a late wake-up does not slow the whole stream.
            await asyncio.sleep(started + number / (script.rate or self.rate) - loop.time())
            if number == script.break_after:
                await self._break(http, response, request, script)
                return
            fields = text if isinstance(text, dict) else {"content": text}
            message = {"role": "assistant", "content": "", **fields}
            await response.write(_line({"model": model, "message": message, "done": False}))
            request.sent += 1
        end = {"model": model, "message": {"role": "assistant", "content": ""}, "done": True}
        reason = "length" if is_cut else script.done_reason
        end |= {"done_reason": reason, "prompt_eval_count": script.prompt_tokens}
        await response.write(_line({**end, "eval_count": request.sent}))
        await response.write_eof()
        request.ended = "whole"

    async def _break(
        self, http: web.Request, response: web.StreamResponse, request: Request, script: Script
    ) -> None:
        request.ended = "broken"
        if script.break_with == "error":
            await response.write(_line({"error": "an error was encountered while running"}))
        elif script.break_with == "half":
            await response.write(b'{"model":"halves","mess')
        elif script.break_with == "garbage":
            await response.write(b"\xff\xfe[]\n")
        elif script.break_with == "hang":
            await asyncio.sleep(3600)
        elif script.break_with == "reset" and http.transport is not None:
            http.transport.abort()
            return
        await response.write_eof()

    def _script(self, model: str) -> Script:
        absent = model.startswith(ABSENT) and model not in self.pulled
        absent = absent or model in self.removed
        return SCRIPTS.get("missing" if absent else model, Script())

    async def pull(self, http: web.Request) -> web.StreamResponse:
        """Download an absent model, and no other."""
        model = (await http.json())["model"]
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(http)
        await response.write(_line({"status": "pulling manifest"}))
        if model == "missing":
            await response.write(_line({"error": "pull model manifest: file does not exist"}))
        elif model.startswith(ABSENT):
            for completed in range(0, LAYER + 1, LAYER // PULL_STEPS):
                layer = {"digest": "sha256:5ca1ab1e", "total": LAYER, "completed": completed}
                await response.write(_line({"status": "pulling 5ca1ab1e", **layer}))
                await asyncio.sleep(PULL_SECONDS / PULL_STEPS)
            self.pulled.add(model)
            await response.write(_line({"status": "success"}))
        await response.write_eof()
        return response

    async def show(self, http: web.Request) -> web.Response:
        """Answer what a model is."""
        model = (await http.json())["model"]
        thinks = model == "thinker" or SCRIPTS.get(model, Script()).thinks
        info = {"general.architecture": "llama", "llama.context_length": CONTEXT}
        return web.json_response(
            {
                "model_info": info,
                "template": "<｜User｜>{{ .Prompt }}<｜Assistant｜>" if model == "barred" else "",
                "details": {},
                "capabilities": ["completion", *["thinking"] * thinks],
            }
        )

    async def ps(self, http: web.Request) -> web.Response:
        """Answer what is in memory: all but what loads for ever, and what was only pulled."""
        models = [{"model": name, "name": name} for name in SCRIPTS if name != "never"]
        return web.json_response({"models": models})

    async def version(self, http: web.Request) -> web.Response:
        """Answer the version."""
        return web.json_response({"version": "0.34.0"})

    async def tags(self, http: web.Request) -> web.Response:
        """Answer the list of models: some of those there are, and those pulled."""
        names = [name for name in LISTED if name.removesuffix(":latest") not in self.removed]
        return web.json_response({"models": [_listed(name) for name in [*names, *self.pulled]]})

    async def remove(self, http: web.Request) -> web.Response:
        """Let models be gone from now on: a list of names."""
        self.removed |= set(await http.json())
        return web.json_response(sorted(self.removed))

    async def act(self, http: web.Request) -> web.Response:
        """Let a model follow another one's script from now on: {model: script}."""
        self.acting_as |= await http.json()
        return web.json_response(self.acting_as)

    async def seen(self, http: web.Request) -> web.Response:
        """Answer the chats so far."""
        return web.json_response([asdict(request) for request in self.requests])


def _listed(name: str) -> dict[str, Any]:
    size, count, family = LISTED.get(name, (LAYER, "3.2B", "llama"))
    details = {"parameter_size": count, "family": family, "families": [family]}
    return {"name": name, "model": name, "size": size, "digest": name, "details": details}


def _probed(body: dict[str, Any]) -> web.Response:
    """Answer what is asked of every model once as a server does that continues a text."""
    part: dict[str, Any] = {"model": body["model"], "message": {"role": "assistant", "content": ""}}
    if body.get("_debug_render_only"):
        rendered = "".join(message["content"] for message in body["messages"])
        return web.json_response({**part, "_debug_info": {"rendered_template": rendered}})
    part["message"]["content"] = " went"
    return web.Response(body=_line({**part, "done": True, "done_reason": "length"}))


def _overflow(tokens: int, context: int) -> web.Response:
    """Refuse as Ollama does since 0.30: what its runner says is handed on as it is."""
    sentence = f"request ({tokens} tokens) exceeds the available context size ({context} tokens)"
    inner = {"error": {"code": 400, "message": sentence, "type": "exceed_context_size_error"}}
    return web.json_response({"error": json.dumps(inner)}, status=400)


def _line(part: dict[str, Any]) -> bytes:
    return json.dumps(part).encode() + b"\n"


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=60)
    parser.add_argument("--rate", type=float, default=200)
    options = parser.parse_args()
    server = ModelServer(options.tokens, options.rate)
    app = web.Application()
    app.router.add_post("/api/chat", server.chat)
    app.router.add_post("/api/show", server.show)
    app.router.add_post("/api/pull", server.pull)
    app.router.add_get("/api/version", server.version)
    app.router.add_get("/api/tags", server.tags)
    app.router.add_get("/api/ps", server.ps)
    app.router.add_get("/requests", server.seen)
    app.router.add_post("/act", server.act)
    app.router.add_post("/remove", server.remove)
    # A client that goes away cancels its handler.
    web.run_app(
        app,
        host="127.0.0.1",
        port=options.port,
        print=None,
        access_log=None,
        handler_cancellation=True,
    )


if __name__ == "__main__":
    main()
