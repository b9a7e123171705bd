"""Serve the pocket model: `python -m pocket --port 11435 --models var/pocket`.

Listens on the loopback address only: it is this installation's model server and nobody else's.
"""

import argparse
import os
from pathlib import Path

import uvicorn

from pocket.server import shipped
from pocket.server.app import create_app
from pocket.server.manners import MANNERS, POCKET


def main() -> None:
    """Serve until terminated."""
    os.umask(0o077)  # a created model has learned from somebody's stories
    parser = argparse.ArgumentParser(prog="python -m pocket", description=__doc__)
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--models", type=Path, default=Path("var/pocket"), help="created models")
    parser.add_argument("--tiny", type=Path, default=shipped.TINY, help="folder of `pocket-tiny`")
    parser.add_argument("--house", type=Path, default=shipped.HOUSE, help="folder of the adapter")
    parser.add_argument("--base", type=Path, default=shipped.BASE, help="the file of its base")
    parser.add_argument(
        "--only-tiny",
        action="store_true",
        default=os.environ.get("POCKET_MODEL") == "tiny",
        help="let the tiny model be `pocket` (also by POCKET_MODEL=tiny)",
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
    parser.add_argument("--threads", type=int, help="threads of a model")
    options = parser.parse_args()
    app = create_app(
        options.models,
        shipped.Shipped(options.tiny, options.house, None if options.only_tiny else options.base),
        adapters=options.adapters == "accept",
        manners=MANNERS[options.like],
        slots=options.slots,
        threads=options.threads,
    )
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
