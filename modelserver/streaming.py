"""Stories from the model: a chat, answered in pieces; one that ends with the model's own words is
continued, whatever the server does with such a chat."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from msgspec.structs import replace

from modelserver.asking import Request
from modelserver.counting import counter
from modelserver.dialects import dialect_of
from modelserver.errors import PromptTooLongError
from modelserver.facts import Abilities
from modelserver.server import Server
from modelserver.wire import Chunk, chunks


async def chat(
    server: Server,
    model: str,
    messages: list[dict[str, str]],
    options: dict[str, Any],
    able: Abilities | None = None,
    pace: float = 0.0,
) -> AsyncIterator[Chunk]:
    """Yield the model's answer as it comes; a last message of the assistant is continued.

    Only what is new is yielded, whether the server repeats that message or can't continue it. What
    opens or closes a role in the model's template is taken out of the messages; `able` tells what
    that is. A model that thinks is told not to: its reasoning would be paid for and never shown.
    The text that comes within `pace` seconds is one piece, unless an echo is looked for in it.
    Closing the iterator closes the connection, and so stops the model. Raises `ModelServerError`.
    """
    able = able or Abilities()
    messages = [{**each, "content": able.tokens.strip(each["content"])} for each in messages]
    sent = [each["content"] for each in messages]
    learn = None
    try:
        dialect = await dialect_of(server)
        sending = await dialect.sending(Request(server, model, messages, options, able))
        seam, learn = sending.seam, sending.learn
        pieces = chunks(server, model, sending.path, sending.body, sending.reader, pace)
        async with aclosing(pieces) as answer:  # type: ignore[type-var]
            async for chunk in answer:
                if chunk.prompt_tokens:
                    counter(server, model).learn(sent, chunk.prompt_tokens)
                # Where an echo ends is told by the pieces as they came.
                for piece in chunk.apart() if seam else (chunk,):
                    if seam is None or (text := seam.take(piece.text)) is piece.text:
                        yield piece
                    elif text or piece.done:
                        yield replace(piece, text=text)
    except PromptTooLongError as error:
        if error.tokens:
            counter(server, model).learn(sent, error.tokens)
        raise
    finally:
        if learn is not None:
            learn()
