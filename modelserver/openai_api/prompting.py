"""How a chat becomes tokens on an engine, and how one is gone on with that ends with its words.

A chat's last message is closed by most templates, and the model then answers it. So the prompt up
to that message is rendered by the server, the words are put after it, and `/v1/completions` goes
on: with llama.cpp by `/apply-template` and `/tokenize`, with vLLM by a `/tokenize` that takes
messages. SGLang and Ray Serve LLM do the same for `continue_final_message` in a chat. Elsewhere,
the model can only be asked in words.
"""

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from modelserver.asking import Messages
from modelserver.facts import FRESH
from modelserver.openai_api.asking import get_if_known
from modelserver.openai_api.engine import Kind
from modelserver.server import Server

THINKING_SWITCH = "enable_thinking"
SILENT = {"chat_template_kwargs": {THINKING_SWITCH: False}}
_QUESTION: Messages = [{"role": "user", "content": "Write one sentence."}]


class Way(StrEnum):
    """How an engine goes on with the assistant's last words."""

    TEMPLATE = "template"  # rendered by /apply-template, then tokens to /v1/completions
    TOKENS = "tokens"  # rendered by /tokenize with messages, then tokens to /v1/completions
    FINAL = "final"  # the chat's own `continue_final_message`
    WORDS = "words"  # a message more asks for it


# What is tried on each engine, and what is left where the server turns out not to have it.
_WAYS = {
    Kind.LLAMA_CPP: (Way.TEMPLATE, Way.WORDS),
    Kind.VLLM: (Way.TOKENS, Way.FINAL),
    Kind.RAY: (Way.TOKENS, Way.FINAL),
    Kind.SGLANG: (Way.FINAL, Way.FINAL),
}
_lacking: dict[tuple[Server, str], float] = {}


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat for a model of an engine, under the engine's own name of it."""

    server: Server
    model: str
    messages: Messages
    is_silent: bool  # the template is told that the model is not to think

    @property
    def kwargs(self) -> dict[str, Any]:
        """What the template is told beside the messages."""
        return SILENT if self.is_silent else {}


def way_on(kind: Kind, server: Server, model: str) -> Way:
    """Return how the engine goes on, so far as is known at this moment."""
    first, second = _WAYS.get(kind, (Way.WORDS, Way.WORDS))
    lacked = _lacking.get((server, model))
    return first if lacked is None or time.monotonic() - lacked > FRESH else second


async def continued(way: Way, chat: Chat) -> list[int] | None:
    """Return the tokens of a chat that is left open after its last message.

    None, which is remembered for a while, if the server can't tell. Raises `ModelServerError`.
    """
    *before, last = chat.messages
    head = Chat(chat.server, chat.model, before, chat.is_silent)
    tokens = None
    if way is Way.TEMPLATE:
        prompt = await _rendered(head)
        if prompt is not None:
            tokens = await _llama_tokens(chat.server, prompt + last["content"])
    elif way is Way.TOKENS:
        opened = await chat_tokens(head)
        words = await _vllm_tokens(chat, last["content"]) if opened is not None else None
        tokens = [*opened, *words] if opened is not None and words is not None else None
    if tokens is None:
        _lacking[chat.server, chat.model] = time.monotonic()
    return tokens


async def _rendered(chat: Chat) -> str | None:
    body = {"messages": chat.messages, **chat.kwargs}
    prompt = (await get_if_known(chat.server, "apply-template", body) or {}).get("prompt")
    return prompt if isinstance(prompt, str) else None


async def _llama_tokens(server: Server, prompt: str) -> list[int] | None:
    body = {"content": prompt, "add_special": True, "parse_special": True}
    tokens = _tokens(await get_if_known(server, "tokenize", body))
    # A template that begins with the first token itself, and a vocabulary that adds it.
    return tokens[1:] if tokens and tokens[:1] == tokens[1:2] else tokens


async def chat_tokens(chat: Chat) -> list[int] | None:
    """Return vLLM's tokens of a chat that is to be answered; None if it doesn't tell.

    Raises `ModelServerError`.
    """
    body = {"model": chat.model, "messages": chat.messages, "add_generation_prompt": True}
    return _tokens(await get_if_known(chat.server, "tokenize", {**body, **chat.kwargs}))


async def _vllm_tokens(chat: Chat, text: str) -> list[int] | None:
    body = {"model": chat.model, "prompt": text, "add_special_tokens": False}
    return _tokens(await get_if_known(chat.server, "tokenize", body))


def _tokens(answer: dict[str, Any] | None) -> list[int] | None:
    tokens = (answer or {}).get("tokens")
    if not isinstance(tokens, list) or not all(type(token) is int for token in tokens):
        return None
    return tokens


async def has_thinking_switch(server: Server, model: str) -> bool:
    """Tell whether the template of `model` can be told that it is not to think.

    Then it renders otherwise. Raises `ModelServerError`.
    """
    plain = await chat_tokens(Chat(server, model, _QUESTION, is_silent=False))
    silent = await chat_tokens(Chat(server, model, _QUESTION, is_silent=True))
    return plain is not None and silent is not None and plain != silent
