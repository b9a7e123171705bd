"""What a text log does."""

from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple, Protocol


class Piece(NamedTuple):
    """Text, and where it begins: in code points from the start of the generation's text."""

    offset: int
    text: str


class TextLog(Protocol):
    """A log per generation, written by one task and followed by any number of sockets."""

    async def begin(self, generation: int) -> None:
        """Open an empty log, dropping an older one."""

    async def append(self, generation: int, piece: Piece) -> None:
        """Add `piece`, which begins where the log ends."""

    async def finish(self, generation: int) -> None:
        """Say that no more will come; the log is dropped some time later."""

    def follow(self, generation: int, offset: int, patience: float) -> AsyncIterator[Piece]:
        """Yield the text from `offset` on, then what is added.

        Ends when the log is finished, when there is none, when nothing was added for `patience`
        seconds, or before a gap: the database then knows more.
        """

    def forget(self, generations: Iterable[int]) -> None:
        """Drop the logs at once. Blocks: not for the event loop."""

    def text(self, generation: int) -> str:
        """Return all that is in the log; empty if there is none. Blocks: not for the event loop."""
