"""Which installation this is: models of several may lie on one model server."""

import os
import secrets
from pathlib import Path

from django.conf import settings


def installation_id() -> str:
    """Return this installation's id, eight hexadecimal digits; made once, in the data folder.

    It is no part of a backup: what a library that was brought back elsewhere makes from there on
    is not what is made here.
    """
    path = Path(settings.DATA_DIR) / "installation-id"
    if not path.exists():
        _create(path)
    return path.read_text().strip()


def _create(path: Path) -> None:
    """Write it aside and link it into place: of several processes, one is the first."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with draft.open("w") as file:
            file.write(secrets.token_hex(4))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
