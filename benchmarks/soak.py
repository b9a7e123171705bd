"""Fifty streams without end: does the web process keep its size?

    make soak MINUTES=30

Fifty writers let the scripted model server write one story after the other and read all of it. Once
a second, memory, file descriptors and connections (database, Redis) of the web process are looked
at, and each writer checks every offset. The first third of the time is for warming up. Fails where
a line through what follows rises faster than it may, or a word was lost. Less than `SHORTEST`
minutes tell nothing about growth: the logs of finished stories alone are kept for one.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from websockets.asyncio.client import ClientConnection

from benchmarks.relay.processes import cpu_seconds, model_server, web_process
from benchmarks.relay.writers import ACKNOWLEDGE_EVERY
from benchmarks.results import keep
from benchmarks.stalled import open_page
from tests.support.model_server import tokens
from tests.support.processes import resident
from tests.support.seats import Seat, take_seats
from tests.support.servers import postgres_server, redis_server

STREAMS = 50
TOKENS = 300
RATE = 20  # tokens a second and stream
# What a line through the samples may rise by in an hour, in which 12,000 stories are written. Pools
# of connections keep the most that was ever needed at once, which still rises a little.
MOST_MEGABYTES = 20.0
MOST_DESCRIPTORS = 30.0
MOST_CONNECTIONS = 30.0
SHORTEST = 6.0  # minutes
RESULTS = Path(__file__).parent


class Sample(NamedTuple):
    """The web process at one moment."""

    seconds: float
    megabytes: float
    descriptors: int
    database: int  # connections
    redis: int


@dataclass
class Tally:
    """What the writers saw."""

    stories: int = 0
    words: int = 0
    lost: int = 0
    gaps: list[float] = field(default_factory=list)  # seconds between frames with text


def look(pid: int, started: float, ports: dict[str, int]) -> Sample:
    """Return how process `pid` is; SQLite's connections are its open database files."""
    links = [os.path.realpath(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    peers = Counter(_peer_ports(pid))
    files = sum(link.endswith("db.sqlite3") for link in links)
    database = peers[ports["database"]] if "database" in ports else files
    return Sample(
        time.monotonic() - started,
        resident(pid),
        len(links),
        database,
        peers[ports.get("redis", -1)],
    )


def _peer_ports(pid: int) -> list[int]:
    """Return the ports that the process's established TCP connections lead to."""
    own = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            own.add(os.readlink(entry))
        except FileNotFoundError:
            continue
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return [int(row[2].split(":")[1], 16) for row in fields if f"socket:[{row[9]}]" in own]


async def write_on(page: ClientConnection, until: float, tally: Tally, expected: str) -> None:
    """Let one story after the other be written, and check every offset."""
    while time.monotonic() < until:
        text, acknowledged, last = "", 0, 0.0
        await page.send('{"type":"write"}')
        async for message in page:
            frame = json.loads(message)
            if frame["type"] == "text":
                tally.lost += frame["offset"] != len(text)
                text += frame["text"]
                now = time.monotonic()
                if last:
                    tally.gaps.append(now - last)
                last = now
                if len(text) - acknowledged >= ACKNOWLEDGE_EVERY:
                    acknowledged = len(text)
                    await page.send(json.dumps({"type": "ack", "offset": acknowledged}))
            elif frame["type"] == "error":
                raise RuntimeError(frame["message"])
            elif frame["type"] == "done":
                break
        tally.lost += text != expected
        tally.stories += 1
        tally.words += len(text.split())


async def soak(
    port: int, pid: int, seats: list[Seat], minutes: float, ports: dict[str, int]
) -> tuple[list[Sample], Tally]:
    """Write for so long; return a sample a second, and what the writers saw."""
    tally, samples = Tally(), []
    expected = "".join(itertools.islice(tokens(), TOKENS))
    started = time.monotonic()
    until = started + minutes * 60

    async def watch() -> None:
        while time.monotonic() < until:
            samples.append(look(pid, started, ports))
            await asyncio.sleep(1)

    async with AsyncExitStack() as stack:
        pages = [await open_page(stack, port, seat) for seat in seats]
        writers = [write_on(page, until, tally, expected) for page in pages]
        await asyncio.gather(watch(), *writers)
    return samples, tally


def slope(samples: list[Sample], name: str) -> float:
    """Return by how much `name` rises in an hour, by a line through the samples after the start."""
    warm = samples[-1].seconds / 3
    kept = [sample for sample in samples if sample.seconds > warm]
    seconds = [sample.seconds for sample in kept]
    values = [float(getattr(sample, name)) for sample in kept]
    return statistics.linear_regression(seconds, values).slope * 3600


def measure(minutes: float, streams: int, *, services: bool) -> dict[str, object]:
    """Run everything; return the figures."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {
            "DATA_DIR": str(folder / "data"),
            "STORY_MODEL": "bench",
            "GENERATION_SLOTS": str(streams),
            "GENERATIONS_PER_MINUTE": "0",
        }
        ports: dict[str, int] = {}
        for name in ("data", "redis", "postgres"):
            (folder / name).mkdir()
        if services:
            redis = stack.enter_context(redis_server(folder / "redis"))
            postgres = stack.enter_context(postgres_server(folder / "postgres"))
            environment |= {"REDIS_URL": redis, "DATABASE_URL": postgres}
            ports = {"redis": _port(redis), "database": _port(postgres)}
        environment["OLLAMA_HOST"] = stack.enter_context(model_server(TOKENS, RATE))
        seats = take_seats({**os.environ, **environment}, streams, max_words=TOKENS)
        port, process = stack.enter_context(web_process(environment))
        before, started = cpu_seconds(process.pid), time.monotonic()
        samples, tally = asyncio.run(soak(port, process.pid, seats, minutes, ports))
        cpu = (cpu_seconds(process.pid) - before) / (time.monotonic() - started)
    gaps = sorted(tally.gaps)
    return {
        "minutes": minutes,
        "services": "Redis and PostgreSQL" if services else "SQLite, one process",
        "streams": streams,
        "stories": tally.stories,
        "lost": tally.lost,
        "tokens_per_second": tally.words / samples[-1].seconds,
        "gap_median": statistics.median(gaps) * 1e3,
        "gap_p99": gaps[int(len(gaps) * 0.99)] * 1e3,
        "cpu": cpu,
        "warm": samples[len(samples) // 3]._asdict(),
        "last": samples[-1]._asdict(),
        "rise_per_hour": {
            name: slope(samples, name) for name in ("megabytes", "descriptors", "database", "redis")
        },
    }


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])


def faults(figures: dict[str, object], minutes: float) -> list[str]:
    """Return what must not be."""
    found = []
    if figures["lost"]:
        found.append(f"{figures['lost']} pieces or stories were not what was written")
    if minutes < SHORTEST:
        return found
    rise = figures["rise_per_hour"]
    assert isinstance(rise, dict)
    most = {
        "megabytes": MOST_MEGABYTES,
        "descriptors": MOST_DESCRIPTORS,
        "database": MOST_CONNECTIONS,
        "redis": MOST_CONNECTIONS,
    }
    grown = [name for name in most if rise[name] > most[name]]
    return found + [f"{name} rise by {rise[name]:.1f} an hour" for name in grown]


def main() -> int:
    """Soak, print the figures, keep them, and return 1 if something grows or was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--services", action="store_true", help="on Redis and PostgreSQL")
    options = parser.parse_args()
    figures = measure(options.minutes, options.streams, services=options.services)
    found = faults(figures, options.minutes)
    path = RESULTS / ("soak-services.json" if options.services else "soak.json")
    keep(path, **figures, faults=found)
    print(path.read_text())
    for fault in found:
        print(f"FAILED: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
