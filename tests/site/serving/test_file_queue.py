"""The worker's queue in files: half a message, or half a table, ends nothing."""

import fcntl
import json
import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue
from kombu.exceptions import ChannelError

from storaiteller_site.celery import app

MESSAGES = 200


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A queue of the test's own: kombu remembers the bindings of a process by their names."""
    return "queue-" + "".join(filter(str.isalnum, request.node.name))


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    """A connection to a queue of the test's own, by the transport of the settings."""
    assert app.conf.broker_transport == "storaiteller_site.serving.file_queue:Transport"
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


def test_messages_of_one_millisecond_keep_their_order(connection: Connection, name: str) -> None:
    with connection:
        queue = connection.SimpleQueue(name)
        for number in range(MESSAGES):
            queue.put({"run": number})
        queue.close()
        assert take(connection, name) == [{"run": number} for number in range(MESSAGES)]


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


def table(connection: Connection, exchange: str) -> set[str]:
    """Return the names of the queues that are bound to `exchange`."""
    channel: Any = connection.default_channel
    return {binding.queue for binding in channel.get_table(exchange)}


def bind(connection: Connection, exchange: str, queue: str) -> Any:
    """Bind a queue of that name to `exchange` and return it."""
    bound = Queue(queue, Exchange(exchange, "direct"), queue)(connection.default_channel)
    bound.declare()
    return bound


def test_who_binds_waits_for_the_one_who_is_binding(
    connection: Connection, name: str, tmp_path: Path
) -> None:
    """A web process and a worker that start together: neither undoes what the other writes."""
    file = tmp_path / "control" / f"{name}.exchange"
    with connection, file.with_suffix(".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=bind, args=(connection, name, f"{name}-mine"))
        thread.start()
        thread.join(0.3)
        assert not file.exists()
        file.write_text(json.dumps([["", "", f"{name}-theirs"]]))
        fcntl.flock(other, fcntl.LOCK_UN)
        thread.join(20)
        assert table(connection, name) == {f"{name}-mine", f"{name}-theirs"}


def test_a_thread_does_not_send_before_another_has_bound(
    connection: Connection, name: str, tmp_path: Path
) -> None:
    def work() -> None:
        with connection.clone() as own:
            bind(own, name, name)

    with (tmp_path / "control" / f"{name}.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(0.3)
        assert [thread.is_alive() for thread in threads] == [True, True]
        fcntl.flock(other, fcntl.LOCK_UN)
        for thread in threads:
            thread.join(20)
    with connection:
        assert table(connection, name) == {name}


def test_a_queue_that_is_deleted_leaves_the_others(connection: Connection, name: str) -> None:
    with connection:
        bind(connection, name, f"{name}-stays")
        bind(connection, name, f"{name}-goes").delete()
        assert table(connection, name) == {f"{name}-stays"}


def test_a_name_that_leaves_the_folder_is_refused(
    connection: Connection, name: str, tmp_path: Path
) -> None:
    with connection, pytest.raises(ChannelError):
        bind(connection, "../out", name)
    assert not list(tmp_path.glob("out*"))


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
