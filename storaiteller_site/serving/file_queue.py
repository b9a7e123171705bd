"""Celery's filesystem transport, made safe against readers that come early and writers that die.

kombu's makes each file under its final name and then fills it: who reads in between, or after a
`kill -9`, gets half a message, or the empty table of an exchange, and what is sent by that reaches
no queue. Here a file gets its name once it is whole, and what can't be read all the same is
dropped: the rows in the database are the truth, and beat asks again.
"""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)
_BINDING = threading.RLock()


class Channel(filesystem.Channel):
    """A channel whose files are whole or are not there."""

    # kombu's own base classes differ in the second name.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        # Read in the order of their names, and by what follows the first point. kombu's count
        # milliseconds, in one of which come several messages, and have no leading zeros.
        name = f"{time.monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        part = folder / f".{name}"
        part.write_text(dumps(payload))
        part.replace(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        while True:
            try:
                return super()._get(queue)
            except ValueError as error:
                logger.warning("A message that can't be read was dropped: %s", error)

    def get_table(self, exchange: str) -> list[Any]:
        """Return the queues of `exchange`; none where that can't be read."""
        try:
            table: list[Any] = super().get_table(exchange)
        except ValueError as error:
            logger.warning("The queues of an exchange can't be read, and count as none: %s", error)
            return []
        return table

    def queue_bind(self, *args: Any, **kwargs: Any) -> None:
        # kombu notes a binding for all threads before the table has it: another one would take it
        # for done, and what it sends would reach no queue.
        with _BINDING:
            super().queue_bind(*args, **kwargs)

    def _queue_bind(self, exchange: str, *binding: str | None) -> None:
        self._change(exchange, binding, kept=True)

    def _delete(self, queue: str, *binding: str | None, **_: Any) -> None:
        self._purge(queue)
        exchange, routing_key, pattern = binding[:3]
        self._change(exchange or "", (routing_key, pattern, queue), kept=False)

    def _change(self, exchange: str, binding: Sequence[str | None], *, kept: bool) -> None:
        """Put `binding` (routing key, pattern, queue) into the table of `exchange`, or drop it."""
        entry = filesystem.exchange_queue_t(*(part or "" for part in binding))
        table: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]  # no stub
        table.parent.mkdir(exist_ok=True)
        # Not the table itself is locked: it is another file after each change.
        with table.with_suffix(".lock").open("w") as changing:
            filesystem.lock(changing, filesystem.LOCK_EX)  # type: ignore[attr-defined]
            try:
                bindings = self.get_table(exchange)
                if (entry in bindings) != kept:
                    others = [other for other in bindings if other != entry]
                    part = table.with_suffix(".part")
                    part.write_text(dumps([entry, *others] if kept else others))
                    part.replace(table)
            finally:
                filesystem.unlock(changing)


class Transport(filesystem.Transport):
    """The transport with these channels."""

    Channel = Channel
