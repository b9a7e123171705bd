"""Lines of an answer of `/api/chat` and `/api/generate`, read as pieces."""

from collections import deque

from modelserver.errors import BrokenStreamError, NotOllamaError, is_page, raise_told
from modelserver.sayings import said
from modelserver.server import Server
from modelserver.wire import Chunk, parsed, shape, token_count

# Ollama closes an answer without a word when more than thirty pieces in a row read the same.
_REPEATED = 30
REPEATED = "repeat"
RENDERED = "rendered"


class Reader:
    """Reads one answer."""

    def __init__(self, server: Server) -> None:
        """Expect an answer of `server`."""
        self._server = server
        self._latest: deque[str] = deque(maxlen=_REPEATED + 1)

    def read(self, line: bytes) -> Chunk:
        """Return the piece that `line` is. Raises `ModelServerError`."""
        chunk = _parse(line, self._server)
        self._latest.append(chunk.text)
        return chunk

    def ended(self) -> Chunk | None:
        """Return the end of an answer that stopped without one; None if it is broken."""
        latest = self._latest
        if len(latest) <= _REPEATED or len({text.strip() for text in latest}) > 1:
            return None
        return Chunk("", done=True, done_reason=REPEATED)


def _parse(line: bytes, server: Server) -> Chunk:
    try:
        part = parsed(line)
    except ValueError as error:
        if is_page(line.decode(errors="replace")):
            raise NotOllamaError(server, "a web page") from error
        raise BrokenStreamError(
            said("The model server's answer broke off, or can't be read."), hint=shape(line)
        ) from error
    message = part.get("message") or {} if isinstance(part, dict) else None
    if not isinstance(message, dict):
        raise BrokenStreamError(said("The model server's answer can't be read."), hint=shape(line))
    if "error" in part:
        raise_told(part["error"])
    # A chat answers with messages, a completion with responses.
    text = str(message.get("content") or part.get("response") or "")
    if not part.get("done"):
        rendered = part.get("_debug_info")
        if isinstance(rendered, dict):
            text = str(rendered.get("rendered_template") or "")
            return Chunk(text, done=True, done_reason=RENDERED)
        return Chunk(text, thinks=bool(message.get("thinking") or part.get("thinking")))
    return Chunk(
        text,
        done=True,
        done_reason=str(part.get("done_reason") or "stop"),
        prompt_tokens=token_count(part.get("prompt_eval_count")),
        completion_tokens=token_count(part.get("eval_count")),
    )
