"""How fast an answer is sent: as it is read, so that a long one never lies in memory whole."""

import asyncio

# For what Twisted holds of an answer (some 100 kB) to be read; then the reader is given up.
STALLED_SECONDS = 120


class Pace:
    """Knows whether a connection takes more; Twisted tells it, as it would a producer."""

    def __init__(self) -> None:
        """Begin with a connection that takes something."""
        self._takes_more = asyncio.Event()
        self._takes_more.set()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's names
        """Wait: enough is unread."""
        self._takes_more.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """Go on: all is read."""
        self._takes_more.set()

    def stopProducing(self) -> None:  # noqa: N802
        """Keep nobody waiting: the connection is gone."""
        self._takes_more.set()

    async def wait(self, seconds: float = STALLED_SECONDS) -> None:
        """Return when the connection takes more. Raises `TimeoutError` after `seconds`."""
        async with asyncio.timeout(seconds):
            await self._takes_more.wait()
