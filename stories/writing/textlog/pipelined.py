"""What one event loop has for Redis, sent together.

All that comes up while the last ones are on their way goes in one message: of two hundred stories
whose words come on one beat, each in a message of its own would cost as much as all else together.
"""

import asyncio
from collections.abc import Iterator
from itertools import islice, repeat

from redis.asyncio import Redis

from stories.writing.background import OnDemand

_MOST_AT_ONCE = 500  # of those who wait
Command = tuple[str | bytes | int, ...]


class Pipelined:
    """The commands that wait, and the task that sends them while there are any."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._waiting: list[tuple[tuple[Command, ...], asyncio.Future[None]]] = []
        self._sending = OnDemand(self._run)

    async def do(self, *commands: Command) -> None:
        """Return when Redis has carried out `commands`, in their order.

        Raises what one of them failed with, after all of them were tried.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((commands, done))
        self._sending.start()
        await done

    async def _run(self) -> None:
        while batch := self._waiting[:_MOST_AT_ONCE]:
            del self._waiting[: len(batch)]
            answers = await self._send([each for commands, _ in batch for each in commands])
            for commands, done in batch:
                failed = [
                    answer
                    for answer in list(islice(answers, len(commands)))
                    if isinstance(answer, Exception)
                ]
                if done.done():
                    continue  # who asked waits no more
                if failed:
                    done.set_exception(failed[0])
                else:
                    done.set_result(None)

    async def _send(self, commands: list[Command]) -> Iterator[object]:
        """Return the answers, or for ever the exception that came in their place."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            return iter(await pipeline.execute(raise_on_error=False))
        except Exception as error:  # it belongs to those who asked
            return repeat(error)
