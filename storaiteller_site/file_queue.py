"""Celery's filesystem transport, made safe against readers that come early and writers that die.

kombu's makes each file under its final name and then fills it: who reads in between, or after a
`kill -9`, gets half a message, or the empty table of an exchange, and what is sent by that reaches
no queue. Here a file gets its name once it is whole, and what can't be read all the same is
dropped: the rows in the database are the truth, and beat asks again.
"""

import logging
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """A channel whose files are whole or are not there."""

    # kombu's own base classes differ in the second name.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        # kombu's names: read in their order, and by what follows the first point.
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
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
        except ValueError:
            return []
        return table

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = Path(self.control_folder) / f"{exchange}.exchange"
        table.parent.mkdir(exist_ok=True)
        # Not the table itself: it is another file after each change.
        with table.with_suffix(".lock").open("w") as changing:
            filesystem.lock(changing, filesystem.LOCK_EX)  # type: ignore[attr-defined]  # no stub
            bindings = self.get_table(exchange)
            if binding not in bindings:
                part = table.with_suffix(".part")
                part.write_text(dumps([binding, *bindings]))
                part.replace(table)


class Transport(filesystem.Transport):
    """The transport with these channels."""

    Channel = Channel
