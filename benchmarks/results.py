"""The results of a benchmark, kept with what they were measured on."""

import json
import os
import platform
from pathlib import Path
from typing import Any


def keep(path: Path, **found: Any) -> None:
    """Write what was `found` to `path`, as JSON, with the machine that it was found on."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    path.write_text(json.dumps({"machine": machine, **found}, indent=1) + "\n")
