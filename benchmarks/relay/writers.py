"""The clients: each side's own way to one story, which is checked word by word as it comes.

They all run in the process of the benchmark, which does nothing else meanwhile.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.support.model_server import tokens
from tests.support.seats import Seat, session_cookie

ACKNOWLEDGE_EVERY = 2000  # code points, as the page does
# Pages that open at the same time: that is not what is measured.
_OPENING = 16
_PATIENCE = 120.0  # seconds
# The code of an error after which the story goes on: the database is behind.
_UNSTORED = "not_stored"


@dataclass
class Seen:
    """What one writer saw; times in seconds of the clock `time.perf_counter`."""

    clicked: float = 0.0
    first: float = 0.0
    last: float = 0.0
    text: str = ""
    gaps: list[float] = field(default_factory=list)  # seconds between two texts
    told_unstored: bool = False  # for a while

    def add(self, text: str) -> None:
        """Take in what has just come of the story."""
        now = time.perf_counter()
        if self.text:
            self.gaps.append(now - self.last)
        else:
            self.first = now
        self.last = now
        self.text += text


class Gate:
    """Lets the pages open a few at a time, and then all writers click at once."""

    def __init__(self, writers: int, opened: Callable[[], None] = lambda: None) -> None:
        """Make a gate for that many; `opened` is called once when all pages are open."""
        self.few = asyncio.Semaphore(_OPENING)
        self._all = asyncio.Barrier(writers)
        self._opened = opened

    async def click(self) -> Seen:
        """Wait until all are ready; return what the writer has seen: nothing yet."""
        if await self._all.wait() == 0:
            self._opened()
        await self._all.wait()
        return Seen(clicked=time.perf_counter())


Writer = Callable[[int, Gate], Awaitable[Seen]]  # of the index of a writer


def story(count: int) -> str:
    """Return the story that the scripted model server writes with `count` tokens."""
    return "".join(itertools.islice(tokens(), count))


def direct_writer(model_server: str) -> Writer:
    """Return a writer that talks to the model server itself."""
    body = {"model": "bench", "messages": [{"role": "user", "content": "Write."}]}
    timeout = aiohttp.ClientTimeout(total=_PATIENCE)

    async def write(index: int, gate: Gate) -> Seen:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            seen = await gate.click()
            async with session.post(f"{model_server}/api/chat", json=body) as response:
                async for line in response.content:
                    part = json.loads(line)
                    if part["done"]:
                        return seen
                    seen.add(part["message"]["content"])
        raise RuntimeError("the model server's answer has no end")

    return write


def relay_writer(ports: list[int]) -> Writer:
    """Return a writer that talks to the bare relay, each to the next of its processes."""

    async def write(index: int, gate: Gate) -> Seen:
        async with gate.few:
            page = await _open(f"ws://127.0.0.1:{ports[index % len(ports)]}/ws")
        async with page:
            seen = await gate.click()
            await page.send("Write.")
            async for message in page:
                if message:
                    seen.add(str(message))
        return seen

    return write


def our_writer(ports: list[int], seats: list[Seat]) -> Writer:
    """Return a writer that talks to our page's websocket, a user and a story each."""

    async def write(index: int, gate: Gate) -> Seen:
        port, seat = ports[index % len(ports)], seats[index]
        async with gate.few:
            url = f"ws://127.0.0.1:{port}/ws/stories/{seat.story_id}/"
            page = await _open(url, f"http://127.0.0.1:{port}", session_cookie(seat))
        async with page:
            seen = await gate.click()
            await page.send('{"type":"write"}')
            await read(page, seen)
        return seen

    return write


async def read(page: ClientConnection, seen: Seen) -> None:
    """Read a story to its end, as the page does; `RuntimeError` where it has a gap or fails."""
    acknowledged = 0
    async for message in page:
        frame = json.loads(message)
        if frame["type"] == "text":
            if frame["offset"] != len(seen.text):
                raise RuntimeError(f"text for {frame['offset']} came at {len(seen.text)}")
            seen.add(frame["text"])
            if len(seen.text) - acknowledged >= ACKNOWLEDGE_EVERY:
                acknowledged = len(seen.text)
                await page.send(json.dumps({"type": "ack", "offset": acknowledged}))
        elif frame["type"] == "error" and frame["code"] == _UNSTORED:
            seen.told_unstored = True
        elif frame["type"] == "error":
            raise RuntimeError(frame["message"])
        elif frame["type"] == "done":
            if frame["status"] != "done":
                raise RuntimeError(f"the story ended as {frame['status']}")
            return
    raise RuntimeError("the socket was closed before the end")


async def _open(url: str, origin: str | None = None, cookie: str = "") -> ClientConnection:
    return await connect(
        url,
        origin=websockets.Origin(origin) if origin else None,
        additional_headers={"Cookie": cookie} if cookie else None,
        open_timeout=_PATIENCE,
        ping_interval=None,
    )
