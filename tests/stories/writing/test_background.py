"""What runs beside an event loop: one a loop, held to the end, gone with the loop."""

import asyncio
import gc
import logging
import weakref

import pytest

from stories.writing.background import OnDemand, PerLoop, hold, reading_in_turn, telling


class Thing:
    """Something that a loop has one of; it knows its loop, as a task does."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()


def test_each_loop_has_its_own_and_a_closed_one_is_let_go() -> None:
    things = PerLoop(Thing)

    async def use() -> "weakref.ref[Thing]":
        assert things.here() is things.here()
        return weakref.ref(things.here())

    first = asyncio.run(use())
    assert [thing for thing in things.all() if thing is first()], "until another loop comes"
    second = asyncio.run(use())
    gc.collect()
    assert first() is None
    assert things.all() == [second()]


async def test_a_task_is_there_while_there_is_something_to_do() -> None:
    todo, done, begun, idle = [1, 2], list[int](), 0, asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        while todo:
            await asyncio.sleep(0)
            done.append(todo.pop(0))
        idle.set()

    working = OnDemand(work)
    for times, expected in enumerate(([1, 2], [1, 2, 3]), start=1):
        working.start()
        working.start()
        async with asyncio.timeout(5):
            await idle.wait()
        await asyncio.sleep(0)
        assert (begun, done) == (times, expected)
        idle.clear()
        todo.append(3)


async def test_a_task_that_nobody_holds_comes_to_its_end() -> None:
    done = asyncio.Event()

    async def work() -> None:
        # Nothing but the task itself knows what it waits for.
        await asyncio.shield(asyncio.sleep(0.05))
        done.set()

    hold(work())
    await asyncio.sleep(0)
    gc.collect()
    async with asyncio.timeout(5):
        await done.wait()


async def test_an_exception_of_a_task_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("a mistake of ours")

    with caplog.at_level(logging.ERROR):
        await asyncio.wait([hold(work())])
        await asyncio.sleep(0)
    assert "a mistake of ours" in caplog.text


async def test_what_takes_long_is_told_once_and_not_cut_off() -> None:
    told = list[str]()

    async def work(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    assert await telling(work(0), 0.1, lambda: told.append("slow")) == "done"
    await asyncio.sleep(0.15)
    assert told == []
    assert await telling(work(0.3), 0.1, lambda: told.append("slow")) == "done"
    assert told == ["slow"]


async def test_short_texts_are_read_one_at_a_turn_of_the_loop() -> None:
    told: list[str] = []

    async def others() -> None:
        for _ in range(3):
            told.append("others")
            await asyncio.sleep(0)

    ends = [reading_in_turn(10, lambda: told.append("an end")) for _ in range(3)]
    async with asyncio.timeout(5):
        await asyncio.gather(*ends, others())
    assert sorted(told) == ["an end"] * 3 + ["others"] * 3
    assert "an end an end" not in " ".join(told)


async def test_a_fault_in_one_reading_is_its_own() -> None:
    def fail() -> None:
        raise ValueError

    answers = await asyncio.gather(
        reading_in_turn(10, fail), reading_in_turn(10, lambda: 7), return_exceptions=True
    )
    assert isinstance(answers[0], ValueError)
    assert answers[1] == 7
