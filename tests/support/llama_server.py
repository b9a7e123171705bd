"""llama.cpp's own HTTP server, as the wheel `xllamacpp` has it, with the tests' tiny model.

    python -m tests.support.llama_server

Prints its address in a line and serves until it is ended. It is not to be confused with pocket,
which asks the same library without HTTP and speaks Ollama's API.
"""

import argparse
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import stop

MODEL = Path(__file__).resolve().parents[2] / "pocket" / "model" / "pocket.gguf"
NAME = "storyteller"
CONTEXT, SLOTS = 1024, 2  # tokens of a story, and stories at a time


@contextmanager
def llama_server(*options: str) -> Iterator[str]:
    """Run one; yields its address."""
    with llama_process(*options) as (_, address):
        yield address


@contextmanager
def llama_process(*options: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Run one; yields its process and its address."""
    command = [sys.executable, "-m", "tests.support.llama_server", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().decode().strip()
        assert address.startswith("http://"), "the server did not start"
        yield process, address
    finally:
        stop(process)
        process.stdout.close()


def main() -> None:
    """Serve until terminated."""
    import xllamacpp

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", action="append", default=[])
    parser.add_argument("--name", default=NAME)
    options = parser.parse_args()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(MODEL)
    parameters.model_alias = {options.name}
    parameters.n_ctx, parameters.n_parallel = CONTEXT * SLOTS, SLOTS
    parameters.ctx_shift = False
    parameters.kv_unified = False
    parameters.warmup = False
    parameters.cpuparams.n_threads = 1
    parameters.verbosity = -1
    parameters.lora_adapters = [
        xllamacpp.CommonAdapterLoraInfo(path, 0.0) for path in options.adapter
    ]
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main()
