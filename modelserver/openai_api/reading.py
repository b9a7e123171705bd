"""Server-sent events of `/v1/chat/completions` and `/v1/completions`, read as pieces."""

from typing import Any

from modelserver.errors import BrokenStreamError, NotOllamaError, is_page, raise_told
from modelserver.sayings import said
from modelserver.server import Server
from modelserver.wire import Chunk, parsed, shape, token_count

_DONE = b"[DONE]"
# Ends that are none: the engine gave up.
_GAVE_UP = frozenset({"abort", "error"})
# Models that were heard to reason, whatever was known of them.
heard: set[tuple[Server, str]] = set()


class Reader:
    """Reads one answer. The reason and the counts of its end may come in pieces of their own."""

    def __init__(self, server: Server, model: str) -> None:
        """Expect an answer of `model`."""
        self._key = (server, model)
        self._reason = ""
        self._usage: dict[str, Any] = {}

    def read(self, line: bytes) -> Chunk | None:
        """Return the piece that `line` is, None if it is none. Raises `ModelServerError`."""
        if not line.startswith(b"data:"):
            self._aside(line)
            return None
        data = line[5:].strip()
        if data == _DONE:
            return self._end("") if self._reason else None
        part = _parsed(data, self._key[0])
        choices = part.get("choices")
        usage = part.get("usage")
        if isinstance(usage, dict):
            self._usage = usage
        choice = choices[0] if isinstance(choices, list) and choices else {}
        if not isinstance(choice, dict):
            raise _unreadable(data)
        # A chat answers with deltas, a completion with texts.
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            raise _unreadable(data)
        text = str(delta.get("content") or choice.get("text") or "")
        thinks = bool(delta.get("reasoning_content") or delta.get("reasoning"))
        if thinks:
            heard.add(self._key)
        if reason := choice.get("finish_reason"):
            self._reason = str(reason)
        if self._reason and self._usage:
            return self._end(text)
        return Chunk(text, thinks=thinks)

    def ended(self) -> Chunk | None:
        """Return the end of an answer without `[DONE]`, if it told its reason."""
        return self._end("") if self._reason else None

    def _end(self, text: str) -> Chunk:
        if self._reason in _GAVE_UP:
            raise BrokenStreamError(said("The model server ended its answer in the middle."))
        return Chunk(
            text,
            done=True,
            done_reason=self._reason,
            prompt_tokens=token_count(self._usage.get("prompt_tokens")),
            completion_tokens=token_count(self._usage.get("completion_tokens")),
        )

    def _aside(self, line: bytes) -> None:
        """Take in a line that is no data: an error outside of the events, or nothing to us."""
        text = line.removeprefix(b"error:").strip()
        if text.startswith((b"{", b"<")):
            _parsed(text, self._key[0])


def _parsed(data: bytes, server: Server) -> dict[str, Any]:
    try:
        part = parsed(data)
    except ValueError as error:
        if is_page(data.decode(errors="replace")):
            raise NotOllamaError(server, "a web page") from error
        raise _unreadable(data) from error
    if not isinstance(part, dict):
        raise _unreadable(data)
    # vLLM's older errors have no field of that name, but are one.
    if part.get("error") or part.get("object") == "error":
        raise_told(part)
    return part


def _unreadable(data: bytes) -> BrokenStreamError:
    return BrokenStreamError(said("The model server's answer can't be read."), hint=shape(data))
