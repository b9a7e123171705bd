"""Two engines of different kinds at once, one of them killed while it writes: who loses what?

    DJANGO_SETTINGS_MODULE=storaiteller_site.settings python -m benchmarks.engines --writers 200

Pocket and llama.cpp's own server serve the tiny model, in front of one web process. All writers
ask for a story at once. When the second engine is in the middle of one, it is killed; whoever lost
the rest of a story goes on with Continue. Every offset is checked by the pages, and what each was
shown is compared with what is stored. Fails where a word was lost, or somebody whose turn had come
waited for longer than `MOST_WAITED`.
"""

import argparse
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import Popen

from benchmarks.results import keep
from tests.support.llama_server import llama_process
from tests.support.pocket import pocket
from tests.support.seats import Seat, take_seats
from tests.support.web import Client, client, installation, web

MODEL = "pocket"
MOST_WAITED = 10.0  # seconds between somebody's turn and the first word, or the truth
POCKET_SLOTS, LLAMA_SLOTS = 4, 2
MIDDLE = 40  # code points of a story that is in its middle
RESULTS = Path(__file__).with_name("engines.json")


@dataclass
class Told:
    """What one writer was shown."""

    story: int
    waited: list[float] = field(default_factory=list)  # seconds, of each turn
    lost: int = 0  # texts that are not stored as they were shown
    ends: list[str] = field(default_factory=list)  # of each generation, as the page was told


@dataclass(frozen=True)
class Figures:
    """What became of all of them; `waited` is the longest of all, in seconds."""

    writers: int
    lost: int
    waited: float
    ends: dict[str, int]
    servers: dict[str, int]  # engine -> generations that it was the last to have
    after: int  # that came to their end on the other engine after the kill
    seconds: float


class Installation:
    """The web process's environment, and what its database says."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.environment, self._file = environment, folder / "db.sqlite3"

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return what the database answers."""
        with closing(sqlite3.connect(self._file, timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    def text(self, story: int) -> str:
        """Return the story as it is stored."""
        return str(self.rows("select text from stories_story where id = ?", story)[0][0])

    def server(self, generation: int) -> str:
        """Return the address of the engine that a generation was given to."""
        found = self.rows("select server from stories_generation where id = ?", generation)
        return str(found[0][0]) if found else ""


def measure(folder: Path, writers: int) -> Figures:
    """Let that many write, and kill llama.cpp's server in the middle of a story."""
    with pocket(folder / "models", "--only-tiny") as first, llama() as (process, second):
        listed = f"{first} slots={POCKET_SLOTS}, {second} api=openai slots={LLAMA_SLOTS}"
        more = {"GENERATION_SLOTS": str(POCKET_SLOTS + LLAMA_SLOTS), "QUEUE_LIMIT": str(writers)}
        environment = installation(folder, listed, MODEL, **more)
        seats, here = take_seats(environment, writers, 600), Installation(folder, environment)
        with web(environment), ThreadPoolExecutor(writers) as pool:
            killer, began = Killer(process, second, here), time.monotonic()
            told = list(pool.map(lambda seat: _write(here, seat, killer), seats))
            seconds = time.monotonic() - began
    if not killer.killed.is_set():
        raise RuntimeError("nothing was killed: the second engine wrote nothing long enough")
    rows = here.rows("select server, count(*) from stories_generation group by server")
    names = {first: "pocket", second: "llama.cpp"}
    return Figures(
        writers=writers,
        lost=sum(each.lost for each in told),
        waited=round(max(max(each.waited) for each in told), 2),
        ends=dict(Counter(end for each in told for end in each.ends)),
        servers={names.get(str(server), str(server)): int(str(count)) for server, count in rows},
        after=killer.ended_since(),
        seconds=round(seconds, 1),
    )


@contextmanager
def llama() -> Iterator[tuple["Popen[bytes]", str]]:
    """Run llama.cpp's server with the tiny model under pocket's name."""
    with llama_process("--name", MODEL) as found:
        yield found


class Killer:
    """Ends the engine once, when a page shows the middle of a story that it writes."""

    def __init__(self, process: "Popen[bytes]", url: str, here: Installation) -> None:
        self.killed, self._turn = threading.Event(), threading.Lock()
        self._process, self._url, self._here, self._newest = process, url, here, 0

    def see(self, page: Client) -> None:
        """Look whether this page's story is the one."""
        if self.killed.is_set() or len(page.text) < MIDDLE:
            return
        with self._turn:
            if not self.killed.is_set() and self._here.server(page.generation) == self._url:
                self._end(page)

    def _end(self, page: Client) -> None:
        """Halt it first: a story that is whole by then has no middle any more."""
        self._process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline and not page.done:
            try:
                page.receive(timeout=0.2)
            except TimeoutError:
                continue
        if page.done:
            self._process.send_signal(signal.SIGCONT)
            return
        newest = self._here.rows("select max(id) from stories_generation")
        self._newest = int(str(newest[0][0]))
        self._process.kill()
        self._process.wait()
        self.killed.set()

    def ended_since(self) -> int:
        """Return how many that were asked for after the kill came to their end."""
        query = "select count(*) from stories_generation where id > ? and status = 'done'"
        return int(str(self._here.rows(query, self._newest)[0][0]))


def _write(here: Installation, seat: Seat, killer: Killer) -> Told:
    """Write until the engine was killed, and once more; go on with what broke off."""
    told = Told(seat.story_id)
    with client(here.environment, seat) as page:
        was_killed = False
        while not was_killed:
            was_killed = killer.killed.is_set()
            _one(here, page, "write", told, killer)
            if page.done["status"] == "failed" and page.text:
                _one(here, page, "continue", told, killer)
    return told


def _one(here: Installation, page: Client, kind: str, told: Told, killer: Killer) -> None:
    before = here.text(told.story) if kind == "continue" else ""
    page.send(type=kind)
    last, turn, waited = page.generation, 0.0, None
    while page.generation == last or not page.done:
        frame = page.receive()
        if frame["type"] == "generation" and frame["status"] == "running" and not turn:
            turn = time.monotonic()
        if turn and waited is None and (frame["type"] == "done" or page.text):
            waited = time.monotonic() - turn
        killer.see(page)
    told.waited.append(waited or 0.0)
    told.ends.append(page.done["status"])
    if page.text:  # a story that got no word is what it was
        told.lost += here.text(told.story) != (before + page.text).rstrip()


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.writers)
    print(asdict(figures))
    keep(RESULTS, **asdict(figures))
    if figures.lost or figures.waited > MOST_WAITED:
        raise SystemExit("a word was lost, or somebody waited behind the dead engine")


if __name__ == "__main__":
    main()
