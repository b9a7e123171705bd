"""The data folder is its owner's alone: it holds everybody's stories, and mail that lets one in.

Every process that reads the settings gets the mask, and so does whatever it starts.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MASK = 0o077
# Beside a database file of SQLite's.
_COMPANIONS = ("", "-wal", "-shm", "-journal")


def keep_to_owner(folder: Path, database: Path | None = None) -> None:
    """Let nobody else read what this process makes, nor `folder`, nor `database` elsewhere.

    A folder that is missing is made, an installation of before is mended; what can't be is named
    by a system check.
    """
    os.umask(MASK)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if is_open(folder) and not _is_for_all(folder):
        # The folder itself last: a mending that was cut off is begun again.
        for path in (*_inside(folder), folder):
            _close(path)
    if database is not None:
        for companion in _COMPANIONS:
            path = database.with_name(database.name + companion)
            if is_open(path):
                _close(path)


def is_open(path: Path) -> bool:
    """Tell whether other users of the machine have any right to `path`."""
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & MASK)
    except OSError:
        return False


def _is_for_all(folder: Path) -> bool:
    """Tell whether `folder` is one that everybody keeps files in, such as /tmp."""
    return bool(folder.stat().st_mode & stat.S_ISVTX)


def _inside(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        yield from (Path(root, name) for name in (*folders, *files))


def _close(path: Path) -> None:
    # What a link leads to may not be ours; a file may be gone by now, or somebody else's.
    with suppress(OSError):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~MASK)
