"""Run by the trainer's Python: unpacks GGUF files beside them; prints what was refused, as JSON."""

import json
import sys
from pathlib import Path

from finetuning.pipeline import base
from finetuning.pipeline.telling import StageError


def main() -> None:
    """Print a sentence or null for each file."""
    said: list[str | None] = []
    for path in map(Path, sys.argv[1:]):
        try:
            base.unpack(path, path.with_suffix(""))
        except StageError as error:
            said.append(str(error))
        else:
            said.append(None)
    print(json.dumps(said))  # noqa: T201


if __name__ == "__main__":
    main()
