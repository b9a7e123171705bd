"""Serve the pocket model: `python -m pocket --port 11435 --models var/pocket`.

Listens on the loopback address only: it is this installation's model server and nobody else's.
"""

import argparse
import os
from pathlib import Path

import uvicorn

from pocket.server.app import create_app
from pocket.server.manners import MANNERS, POCKET

SHIPPED = Path(__file__).parent / "model"


def main() -> None:
    """Serve until terminated."""
    os.umask(0o077)  # a created model has learned from somebody's stories
    parser = argparse.ArgumentParser(prog="python -m pocket", description=__doc__)
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--models", type=Path, default=Path("var/pocket"), help="created models")
    parser.add_argument(
        "--shipped", type=Path, default=SHIPPED, help="folder of the model `pocket`"
    )
    parser.add_argument(
        "--adapters",
        choices=("accept", "refuse"),
        default="accept",
        help="answer LoRA adapters as Ollama up to 0.34.0 does, or as later ones do",
    )
    parser.add_argument(
        "--like",
        choices=MANNERS,
        default=POCKET,
        help="behave as an Ollama of that version does where versions differ",
    )
    parser.add_argument("--slots", type=int, help="requests that run at once (4; as Ollama: 1)")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        # Two threads are no faster with a model this small, and wait for each other at every
        # layer: on a busy machine, seconds long.
        help="threads of a model",
    )
    options = parser.parse_args()
    app = create_app(
        options.models,
        options.shipped,
        adapters=options.adapters == "accept",
        manners=MANNERS[options.like],
        slots=options.slots,
        threads=options.threads,
    )
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
