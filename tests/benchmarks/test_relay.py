"""What `make bench` makes of what it measured, and that its clients see what is missing."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.relay.figures import MODEL_SERVER, OURS, RELAY, Measurement, growth, percentile
from benchmarks.relay.measuring import check_shown, median_run
from benchmarks.relay.report import report
from benchmarks.relay.writers import ACKNOWLEDGE_EVERY, Seen, read


def measured(side: str, writers: int, cpu: float | None, **more: Any) -> Measurement:
    """Return a measurement of stories of 100 tokens at 10 a second."""
    figures: dict[str, Any] = {
        "processes": 1,
        "rate": 10,
        "tokens": 100,
        "first_word_median": 5.0,
        "first_word_max": 9.0,
        "gap_p99": 120.0,
        "tokens_per_second": 10.0 * writers,
        "megabytes_each": None if cpu is None else 0.5,
    }
    return Measurement(side=side, writers=writers, cpu=cpu, **figures | more)


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([3, 1, 2], 0.5) == 2


def test_a_straight_line_foretells_the_largest_load() -> None:
    runs = [measured(OURS, writers, 0.5 + 0.02 * writers) for writers in (256, 1, 30, 100)]
    (line,) = growth(runs, OURS)
    assert line.writers == (1, 30, 100, 256)
    assert line.slope == pytest.approx(0.02)
    assert line.intercept == pytest.approx(0.5)
    assert line.r_squared == pytest.approx(1)
    assert line.foretold == pytest.approx(1)


def test_a_cost_that_grows_with_the_square_is_none() -> None:
    (line,) = growth([measured(OURS, n, 1e-4 * n**2) for n in (1, 30, 100, 256)], OURS)
    assert line.foretold > 1.5
    assert line.r_squared < 0.99


def test_a_line_is_laid_through_what_compares() -> None:
    runs = [measured(OURS, writers, 1.0 * writers) for writers in (1, 30)]
    assert growth(runs, OURS) == []
    others = [
        measured(OURS, 512, 9.0, processes=2),
        measured(OURS, 100, 9.0, rate=40),
        measured(RELAY, 100, 9.0),
        measured(MODEL_SERVER, 100, None),
    ]
    assert growth(runs + others, OURS) == []
    assert len(growth([*runs, *others, measured(OURS, 100, 100.0)], OURS)) == 1


def test_the_report_compares_each_side_within_its_load() -> None:
    runs = [
        measured(MODEL_SERVER, 30, None, first_word_median=2.0),
        measured(RELAY, 30, 0.9, first_word_median=602.0, tokens_per_second=240.0),
        measured(OURS, 30, 0.3, first_word_median=12.0, tokens_per_second=285.0),
        measured(MODEL_SERVER, 512, None, processes=2),
        measured(RELAY, 512, 9.0, processes=2),
        measured(OURS, 512, 9.0, processes=2, gap_p99=251.0, tokens_per_second=4000.0),
    ]
    lines = report(runs).splitlines()
    assert (
        "| 30, 10 a second | StorAIteller | 12.0 ms | 9.0 ms | 10.0 ms | 285 | 95.0% | 120 ms "
        "| 100 µs | 0.33 | 0.50 MB |"
    ) in lines
    goals = [line for line in lines if line.endswith((": met |", ": missed |"))]
    assert [goal.rsplit("| ", 1)[1] for goal in goals] == [
        "10.0 ms: met |",
        "1/60: met |",
        "0.33: met |",
        "78.1% with 512 writers: missed |",
        "251 ms with 512 writers: missed |",
    ]


def test_the_median_run_has_the_memory_of_the_first() -> None:
    cpu_and_memory = ((3.0, 0.9), (1.0, 0.1), (2.0, 0.0))
    runs = [measured(OURS, 30, cpu, megabytes_each=each) for cpu, each in cpu_and_memory]
    assert (median_run(runs).cpu, median_run(runs).megabytes_each) == (2.0, 0.9)


def test_a_story_with_a_word_less_is_noticed() -> None:
    check_shown(OURS, [Seen(text="One two.")], "One two.")
    with pytest.raises(RuntimeError, match="1 of 2"):
        check_shown(OURS, [Seen(text="One two."), Seen(text="One.")], "One two.")


async def told(*frames: dict[str, Any]) -> tuple[Seen, list[Any]]:
    """Return what a client reads of `frames`, and what it sends."""
    sent: list[Any] = []

    async def page(socket: ServerConnection) -> None:
        for frame in frames:
            await socket.send(json.dumps(frame))
        if frames[-1]["type"] == "text":
            await socket.close()
        sent.extend([json.loads(message) async for message in socket])

    seen = Seen()
    async with serve(page, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", proxy=None) as client:
            await read(client, seen)
    return seen, sent


def text(offset: int, words: str) -> dict[str, Any]:
    """Return a frame with text."""
    return {"type": "text", "offset": offset, "text": words}


DONE = {"type": "done", "status": "done"}


async def test_a_story_that_is_stored_later_is_read_to_its_end() -> None:
    late = {"type": "error", "code": "not_stored", "message": "It is kept."}
    seen, _ = await told(text(0, "One"), late, text(3, "."), DONE)
    assert (seen.text, seen.told_unstored) == ("One.", True)


async def test_the_client_reads_a_story_to_its_end() -> None:
    long = "x" * ACKNOWLEDGE_EVERY
    seen, sent = await told(text(0, "One"), text(3, long), text(3 + len(long), "."), DONE)
    assert seen.text == f"One{long}."
    assert len(seen.gaps) == 2
    assert sent == [{"type": "ack", "offset": 3 + len(long)}]


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([text(0, "One"), text(4, "two"), DONE], "text for 4 came at 3"),
        ([text(0, "One"), text(0, "One"), DONE], "text for 0 came at 3"),
        ([text(0, "One"), {"type": "done", "status": "failed"}], "ended as failed"),
        ([{"type": "error", "code": "queue_full", "message": "No place is left."}], "No place"),
        ([text(0, "One")], "closed before the end"),
    ],
    ids=["gap", "twice", "failed", "error", "closed"],
)
async def test_the_client_does_not_take_half_a_story(
    frames: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(RuntimeError, match=reason):
        await told(*frames)
