"""What the web process does before it serves."""

import gc

import pytest
from daphne import server

from storaiteller_site.serving.web import FrozenServer


def test_what_is_loaded_is_left_out_of_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[tuple[int, int]] = []
    monkeypatch.setattr(
        server.Server,
        "run",
        lambda _: frozen.append((gc.get_freeze_count(), len(gc.get_objects()))),
    )
    try:
        FrozenServer(application=None, endpoints=["tcp:0"]).run()
    finally:
        gc.unfreeze()
    ((left_out, looked_through),) = frozen
    assert looked_through < 0.1 * left_out
