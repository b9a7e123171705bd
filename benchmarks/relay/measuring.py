"""One load on each of the three sides in turn: the model server alone, the relay, ours."""

import asyncio
import statistics
from contextlib import suppress
from dataclasses import dataclass, replace

from benchmarks.relay.figures import MODEL_SERVER, OURS, RELAY, Load, Measurement, percentile
from benchmarks.relay.processes import (
    Installation,
    Serving,
    bare_relay,
    cpu_seconds,
    model_server,
    ours,
)
from benchmarks.relay.writers import (
    Gate,
    Seen,
    Writer,
    direct_writer,
    our_writer,
    relay_writer,
    story,
)
from tests.support.processes import resident

_LOOK = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True)
class Side:
    """A way to write, and the processes that serve it alone."""

    name: str
    write: Writer
    pids: tuple[int, ...] = ()


class Account:
    """What the serving processes use, from the moment when all pages are open."""

    def __init__(self, pids: tuple[int, ...]) -> None:
        """Watch these processes."""
        self._pids = pids
        self._cpu = self._start = self._most = 0.0

    def begin(self) -> None:
        """Count from now on."""
        self._cpu, self._start = self._used(), self._resident()
        self._most = self._start

    async def watch(self) -> None:
        """Look at the memory, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            self._most = max(self._most, self._resident())

    @property
    def cpu(self) -> float:
        """Return the CPU seconds since the beginning."""
        return self._used() - self._cpu

    @property
    def megabytes(self) -> float:
        """Return by how much they have grown, at most."""
        return self._most - self._start

    def _used(self) -> float:
        return sum(cpu_seconds(pid) for pid in self._pids)

    def _resident(self) -> float:
        return sum(resident(pid) for pid in self._pids)


def compare(load: Load) -> list[Measurement]:
    """Measure the three sides in turn, again and again; return each side's median run.

    Raises `RuntimeError` where a story was not shown or stored as it was written.
    """
    with (
        model_server(load.tokens, load.rate) as server,
        bare_relay(server, load.processes) as relay,
        ours(server, load.writers, load.processes) as here,
    ):
        sides = [
            Side(MODEL_SERVER, direct_writer(server)),
            Side(RELAY, relay_writer(relay.ports), tuple(relay.pids)),
            Side(OURS, our_writer(here.serving.ports, here.seats), tuple(here.serving.pids)),
        ]
        asyncio.run(_warm_up(sides, relay, load))
        runs = [
            [asyncio.run(measure(side, load)) for side in sides]  # in turn
            for _ in range(load.repeats)
        ]
        _check_stored(here, load)
    return [median_run(list(of_side)) for of_side in zip(*runs, strict=True)]


async def measure(side: Side, load: Load) -> Measurement:
    """Let all write at once through `side`, once."""
    account = Account(side.pids)
    gate = Gate(load.writers, account.begin)
    watching = asyncio.create_task(account.watch())
    stories = await asyncio.gather(*(side.write(index, gate) for index in range(load.writers)))
    cpu, megabytes = account.cpu, account.megabytes
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    check_shown(side.name, list(stories), story(load.tokens))
    if unstored := sum(seen.told_unstored for seen in stories):
        print(f"{unstored} of {load.writers} were told that storing is behind")
    firsts = [(seen.first - seen.clicked) * 1e3 for seen in stories]
    seconds = max(seen.last for seen in stories) - min(seen.clicked for seen in stories)
    return Measurement(
        side=side.name,
        writers=load.writers,
        processes=load.processes,
        rate=load.rate,
        tokens=load.tokens,
        first_word_median=statistics.median(firsts),
        first_word_max=max(firsts),
        gap_p99=percentile([gap for seen in stories for gap in seen.gaps], 0.99) * 1e3,
        tokens_per_second=load.writers * load.tokens / seconds,
        cpu=cpu if side.pids else None,
        megabytes_each=megabytes / load.writers if side.pids else None,
    )


def check_shown(side: str, stories: list[Seen], expected: str) -> None:
    """Raise `RuntimeError` unless every writer was shown the whole story."""
    wrong = sum(seen.text != expected for seen in stories)
    if wrong:
        raise RuntimeError(f"{side}: {wrong} of {len(stories)} were shown another story")


def median_run(runs: list[Measurement]) -> Measurement:
    """Return the run with the median CPU, with the most memory that any took.

    That is the first one's: what a process has been given once, it keeps for the next.
    """
    middle = sorted(runs, key=lambda run: run.cpu or run.first_word_median)[len(runs) // 2]
    most = max((run.megabytes_each or 0.0 for run in runs), default=0.0)
    return middle if middle.megabytes_each is None else replace(middle, megabytes_each=most)


async def _warm_up(sides: list[Side], relay: Serving, load: Load) -> None:
    """Let each process write one story before the count: imports, connections, caches."""
    processes = len(relay.ports)
    gates = [(side, Gate(processes)) for side in sides]
    await asyncio.gather(
        *(side.write(index, gate) for side, gate in gates for index in range(processes))
    )


def _check_stored(here: Installation, load: Load) -> None:
    written = load.processes + load.writers * load.repeats
    stored = here.stored(story(load.tokens))
    if stored != written:
        raise RuntimeError(f"{stored} of {written} stories are stored as they were shown")
