"""The text logs keep the same promises, in one process and over two: in order, to the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from stories.writing.textlog import MemoryTextLog, Piece, RedisTextLog, TextLog
from tests.support.servers import redis_server

PATIENCE = 5.0


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis server for these tests."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


class Apart(RedisTextLog):
    """A log that is written by one process and followed by another."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.other = RedisTextLog(url)

    def follow(self, generation: int, offset: int, patience: float) -> AsyncIterator[Piece]:
        return self.other.follow(generation, offset, patience)

    async def close(self) -> None:
        await super().close()
        await self.other.close()


@pytest.fixture(params=[MemoryTextLog, RedisTextLog, Apart])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[TextLog]:
    """One log of each kind."""
    if request.param is MemoryTextLog:
        yield MemoryTextLog()
        return
    log = request.param(request.getfixturevalue("redis_url"))
    yield log
    await log.close()


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of Redis beside the logs."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def read(log: TextLog, generation: int, offset: int, patience: float = PATIENCE) -> str:
    """Return all that a follower gets, checked to be without gaps."""
    text = ""
    async for piece in log.follow(generation, offset, patience):
        assert piece.offset == offset + len(text)
        text += piece.text
    return text


async def write(log: TextLog, generation: int, pieces: list[str], pause: float = 0.0) -> None:
    """Write `pieces` and the end."""
    offset = 0
    for text in pieces:
        await log.append(generation, Piece(offset, text))
        offset += len(text)
        await asyncio.sleep(pause)
    await log.finish(generation)


async def test_a_follower_gets_what_is_there_and_what_comes(log: TextLog) -> None:
    await log.begin(1)
    pieces = ["Once ", "upon 🙂 ", "a ", "time"]
    following = [asyncio.create_task(read(log, 1, offset)) for offset in (0, 3, 7)]
    await write(log, 1, pieces, pause=0.02)
    whole = "".join(pieces)
    assert await asyncio.gather(*following) == [whole, whole[3:], whole[7:]]
    assert await read(log, 1, 0) == whole
    assert await read(log, 1, 9) == whole[9:]
    assert await read(log, 1, 500) == ""
    assert await sync_to_async(log.text)(1) == whole


async def test_beginning_again_drops_the_old_text(log: TextLog) -> None:
    await log.begin(2)
    await write(log, 2, ["old"])
    await log.begin(2)
    await write(log, 2, ["new"])
    assert await read(log, 2, 0) == "new"


async def test_a_silent_log_ends_the_following(log: TextLog) -> None:
    await log.begin(3)
    await log.append(3, Piece(0, "and then"))
    assert await read(log, 3, 0, patience=0.1) == "and then"
    assert await read(log, 4, 0, patience=0.1) == ""
    assert await sync_to_async(log.text)(4) == ""


async def test_nothing_beyond_a_gap_is_given(log: TextLog) -> None:
    await log.begin(5)
    await log.append(5, Piece(0, "Once "))
    await log.append(5, Piece(9, "time"))  # "upon" was lost
    assert await read(log, 5, 0, patience=0.1) == "Once "
    assert await read(log, 5, 6, patience=0.1) == ""


async def test_a_log_that_is_never_finished_does_not_stay_for_ever(
    redis_url: str, client: Redis
) -> None:
    log = RedisTextLog(redis_url)
    await log.begin(6)
    await log.append(6, Piece(0, "Once "))
    await log.append(6, Piece(5, "upon"))
    [key] = await client.keys("*generation:6:*")
    assert await client.ttl(key) > 0
    await log.close()


async def test_hundreds_follow_over_one_connection(redis_url: str, client: Redis) -> None:
    log = Apart(redis_url)
    numbers = range(100, 250)
    for number in numbers:
        await log.begin(number)
        await log.append(number, Piece(0, "Once "))
    following = {number: asyncio.create_task(read(log, number, 0)) for number in numbers}
    leaving = [following.pop(number) for number in numbers[::3]]
    await asyncio.sleep(0.5)
    clients = await client.client_list()
    assert sum(client["cmd"] == "xread" for client in clients) == 1
    for task in leaving:
        task.cancel()
    # Whoever comes now, and who stays, is served at once: within far less than the patience.
    late = {number: asyncio.create_task(read(log, number, 3)) for number in numbers[::3]}
    async with asyncio.timeout(PATIENCE):
        for number in numbers:
            await log.append(number, Piece(5, "upon a time"))
            await log.finish(number)
        assert set(await asyncio.gather(*following.values())) == {"Once upon a time"}
        assert set(await asyncio.gather(*late.values())) == {"e upon a time"}
    await log.close()


async def test_what_comes_at_one_moment_goes_to_redis_together(
    redis_url: str, client: Redis
) -> None:
    log = RedisTextLog(redis_url)
    numbers = range(300, 400)
    await asyncio.gather(*map(log.begin, numbers))
    await client.config_resetstat()
    before = (await client.info("stats"))["total_reads_processed"]
    await asyncio.gather(*(log.append(number, Piece(0, "Once ")) for number in numbers))
    stats = await client.info("stats")
    assert stats["total_commands_processed"] > 2 * len(numbers)
    assert stats["total_reads_processed"] - before < len(numbers) / 5
    assert {await sync_to_async(log.text)(number) for number in numbers} == {"Once "}
    await log.close()


async def test_what_one_log_can_not_take_costs_the_others_nothing(
    redis_url: str, client: Redis
) -> None:
    log = RedisTextLog(redis_url)
    await asyncio.gather(log.begin(401), log.begin(402))
    await client.set("storaiteller:generation:401:text", "no stream")
    failed, taken, unwritable = await asyncio.gather(
        log.append(401, Piece(0, "Once ")),
        log.append(402, Piece(0, "upon ")),
        log.append(402, Piece(5, "half an emoji: \ud83d")),
        return_exceptions=True,
    )
    assert isinstance(failed, ResponseError)
    assert taken is None
    assert isinstance(unwritable, UnicodeEncodeError)
    # What Redis does not have is not shown either.
    assert await read(log, 401, 0, patience=0.1) == ""
    assert await read(log, 402, 0, patience=0.1) == "upon "
    await log.close()


async def test_a_piece_that_was_added_twice_is_there_once(log: TextLog) -> None:
    """Its first time broke off where it had been taken, and more had come when it was offered."""
    await log.begin(8)
    for piece in (Piece(0, "Once "), Piece(0, "Once upon "), Piece(10, "a time")):
        await log.append(8, piece)
    assert await read(log, 8, 0, patience=0.3) == "Once upon a time"
    assert await sync_to_async(log.text)(8) == "Once upon a time"


async def test_a_forgotten_log_is_forgotten_at_once(log: TextLog) -> None:
    await log.begin(7)
    await log.append(7, Piece(0, "Once "))
    await sync_to_async(log.forget)([7])
    assert await read(log, 7, 0, patience=0.1) == ""
    assert await sync_to_async(log.text)(7) == ""


@pytest.mark.parametrize(("kind", "after"), [(RedisTextLog, "Once "), (Apart, "")])
async def test_a_redis_that_goes_away_is_a_silent_log(
    tmp_path: Path, kind: type[RedisTextLog], after: str
) -> None:
    with redis_server(tmp_path) as url:
        log = kind(url)
        await log.begin(1)
        await log.append(1, Piece(0, "Once "))
        following = asyncio.create_task(read(log, 1, 0))
        await asyncio.sleep(0.3)
    assert await following == "Once "
    assert await read(log, 1, 0, patience=0.1) == after
    with pytest.raises((RedisError, OSError)):
        await log.append(1, Piece(5, "upon "))
    await log.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(pieces=st.lists(st.text(min_size=1, max_size=5)), data=st.data())
async def test_any_offset_of_any_pieces(pieces: list[str], data: st.DataObject) -> None:
    log = MemoryTextLog()
    whole = "".join(pieces)
    offset = data.draw(st.integers(0, len(whole) + 2))
    await log.begin(1)
    await write(log, 1, pieces)
    assert await read(log, 1, offset) == whole[offset:]
