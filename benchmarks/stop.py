"""How long Stop takes, from the click to the page's last frame and to the closed request.

    python -m benchmarks.stop   # part of `make bench`

One writer, then thirty whose stories are all under way, stop at once. The model server notes on the
machine's monotonic clock when it lost each connection, so its times compare with the clients'.
"""

import asyncio
import json
import statistics
import time
from pathlib import Path

import httpx
import websockets

from benchmarks.relay.processes import model_server, ours
from tests.support.seats import Seat, session_cookie

BEFORE = 20  # words under way when Stop is clicked
RESULTS = Path(__file__).with_name("stop.json")


async def stop_one(port: int, seat: Seat, barrier: asyncio.Barrier) -> tuple[float, float]:
    """Write until the barrier opens, then stop; return the click's and the last frame's times."""
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/ws/stories/{seat.story_id}/",
        origin=websockets.Origin(f"http://127.0.0.1:{port}"),
        additional_headers={"Cookie": session_cookie(seat)},
        open_timeout=30,
    ) as socket:
        await socket.send('{"type":"write"}')
        words = 0
        while words < BEFORE:
            frame = json.loads(await socket.recv())
            words += len(frame.get("text", "").split())
        await barrier.wait()
        clicked = time.monotonic()
        await socket.send('{"type":"stop"}')
        async for message in socket:
            frame = json.loads(message)
            if frame["type"] == "done":
                assert frame["status"] == "stopped", frame
                return clicked, time.monotonic()
    raise RuntimeError("the socket was closed before the end")


async def stop_all(port: int, seats: list[Seat]) -> list[tuple[float, float]]:
    """Let every seat write, then stop them all at once."""
    barrier = asyncio.Barrier(len(seats))
    return list(await asyncio.gather(*(stop_one(port, seat, barrier) for seat in seats)))


def measure(writers: int) -> dict[str, float]:
    """Return medians and slowest, in milliseconds, for `writers` that stop at once."""
    with model_server() as server, ours(server, writers) as here:
        port, seats = here.serving.ports[0], here.seats
        asyncio.run(stop_all(port, seats[:1]))  # imports, connections, caches
        known = len(httpx.get(f"{server}/requests", trust_env=False).json())
        times = asyncio.run(stop_all(port, seats))
        requests = httpx.get(f"{server}/requests", trust_env=False).json()[known:]
    assert all(request["ended"] == "closed" for request in requests), requests
    clicked = statistics.median(click for click, _ in times)
    pages = [(done - click) * 1e3 for click, done in times]
    closed = [(request["ended_at"] - clicked) * 1e3 for request in requests]
    return {
        "writers": writers,
        "page_median": statistics.median(pages),
        "page_slowest": max(pages),
        "closed_median": statistics.median(closed),
        "closed_slowest": max(closed),
    }


def main() -> None:
    """Measure, print the table and keep the results."""
    results = [measure(writers) for writers in (1, 30)]
    print("| writers | page, median | page, slowest | request closed, median | slowest |")
    print("|---|---|---|---|---|")
    for result in results:
        writers, *figures = result.values()
        print(f"| {writers} | " + " | ".join(f"{figure:.0f} ms" for figure in figures) + " |")
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
