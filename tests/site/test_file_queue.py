"""The worker's queue in files: half a message, or half a table, ends nothing."""

import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from storaiteller_site.celery import app

MESSAGES = 200


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A queue of the test's own: kombu remembers the bindings of a process by their names."""
    return "queue-" + "".join(filter(str.isalnum, request.node.name))


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    """A connection to a queue of the test's own, by the transport of the settings."""
    assert app.conf.broker_transport == "storaiteller_site.file_queue:Transport"
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    return Connection(transport=app.conf.broker_transport, transport_options=options)


def take(connection: Connection, name: str) -> list[object]:
    """Return what is in the queue."""
    queue = connection.SimpleQueue(name)
    taken: list[object] = []
    while True:
        try:
            message = queue.get(block=False)
        except Empty:
            queue.close()
            return taken
        message.ack()
        taken.append(message.payload)


def test_what_is_half_there_is_dropped(connection: Connection, name: str, tmp_path: Path) -> None:
    with connection:
        queue = connection.SimpleQueue(name)
        queue.put({"run": 1})
        for number, text in enumerate(("", "{", '{"body": "gAJ9', "\x00" * 100)):
            (tmp_path / "queue" / f"{number}_x.{name}.msg").write_text(text)
        queue.put({"run": 2})
        queue.close()
        assert take(connection, name) == [{"run": 1}, {"run": 2}]
    assert list((tmp_path / "queue").iterdir()) == []


@pytest.mark.parametrize("text", ["", '[["celery", "'])
def test_a_table_that_is_half_there_is_made_anew(
    connection: Connection, name: str, tmp_path: Path, text: str
) -> None:
    (tmp_path / "control" / f"{name}.exchange").write_text(text)
    with connection:
        queue = connection.SimpleQueue(name)
        queue.put({"run": 1})
        queue.close()
        assert take(connection, name) == [{"run": 1}]


def test_those_who_bind_at_once_are_all_bound(connection: Connection) -> None:
    """A web process and a worker that start together: what is sent then reaches its queue."""
    exchange = Exchange("queue-together", "direct")
    start = threading.Barrier(8)
    early: list[int] = []

    def table(of: Connection) -> list[Any]:
        channel: Any = of.default_channel
        return list(channel.get_table(exchange.name))

    def bind(number: int) -> None:
        with connection.clone() as own:
            queue = Queue(f"queue-together-{number}", exchange, f"key {number}")
            bound = queue(own.default_channel)
            start.wait()
            bound.declare()
            early.append(len(table(own)))

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connection:
        bound = table(connection)
    assert {binding.queue for binding in bound} == {f"queue-together-{n}" for n in range(8)}
    assert len(early) == 8
    assert min(early) >= 1


def test_no_reader_comes_too_early(connection: Connection, name: str) -> None:
    """As many readers as may look between a file's name and its end."""
    sent = [{"run": number} for number in range(MESSAGES)]

    def send() -> None:
        with connection.clone() as own:
            queue = own.SimpleQueue(name)
            for message in sent:
                queue.put(message)
            queue.close()

    thread = threading.Thread(target=send)
    thread.start()
    taken: list[object] = []
    with connection:
        while thread.is_alive():
            taken += take(connection, name)
        taken += take(connection, name)
    assert sorted(taken, key=str) == sorted(sent, key=str)
