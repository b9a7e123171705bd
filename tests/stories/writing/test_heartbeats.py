"""Who is dead, and that remembering it costs nothing."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from stories.writing import heartbeats

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Row(NamedTuple):
    pk: int
    runner: str = "somebody"
    heartbeat_at: datetime = NOON


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock's only entry is its time."""
    now = [1000.0]
    monkeypatch.setattr(heartbeats, "_looks", {})
    monkeypatch.setattr("stories.writing.heartbeats.time.monotonic", lambda: now[0])
    return now


def test_a_heartbeat_that_stands_still_is_dead_at_the_second_look(clock: list[float]) -> None:
    row = Row(1)
    assert not heartbeats.is_still(row)
    clock[0] += heartbeats.CONFIRMED_AFTER - 0.1
    assert not heartbeats.is_still(row)
    clock[0] += 0.2
    assert heartbeats.is_still(row)
    for _ in range(100):  # and stays so, however long it is looked at
        clock[0] += 15
        assert heartbeats.is_still(row)
    assert not heartbeats.is_still(row._replace(runner="another"))


def test_a_clock_that_is_off_leaves_one_entry_a_row(clock: list[float]) -> None:
    for second in range(500):
        clock[0] += 1
        for number in range(3):
            beat = NOON + timedelta(seconds=second)
            assert not heartbeats.is_still(Row(number, heartbeat_at=beat))
    assert len(heartbeats._looks) == 3
    clock[0] += 1000
    assert not heartbeats.is_still(Row(9))
    assert len(heartbeats._looks) == 1


def test_what_this_process_writes_is_alive(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "alive", {"somebody"})
    assert not heartbeats.is_still(Row(1))
    clock[0] += 60
    assert not heartbeats.is_still(Row(1))
