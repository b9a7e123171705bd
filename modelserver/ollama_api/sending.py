"""A chat as Ollama is asked it."""

from modelserver.asking import Prefill, Request, Sending
from modelserver.ollama_api import prefill
from modelserver.ollama_api.reading import Reader
from modelserver.seams import Echo, Words

# What is done to an answer; the others come as they have to be.
_SEAMS: dict[Prefill, type[Echo] | type[Words]] = {
    Prefill.OPEN: Echo,
    Prefill.ECHOED: Echo,
    Prefill.WORDS: Words,
}


async def sending(asked: Request) -> Sending:
    """Return what is posted for `asked`. Raises `ModelServerError`."""
    way = await prefill.prefill_of(asked) if asked.prefill else Prefill.CONTINUED
    way, path, body = await prefill.as_sent(asked, way)
    seam = _SEAMS[way](asked.prefill) if way in _SEAMS else None

    def learn() -> None:
        if way is Prefill.OPEN and isinstance(seam, Echo) and seam.came is not None:
            prefill.remember(asked, Prefill.ECHOED if seam.came else Prefill.CONTINUED)

    return Sending(path, body, Reader(asked.server), seam, learn)
