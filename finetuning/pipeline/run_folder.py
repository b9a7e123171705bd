"""What every stage shares: the run's folder, manifests, and what is said to the driver.

A stage talks to the process that started it in JSON lines on its standard output.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

CANCEL_FILE = "cancel"
MANIFEST = "manifest.json"


class Row(TypedDict):
    """One approved story as the stages pass it on; `story` is its id, 0 for one from a file."""

    story: int
    version: int
    prompt: str
    text: str
    settings: dict[str, Any]


class StageError(Exception):
    """The stage can't be done; the message is a sentence for the person who started the run."""


class CancelledError(Exception):
    """The run was cancelled; what is done is kept."""


def folder(run_dir: Path, stage: str) -> Path:
    """Return the stage's own folder, made if it is missing."""
    made = run_dir / stage
    made.mkdir(parents=True, exist_ok=True)
    return made


def manifest(run_dir: Path, stage: str) -> dict[str, Any] | None:
    """Return the manifest of a complete stage, or None."""
    try:
        found: dict[str, Any] = json.loads((run_dir / stage / MANIFEST).read_text())
    except FileNotFoundError:
        return None
    return found


def need(run_dir: Path, stage: str) -> dict[str, Any]:
    """Return the manifest of a stage that has to be complete. Raises `StageError`."""
    found = manifest(run_dir, stage)
    if found is None:
        raise StageError(f"The stage {stage} is not complete.")
    return found


def complete(run_dir: Path, stage: str, facts: dict[str, Any]) -> None:
    """Write the manifest: the stage is complete."""
    write_json(folder(run_dir, stage) / MANIFEST, facts)


def write_json(path: Path, value: Any) -> None:
    """Write `value` aside and put it in place."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` aside and put it in place; line ends stay as they are."""
    draft = path.with_name(f"{path.name}.part")
    with draft.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_rows(path: Path, rows: Iterable[Any]) -> None:
    """Write a JSON Lines file."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_rows(path: Path) -> list[Any]:
    """Read a JSON Lines file. Lines end at line feeds and nowhere else."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def say(kind: str, **values: Any) -> None:
    """Tell the driver something, as one JSON line."""
    print(json.dumps({"event": kind, **values}), flush=True)  # noqa: T201 - the protocol


def log(text: str) -> None:
    """Put a line into the run's log."""
    say("log", text=text)


def is_cancelled(run_dir: Path) -> bool:
    """Tell whether somebody cancelled the run."""
    return (run_dir / CANCEL_FILE).exists()


def check_cancelled(run_dir: Path) -> None:
    """Raise `CancelledError` if somebody cancelled the run."""
    if is_cancelled(run_dir):
        raise CancelledError


def memory() -> int:
    """Return the bytes of memory that this process holds (Linux; 0 elsewhere)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn a full disk and the like into a `StageError`."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StageError(f"A file can't be written or read: {error.strerror}{where}.") from error


def use_utf8() -> None:
    """Speak UTF-8 on the pipes, whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
