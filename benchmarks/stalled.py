"""What a hundred clients that stop reading cost: memory, and the other writers' time.

    python -m benchmarks.stalled   # part of `make bench`

Ten writers read their stories; a hundred more are absent, or read theirs too, or have theirs
written and read nothing of it, with the smallest receive buffer that the kernel gives. Each row is
a web process of its own in front of the same scripted model server; the row with a hundred more
that read is the baseline, and the load that was held.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import websockets
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.relay.processes import model_server, web_process
from benchmarks.relay.writers import ACKNOWLEDGE_EVERY
from benchmarks.results import keep
from tests.support.processes import resident
from tests.support.seats import Seat, session_cookie, take_seats

TOKENS = 2000  # of a story: more than may be on its way to a client
RATE = 60  # tokens a second and story
WRITERS = 10
OTHERS = ("absent", "reading", "stopped reading")
RESULTS = Path(__file__).with_name("stalled.json")


@dataclass
class Stream:
    """What one writer saw."""

    first_word: float = 0.0  # seconds
    gaps: list[float] = field(default_factory=list)  # seconds between frames with text
    words: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Figures:
    """One row; times in milliseconds."""

    others: str
    count: int
    megabytes_each: float | None
    first_word_median: float
    first_word_slowest: float
    gap_median: float
    gap_p99: float
    gap_longest: float
    tokens_per_second: float  # that all readers together were sent


async def open_page(
    stack: AsyncExitStack, port: int, seat: Seat, *, narrow: bool = False
) -> ClientConnection:
    """Open the seat's page; a `narrow` one has next to no room for what it does not read."""
    raw = socket.socket()
    if narrow:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel makes it its least
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    page = connect(
        f"ws://127.0.0.1:{port}/ws/stories/{seat.story_id}/",
        sock=raw,
        origin=websockets.Origin(f"http://127.0.0.1:{port}"),
        additional_headers={"Cookie": session_cookie(seat)},
        open_timeout=60,
        close_timeout=1,
        ping_interval=None,
        max_queue=1 if narrow else 16,
    )
    return await stack.enter_async_context(page)


async def read(page: ClientConnection) -> Stream:
    """Write a story and read it to its end, as the page does."""
    seen, acknowledged = Stream(), 0
    started = last = time.perf_counter()
    await page.send('{"type":"write"}')
    async for message in page:
        frame = json.loads(message)
        if frame["type"] == "text":
            now = time.perf_counter()
            if seen.words:
                seen.gaps.append(now - last)
            else:
                seen.first_word = now - started
            last = now
            seen.words += len(frame["text"].split())
            received = frame["offset"] + len(frame["text"])
            if received - acknowledged >= ACKNOWLEDGE_EVERY:
                acknowledged = received
                await page.send(json.dumps({"type": "ack", "offset": received}))
        elif frame["type"] == "done":
            seen.seconds = time.perf_counter() - started
            return seen
    raise RuntimeError("the socket was closed before the end")


async def measure(port: int, pid: int, seats: list[Seat], others: str) -> Figures:
    """Let the first `WRITERS` seats write and read while the rest do as `others` says."""
    stalled = others == OTHERS[2]
    async with AsyncExitStack() as stack:
        # Imports, connections, caches.
        await read(await open_page(stack, port, seats.pop()))
        pages = [await open_page(stack, port, seat) for seat in seats[:WRITERS]]
        before = resident(pid)
        crowd = seats[WRITERS:]
        more = [await open_page(stack, port, seat, narrow=stalled) for seat in crowd]
        if stalled:
            for page in more:
                await page.send('{"type":"write"}')
        reading = pages if stalled else pages + more
        streams = await asyncio.gather(*(read(page) for page in reading))
        cost = (resident(pid) - before) / len(more) if more else None
    first = [stream.first_word * 1e3 for stream in streams[:WRITERS]]
    gaps = sorted(gap * 1e3 for stream in streams[:WRITERS] for gap in stream.gaps)
    return Figures(
        others,
        len(more),
        cost,
        statistics.median(first),
        max(first),
        statistics.median(gaps),
        gaps[int(len(gaps) * 0.99)],
        gaps[-1],
        sum(stream.words / stream.seconds for stream in streams),
    )


def compare(count: int) -> list[Figures]:
    """Measure with no others and `count` others of each kind."""
    figures = []
    with model_server(TOKENS, RATE) as server:
        for others in OTHERS:
            crowd = 0 if others == OTHERS[0] else count
            with tempfile.TemporaryDirectory() as folder:
                environment = {"DATA_DIR": folder, "OLLAMA_HOST": server, "STORY_MODEL": "bench"}
                environment["GENERATION_SLOTS"] = str(10**6)  # nobody waits for a turn
                with web_process(environment) as (port, process):
                    seats = take_seats(
                        {**os.environ, **environment}, WRITERS + crowd + 1, max_words=TOKENS
                    )
                    figures.append(asyncio.run(measure(port, process.pid, seats, others)))
    return figures


def report(figures: list[Figures]) -> str:
    """Return the results as a Markdown table."""
    lines = [
        f"| beside {WRITERS} writers | memory each | first word, median | slowest | "
        "gap between frames, median | p99 | longest | tokens read |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in figures:
        each = "" if row.megabytes_each is None else f"{row.megabytes_each:.2f} MB"
        lines.append(
            f"| {row.count or 'nobody'} {row.others if row.count else ''} | {each} "
            f"| {row.first_word_median:.0f} ms | {row.first_word_slowest:.0f} ms "
            f"| {row.gap_median:.0f} ms | {row.gap_p99:.0f} ms | {row.gap_longest:.0f} ms "
            f"| {row.tokens_per_second:,.0f} a second |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", type=int, default=100)
    figures = compare(parser.parse_args().others)
    print(report(figures))
    keep(RESULTS, figures=[asdict(row) for row in figures])


if __name__ == "__main__":
    main()
