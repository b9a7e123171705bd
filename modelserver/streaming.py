"""Stories from the model: a chat, answered in pieces; one that ends with the model's own words is
continued, whatever the server does with such a chat."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from modelserver import dialect
from modelserver.counting import counter
from modelserver.dialect import Prefill, Request
from modelserver.errors import PromptTooLongError
from modelserver.knowledge import Abilities
from modelserver.server import Server
from modelserver.wire import Chunk, chunks


async def chat(
    server: Server,
    model: str,
    messages: list[dict[str, str]],
    options: dict[str, Any],
    able: Abilities | None = None,
) -> AsyncIterator[Chunk]:
    """Yield the model's answer as it comes; a last message of the assistant is continued.

    Only what is new is yielded, whether the server repeats that message or can't continue it. What
    opens or closes a role in the model's template is taken out of the messages; `able` tells what
    that is. A model that thinks is told not to: its reasoning would be paid for and never shown.
    Closing the iterator closes the connection, and so stops the model. Raises `ModelServerError`.
    """
    able = able or Abilities()
    messages = [{**each, "content": able.tokens.strip(each["content"])} for each in messages]
    last = messages[-1] if messages else {}
    prefill = last["content"] if last.get("role") == "assistant" else ""
    asked = Request(server, model, messages, options, able)
    way = await dialect.prefill_of(asked) if prefill else Prefill.CONTINUED
    way, path, body = await asked.as_sent(way)
    seam = _SEAMS[way](prefill) if way in _SEAMS else None
    sent = [each["content"] for each in messages]
    try:
        async with aclosing(chunks(server, model, path, body)) as answer:  # type: ignore[type-var]
            async for chunk in answer:
                if chunk.prompt_tokens:
                    counter(server, model).learn(sent, chunk.prompt_tokens)
                if seam is None or (text := seam.take(chunk.text)) is chunk.text:
                    yield chunk
                elif text or chunk.done:
                    yield replace(chunk, text=text)
    except PromptTooLongError as error:
        if error.tokens:
            counter(server, model).learn(sent, error.tokens)
        raise
    finally:
        if way is Prefill.OPEN and isinstance(seam, Echo) and seam.came is not None:
            dialect.remember(asked, Prefill.ECHOED if seam.came else Prefill.CONTINUED)


class Echo:
    """Takes off the echo of what was to be continued, if it is an exact one."""

    def __init__(self, prefill: str) -> None:
        """Expect `prefill`; a server may leave off the white space around it."""
        self._expected = prefill.lstrip()
        self._core = len(self._expected.rstrip())
        self._at = 0  # how much of it came
        self._held: list[str] = []
        self._over = False
        self.came: bool | None = None  # None until it is clear

    def take(self, text: str) -> str:
        """Return what of the next piece is new, with what was held back and is no echo."""
        if self._over:
            return text
        self._held.append(text)
        new = text if self._at else text.lstrip()
        if self._expected.startswith(new, self._at):
            self._at += len(new)
            self._over = self._at == len(self._expected)
            self.came = self._over or None
            return ""
        self._over = True
        rest = self._after(new, len(self._expected))
        if rest is None:
            rest = self._after(new, max(self._core, self._at))
        self.came = rest is not None
        return "".join(self._held) if rest is None else rest

    def _after(self, new: str, end: int) -> str | None:
        """Return what follows in `new` if the echo goes on in it up to `end`."""
        if not end or not new.startswith(self._expected[self._at : end]):
            return None
        return new[end - self._at :]


class Words:
    """The answer is one of its own: its first word is no part of the one before."""

    def __init__(self, prefill: str) -> None:
        """Remember whether a space is missing after `prefill`."""
        self._apart = bool(prefill) and not prefill[-1].isspace()

    def take(self, text: str) -> str:
        """Return the next piece; the first with the space before it, if it begins with a word."""
        if not self._apart or not text:
            return text
        self._apart = False
        return f" {text}" if text[0].isalnum() else text


# What is done to an answer; the others come as they have to be.
_SEAMS: dict[Prefill, type[Echo] | type[Words]] = {
    Prefill.OPEN: Echo,
    Prefill.ECHOED: Echo,
    Prefill.WORDS: Words,
}
