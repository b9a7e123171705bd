"""The installation's secret key: made once, kept in the data folder, readable by its owner only."""

import os
import secrets
import tempfile
from pathlib import Path


class DataFolderError(Exception):
    """The data folder can't be used; the message says which one and why."""


def load_or_create_secret_key(path: Path) -> str:
    """Return the key kept in `path`, after making one there if it is missing.

    Raises `DataFolderError` when it can be neither read nor made.

    Several processes may start at once: the file is created exclusively and complete (written
    aside, then linked into place), so that all of them read the same key.
    """
    try:
        if not path.exists():
            _create(path)
        return path.read_text().strip()
    except OSError as error:
        raise DataFolderError(
            f"The data folder {path.parent} can't be used: {error.strerror}. "
            "Set DATA_DIR to a folder that you may write."
        ) from error


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    draft = Path(name)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
        file.flush()
        os.fsync(file.fileno())  # an empty key after a power cut would let nobody start
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
