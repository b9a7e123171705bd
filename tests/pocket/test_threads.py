"""How many threads a model is computed by."""

import os
from pathlib import Path

import pytest

from pocket.server.engine import threads_for


@pytest.mark.parametrize(
    ("size", "cores", "threads"),
    [
        (10_000_000, 8, 1),
        (90_000_000, 1, 1),
        (90_000_000, 2, 1),
        (90_000_000, 4, 3),
        (90_000_000, 64, 8),
        (90_000_000, None, 1),
    ],
)
def test_a_core_is_left_to_the_rest_of_the_machine(
    size: int, cores: int | None, threads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model.gguf"
    model.touch()
    os.truncate(model, size)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert threads_for(model) == threads
