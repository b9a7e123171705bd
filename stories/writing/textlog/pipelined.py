"""What one event loop has for Redis, sent together.

All that comes up while the last ones are on their way goes in one message: of two hundred stories
whose words come on one beat, each in a message of its own would cost as much as all else together.
"""

import asyncio

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

        Raises what one of them failed with, after all of them were tried. Text is encoded by who
        asks: what can't be would cost all that is sent with it.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((commands, done))
        self._sending.start()
        await done

    async def _run(self) -> None:
        while batch := self._waiting[:_MOST_AT_ONCE]:
            del self._waiting[: len(batch)]
            try:
                sent = [each for commands, _ in batch for each in commands]
                answers = iter(await self._answers(sent))
                for commands, done in batch:
                    _tell([next(answers) for _ in commands], done)
            finally:
                for _, done in batch:
                    _tell([ConnectionError("Redis was not told")], done)  # of those who wait still

    async def _answers(self, commands: list[Command]) -> list[object]:
        """Return an answer for each command; what came in the place of all is each one's."""
        try:
            pipeline = self._client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            return list(await pipeline.execute(raise_on_error=False))
        except Exception as error:  # it belongs to those who asked
            return [error] * len(commands)


def _tell(answers: list[object], done: "asyncio.Future[None]") -> None:
    failed = next((answer for answer in answers if isinstance(answer, Exception)), None)
    if done.done():
        return  # who asked waits no more
    if failed is None:
        done.set_result(None)
    else:
        done.set_exception(failed)
