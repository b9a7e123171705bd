"""A pocket server of the tests' own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import free_port, running


@contextmanager
def pocket(models: Path, *options: str) -> Iterator[str]:
    """Run pocket with its created models in the folder `models`; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "pocket", "--port", str(port), "--models", str(models)]
    url = f"http://127.0.0.1:{port}"
    with running([*command, *options], ready_url=f"{url}/api/version"):
        yield url
