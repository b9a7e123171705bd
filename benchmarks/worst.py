"""What one writer's worst legal texts cost the others: gaps between the frames of thirty streams.

    python -m benchmarks.worst   # part of `make bench`

Thirty writers read their stories while one more does all that can be done with the longest texts
that may be stored, of each bad shape in turn: saves them, opens their page, searches in them, goes
on from them, and has the longest part that may be selected rewritten. The row without that writer
is the baseline.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection

from benchmarks.relay.processes import model_server, web_process
from benchmarks.results import keep
from benchmarks.stalled import open_page, read
from stories.live.frames import MAX_FRAME_LENGTH
from tests.support.seats import CSRF, Seat, session_cookie, take_seats

TOKENS = 1600  # of a story
RATE = 40  # tokens a second and story
WRITERS = 30
RESULTS = Path(__file__).with_name("worst.json")
# `stories.history.versions` has it, and needs Django's settings; more is refused, which ends this.
_LONGEST = 400_000
# Room that a continuation is let have, so that it is not refused before anything is read.
_ROOM = 1_000
_SELECTED = 10_000  # code points; more of them, escaped, than a frame may have
_TOKEN = "a" * 32  # of a form, in its cookie and its header alike
SHAPES = {
    "no end of a sentence": "word ",
    "one word": "a",
    "only full stops": ".",
    "only newlines": "\n",
    "Chinese without an end": "字",
    "combining marks": "e\u0301",
    "quotation marks": '"',
    "template brackets": "<|",
    "commas": "a, ",
    "short sentences": "He ran. ",
}


@dataclass(frozen=True)
class Figures:
    """One row; times in milliseconds."""

    beside: str
    first_word_median: float
    gap_median: float
    gap_p99: float
    gap_longest: float
    longest_answer: float  # that the writer of the worst texts waited for


class Greedy:
    """The writer of the worst texts, over HTTP and a socket as the page is."""

    def __init__(self, browser: httpx.AsyncClient, socket: ClientConnection, seat: Seat) -> None:
        self.browser, self.socket = browser, socket
        self.page = f"/stories/{seat.story_id}/"
        self.version = 0
        self.longest = 0.0

    async def live(self) -> None:
        """Do everything with each shape, over and over."""
        while True:
            for unit in SHAPES.values():
                await self.use((unit * _LONGEST)[: _LONGEST - _ROOM])

    async def use(self, text: str) -> None:
        """Store `text` and do what can be done with it."""
        edit = {"version": self.version, "text": text}
        self.version = (await self.ask("POST", f"{self.page}text/", json=edit))["version"]
        await self.ask("GET", self.page)
        await self.ask("GET", "/stories/", params={"q": text[:200]})
        end = min(len(text), _SELECTED)
        passage = {"start": 0, "end": end, "version": self.version, "selected": text[:end]}
        for frame in ({"type": "continue"}, {"type": "rewrite", **passage}):
            if len(written := json.dumps(frame)) > MAX_FRAME_LENGTH:
                continue
            await self.socket.send(written)
            # Refused, or written for a moment; what came of it is stored in the end.
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.until("error", "done")
            await self.socket.send('{"type":"stop"}')
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.until("done")
        await self.ask("POST", f"{self.page}rewrites/discard/")
        self.version = (await self.ask("GET", f"{self.page}text/"))["version"]

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Return the JSON that is answered, if it is that."""
        answer = await self.browser.request(method, path, **more)
        self.longest = max(self.longest, answer.elapsed.total_seconds())
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code}")
        is_json = answer.headers["Content-Type"].startswith("application/json")
        return answer.json() if is_json else {}

    async def until(self, *types: str) -> None:
        """Take in frames until one of `types` comes."""
        while json.loads(await self.socket.recv())["type"] not in types:
            pass


async def measure(port: int, seats: list[Seat], beside: str) -> Figures:
    """Let all seats but one write and read, and the last one be greedy if `beside` says so."""
    async with AsyncExitStack() as stack:
        await read(await open_page(stack, port, seats.pop()))  # imports, connections, caches
        worst = seats.pop()
        pages = [await open_page(stack, port, seat) for seat in seats]
        cookie = f"{session_cookie(worst)}; {CSRF}={_TOKEN}"
        browser = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}",
                headers={"Cookie": cookie, "X-CSRFToken": _TOKEN},
                timeout=60,
                trust_env=False,
            )
        )
        greedy = Greedy(browser, await open_page(stack, port, worst), worst)
        writing = asyncio.gather(*(read(page) for page in pages))
        living = asyncio.create_task(greedy.live()) if beside else None
        streams = await writing
        if living is not None:
            if living.done():
                living.result()  # it was to last as long as the others
            living.cancel()
    gaps = sorted(gap * 1e3 for stream in streams for gap in stream.gaps)
    return Figures(
        beside or "nobody",
        statistics.median(stream.first_word for stream in streams) * 1e3,
        statistics.median(gaps),
        gaps[int(len(gaps) * 0.99)],
        gaps[-1],
        greedy.longest * 1e3,
    )


def compare() -> list[Figures]:
    """Measure without that writer and with them, a web process each."""
    figures = []
    with model_server(TOKENS, RATE) as server:
        for beside in ("", "the worst texts"):
            with tempfile.TemporaryDirectory() as folder:
                environment = {"DATA_DIR": folder, "OLLAMA_HOST": server, "STORY_MODEL": "bench"}
                # Nobody waits for a turn, and the greedy one is refused nothing.
                environment |= {"GENERATION_SLOTS": str(10**6), "GENERATIONS_PER_MINUTE": "0"}
                everything = {**os.environ, **environment}
                everything["DJANGO_SETTINGS_MODULE"] = "storaiteller_site.settings"
                # The page is asked for, not only its socket.
                command = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"]
                subprocess.run(command, env=everything, check=True)
                with web_process(environment) as (port, _):
                    seats = take_seats(everything, WRITERS + 2, max_words=TOKENS)
                    figures.append(asyncio.run(measure(port, seats, beside)))
    return figures


def report(figures: list[Figures]) -> str:
    """Return the results as a Markdown table."""
    lines = [
        f"| beside {WRITERS} writers | first word, median | gap between frames, median | p99 "
        "| longest | longest answer to the one |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.beside} | {row.first_word_median:.0f} ms | {row.gap_median:.0f} ms "
        f"| {row.gap_p99:.0f} ms | {row.gap_longest:.0f} ms "
        f"| {f'{row.longest_answer:.0f} ms' if row.longest_answer else ''} |"
        for row in figures
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and keep the results."""
    figures = compare()
    print(report(figures))
    keep(RESULTS, figures=[asdict(row) for row in figures])


if __name__ == "__main__":
    main()
