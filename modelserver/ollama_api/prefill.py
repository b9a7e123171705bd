"""What a server makes of a chat that ends with the assistant's words, and how it is asked to go on.

Four ways are met. Ollama's own templates leave the last message open, and the answer is what
follows. A model file without one of those is asked by the template inside it (since Ollama 0.30),
and some versions then repeat the message in front of what follows. The templates that Ollama
detects for an imported file (`chatml`, `llama3-instruct`) close the message, so that the model
answers it; there the prompt is taken as it is rendered, cut after the message, and completed raw.
And where a server does not tell how it renders, the model can only be asked in words.
"""

import asyncio
import re
from contextlib import aclosing
from typing import Any
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from modelserver.asking import GO_ON, Messages, Prefill, Request
from modelserver.errors import ServerFaultError
from modelserver.ollama_api.reading import RENDERED, Reader
from modelserver.server import Server
from modelserver.wire import Chunk, chunks

# What is asked once, to see what becomes of the beginning.
QUESTION = "Write one sentence about Anna and a lantern."
BEGINNING = "Anna lifted the lantern and"
_PROBE: Messages = [
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": BEGINNING},
]
_PROBE_TOKENS = 4
# Characters with which no answer begins by chance.
_TELLING = 32
_LONGEST_ANSWER = 1_000_000  # characters, whatever a server does with a small number of tokens
# Of Go's templates, those that list messages and have no end of their own for the last one.
_LISTS_MESSAGES = re.compile(r"\.Messages\b")
_KNOWS_LAST = re.compile(r"\$?last\b|\.Response\b", re.IGNORECASE)


def fields(asked: Request) -> dict[str, Any]:
    """Return the fields of every request but what is asked.

    All of them have the same ones that decide how a model is loaded (the context, and that it is
    not shifted): Ollama loads it again for others.
    """
    fields: dict[str, Any] = {
        "model": asked.model,
        "options": asked.options,
        # A prompt that doesn't fit is an error here, and never cut in silence.
        "truncate": False,
        "shift": False,
    }
    if asked.able.thinks:
        fields["think"] = False
    if asked.server.keep_alive:
        fields["keep_alive"] = asked.server.keep_alive
    return fields


async def as_sent(asked: Request, way: Prefill) -> tuple[Prefill, str, dict[str, Any]]:
    """Return the path and the body that ask for it, and the way that is gone after all.

    Raises `ModelServerError`.
    """
    messages = asked.messages
    if way is Prefill.RAW:
        prompt = _up_to(await _render(asked, messages), messages[-1]["content"])
        if prompt is not None:
            return way, "api/generate", {**fields(asked), "prompt": prompt, "raw": True}
        way = Prefill.WORDS
    if way is Prefill.WORDS:
        messages = [*messages, {"role": "user", "content": GO_ON}]
    return way, "api/chat", {**fields(asked), "messages": messages}


def _up_to(rendered: Chunk, words: str) -> str | None:
    """Return the prompt up to the end of `words`; None if they are not in it as they are."""
    core = words.strip()
    place = rendered.text.rfind(core)
    if rendered.done_reason != RENDERED or place < 0:
        return None
    return rendered.text[: place + len(core)] + words[len(words.rstrip()) :]


# ---- Finding out ----

_ways: dict[tuple[Server, str], tuple[str, Prefill]] = {}
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def prefill_of(asked: Request) -> Prefill:
    """Return how such a chat is continued. Raises `ModelServerError`.

    The server is asked once about each model, and writes nothing for it: a model's memory of the
    story that it has just written would be lost with it. Only words so short that an answer could
    begin with them by chance have a few tokens written first.
    """
    if (way := _known(asked)) is None:
        async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            if (way := _known(asked)) is None:
                way = remember(asked, await _find_out(asked))
    if way is Prefill.OPEN and len(asked.messages[-1]["content"].strip()) < _TELLING:
        answer = await _answer(asked, {"messages": _PROBE}, _PROBE_TOKENS)
        way = remember(asked, _by_echo(answer.text))
    return way


def _known(asked: Request) -> Prefill | None:
    fingerprint, way = _ways.get((asked.server, asked.model), ("", None))
    return way if fingerprint == asked.able.fingerprint else None


def remember(asked: Request, way: Prefill) -> Prefill:
    """Keep `way` for all chats with this very model; returns it."""
    _ways[asked.server, asked.model] = (asked.able.fingerprint, way)
    return way


async def _find_out(asked: Request) -> Prefill:
    try:
        answer = await _render(asked, _PROBE)
    except ServerFaultError as error:
        # llama.cpp refuses it where a template would have the model think, whatever it is told.
        if "prefill" not in error.hint.lower():
            raise
        return Prefill.WORDS
    if answer.done_reason != RENDERED:
        lists = _LISTS_MESSAGES.search(asked.able.template)
        if lists and not _KNOWS_LAST.search(asked.able.template):
            return Prefill.WORDS
        return _by_echo(answer.text)
    if answer.text.rstrip().endswith(BEGINNING):
        return Prefill.OPEN
    return Prefill.RAW if BEGINNING in answer.text else Prefill.WORDS


def _by_echo(text: str) -> Prefill:
    echoes = text.lstrip().startswith(BEGINNING)
    return Prefill.ECHOED if echoes else Prefill.CONTINUED


async def _render(asked: Request, messages: Messages) -> Chunk:
    """Return the prompt that the server makes of `messages`, or an answer if it does not tell.

    Ollama tells it since 0.11.5, and writes nothing then; others just answer, in a few words.
    """
    body = {"messages": messages, "_debug_render_only": True}
    return await _answer(asked, body, _PROBE_TOKENS)


async def _answer(asked: Request, body: dict[str, Any], tokens: int) -> Chunk:
    """Return the whole answer to a small question in one chunk; it loads no other model."""
    # Greedy, so that it is the same each time; the context is what decides about loading.
    options = {"num_predict": tokens, "temperature": 0.0}
    if "num_ctx" in asked.options:
        options["num_ctx"] = asked.options["num_ctx"]
    text, sent = "", {**fields(asked), **body, "options": options}
    stream = chunks(asked.server, asked.model, "api/chat", sent, Reader(asked.server))
    async with aclosing(stream) as pieces:  # type: ignore[type-var]
        async for chunk in pieces:
            text += chunk.text
            if chunk.done or len(text) > _LONGEST_ANSWER:
                break
    return replace(chunk, text=text)
