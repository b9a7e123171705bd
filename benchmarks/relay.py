"""Time to the first word and CPU per token, ours beside a bare relay, in one run.

    make bench   # 1, 30 and 100 writers; prints a table and keeps it in results.json

Each side is a process of its own in front of the same scripted model server, which is a third one.
CPU is what the measured process used (user and system) from the first request to the last frame.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import websockets

from benchmarks.results import keep
from tests.support.processes import free_port, running
from tests.support.seats import Seat, session_cookie, take_seats

TOKENS = 300
RATE = 40  # tokens a second
ACKNOWLEDGE_EVERY = 2000  # code points, as the page does
RESULTS = Path(__file__).with_name("results.json")
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measurement:
    """One side under one load; times in milliseconds, CPU in microseconds."""

    side: str
    writers: int
    first_word_median: float
    first_word_max: float
    cpu_per_token: float | None


Start = Callable[[], Awaitable[None]]  # returns when every writer is ready
Writer = Callable[[int, Start], Awaitable[float]]  # index, start -> seconds to the first word


async def measure(side: str, writers: int, write: Writer, pid: int | None) -> Measurement:
    """Let `writers` write at once through `write`, once; `pid` is the process to account."""
    cpu_before = 0.0
    barrier = asyncio.Barrier(writers)

    async def start() -> None:
        # All pages are open before the first one writes, on each side alike.
        nonlocal cpu_before
        await barrier.wait()
        cpu_before = cpu_before or (cpu_seconds(pid) if pid else 0.0)

    first_words = await asyncio.gather(*(write(index, start) for index in range(writers)))
    cpu = (cpu_seconds(pid) - cpu_before) / (writers * TOKENS) * 1e6 if pid else None
    return Measurement(
        side,
        writers,
        statistics.median(first_words) * 1e3,
        max(first_words) * 1e3,
        cpu,
    )


def cpu_seconds(pid: int) -> float:
    """Return the user and system time that process `pid` has used, threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


def direct_writer(model_server: str) -> Writer:
    """Return a writer that talks to the model server itself."""
    body = {"model": "bench", "messages": [{"role": "user", "content": "Write."}]}

    async def write(index: int, start: Start) -> float:
        async with httpx.AsyncClient(timeout=60, trust_env=False, verify=False) as client:
            await start()
            started = time.perf_counter()
            first = None
            async with client.stream("POST", f"{model_server}/api/chat", json=body) as response:
                async for _ in response.aiter_lines():
                    first = first or time.perf_counter()
        assert first is not None
        return first - started

    return write


def baseline_writer(port: int) -> Writer:
    """Return a writer that talks to the bare relay."""

    async def write(index: int, start: Start) -> float:
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws", open_timeout=30) as socket:
            await start()
            started = time.perf_counter()
            await socket.send("Write.")
            await socket.recv()
            first = time.perf_counter() - started
            async for _ in socket:
                pass
        return first

    return write


def our_writer(port: int, stories: list[Seat]) -> Writer:
    """Return a writer that talks to our page's websocket, a user and a story each."""

    async def write(index: int, start: Start) -> float:
        seat = stories[index]
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/ws/stories/{seat.story_id}/",
            origin=websockets.Origin(f"http://127.0.0.1:{port}"),
            additional_headers={"Cookie": session_cookie(seat)},
            open_timeout=30,
        ) as socket:
            await start()
            started = time.perf_counter()
            await socket.send('{"type":"write"}')
            first, acknowledged = None, 0
            async for message in socket:
                frame = json.loads(message)
                if frame["type"] == "text":
                    first = first or time.perf_counter() - started
                    received = frame["offset"] + len(frame["text"])
                    if received - acknowledged >= ACKNOWLEDGE_EVERY:
                        acknowledged = received
                        await socket.send(json.dumps({"type": "ack", "offset": received}))
                elif frame["type"] == "error":
                    raise RuntimeError(frame["message"])
                elif frame["type"] == "done":
                    break
        assert first is not None
        return first

    return write


@contextmanager
def model_server(tokens: int = TOKENS, rate: float = RATE) -> Iterator[str]:
    """Run the scripted model server; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "tests.support.model_server", "--port", str(port)]
    command += ["--tokens", str(tokens), "--rate", str(rate)]
    with running(command, ready_url=f"http://127.0.0.1:{port}/api/version"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def baseline(server: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the bare relay; yields its port and process."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.baseline:app", "--log-level", "warning"]
    command += ["--port", str(port)]
    environment = {**os.environ, "OLLAMA_HOST": server}
    url = f"http://127.0.0.1:{port}/health/"
    with running(command, ready_url=url, env=environment) as process:
        yield port, process


@contextmanager
def ours(server: str, writers: int) -> Iterator[tuple[int, subprocess.Popen[bytes], list[Seat]]]:
    """Run our web process on a new library; yields its port, process and one seat a writer."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "DATA_DIR": folder,
            "OLLAMA_HOST": server,
            "STORY_MODEL": "bench",
            "GENERATION_SLOTS": str(10**6),  # the relay has no queue
        }
        seats = take_seats({**os.environ, **environment}, writers)
        with web_process(environment) as (port, process):
            yield port, process, seats


@contextmanager
def web_process(environment: dict[str, str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run our web process with `environment` on top of this one's; yields its port and itself."""
    port = free_port()
    command = [sys.executable, "-m", "storaiteller_site.serving.web", "--verbosity", "0"]
    command += ["--port", str(port), "storaiteller_site.asgi:application"]
    everything = {**os.environ, **environment, "PORT": str(port)}
    with running(command, ready_url=f"http://127.0.0.1:{port}/health/", env=everything) as process:
        yield port, process


def compare(writers: int, repeats: int) -> list[Measurement]:
    """Measure the three sides in turn, `repeats` times; return each side's median run."""
    runs: dict[str, list[Measurement]] = {"model server": [], "bare relay": [], "StorAIteller": []}
    with (
        model_server() as server,
        baseline(server) as (relay_port, relay),
        ours(server, writers) as (port, process, seats),
    ):
        sides: dict[str, tuple[Writer, int | None]] = {
            "model server": (direct_writer(server), None),
            "bare relay": (baseline_writer(relay_port), relay.pid),
            "StorAIteller": (our_writer(port, seats), process.pid),
        }
        # One story each before the count: imports, connections, caches.
        for writer, _ in sides.values():
            asyncio.run(measure("warm-up", 1, writer, None))
        for _ in range(repeats):
            for side, (writer, pid) in sides.items():
                runs[side].append(asyncio.run(measure(side, writers, writer, pid)))
    return [_median_run(measurements) for measurements in runs.values()]


def _median_run(runs: list[Measurement]) -> Measurement:
    return sorted(runs, key=lambda run: run.cpu_per_token or run.first_word_median)[len(runs) // 2]


def report(measurements: list[Measurement]) -> str:
    """Return the results as a Markdown table."""
    lines = [
        "| writers | side | first word, median | first word, slowest | above the model server | "
        "CPU a token | of the relay's |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in measurements:
        own = next(m for m in measurements if m.writers == run.writers and m.side[0] == "m")
        relay = next(m for m in measurements if m.writers == run.writers and m.side[0] == "b")
        ratio = cpu = ""
        if run.cpu_per_token is not None and relay.cpu_per_token:
            cpu = f"{run.cpu_per_token:.0f} µs"
            ratio = f"{run.cpu_per_token / relay.cpu_per_token:.2f}"
        lines.append(
            f"| {run.writers} | {run.side} | {run.first_word_median:.1f} ms | "
            f"{run.first_word_max:.1f} ms | {run.first_word_median - own.first_word_median:.1f} ms "
            f"| {cpu} | {ratio} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 30, 100])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    measurements: list[Measurement] = []
    for writers in options.writers:
        measurements += compare(writers, options.repeats)
    print(report(measurements))
    keep(RESULTS, measurements=[asdict(run) for run in measurements])


if __name__ == "__main__":
    main()
