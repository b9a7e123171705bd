"""The backup file: a plain tar whose last member is a manifest with the hash of every other.

The manifest comes last, so that a file without one is known to be cut. Reading trusts nothing:
names, kinds, sizes and hashes are checked while the members are unpacked into an empty folder.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from storaiteller_site.backups.errors import BackupError

APPLICATION = "storaiteller"
FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
DATA = "data"
_MAX_MANIFEST = 32 * 1024 * 1024  # bytes
_BLOCK = 1024 * 1024  # bytes


@dataclass(frozen=True)
class Source:
    """A file to back up, and its name in the archive."""

    name: str
    path: Path


@dataclass
class Manifest:
    """What a backup holds; `files` maps a name to its size in bytes and SHA-256."""

    created_at: str
    database: str  # "sqlite" or "postgresql"
    migrations: list[str]
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    application: str = APPLICATION
    format: int = FORMAT


def write(path: Path, sources: Iterable[Source], manifest: Manifest) -> None:
    """Write `sources` and `manifest` to `path`: complete, or not at all; never over a file.

    The file is readable by its owner only: it holds the secret key. Raises `BackupError`.
    """
    if path.exists():
        raise BackupError(f"{path} is there already; a backup is never written over another.")
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise BackupError(f"{path} can't be written: {error.strerror}.") from error
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for source in sources:
                    _add(tar, source, manifest)
                _add_manifest(tar, manifest)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"The backup could not be written: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _add(tar: tarfile.TarFile, source: Source, manifest: Manifest) -> None:
    # A draft that was renamed since the folder was listed is not missed.
    with suppress(FileNotFoundError), source.path.open("rb") as file:
        member = tarfile.TarInfo(source.name)
        member.size = os.fstat(file.fileno()).st_size
        member.mode = 0o600
        hashing = _HashingReader(file)
        tar.addfile(member, hashing)
        manifest.files[source.name] = {
            "size": member.size,
            "sha256": hashing.digest.hexdigest(),
        }


def _add_manifest(tar: tarfile.TarFile, manifest: Manifest) -> None:
    content = json.dumps(asdict(manifest), indent=1).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


class _HashingReader:
    """Hashes what tarfile takes, so that a file is read once and its hash is of what was kept."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.digest.update(block)
        return block


def unpack(path: Path, into: Path) -> Manifest:
    """Unpack `path` into the empty folder `into` and return its manifest, all of it verified.

    Raises `BackupError` for a file that is cut, changed, or none of ours.
    """
    try:
        size = path.stat().st_size
        if size and size % tarfile.RECORDSIZE and tarfile.is_tarfile(path):
            raise BackupError(f"{path} is cut short: it is not a whole backup.")
        with tarfile.open(path, "r:") as tar:
            return _unpack(tar, path, into)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path} is cut short or is not a backup: {error}.") from error
    except OSError as error:
        raise BackupError(f"{path} can't be read: {error.strerror or error}.") from error


def _unpack(tar: tarfile.TarFile, path: Path, into: Path) -> Manifest:
    found: dict[str, dict[str, Any]] = {}
    for member in tar:
        content = _open(tar, member)
        if member.name == MANIFEST:
            manifest = _parse(content.read(_MAX_MANIFEST))
            if tar.next() is not None:
                raise BackupError(f"{path} goes on after its end.")
            _compare(manifest.files, found)
            return manifest
        _check_name(member.name)
        if member.name in found:
            raise BackupError(f"{path} holds {member.name!r} twice.")
        found[member.name] = _copy(content, into / member.name)
    raise BackupError(f"{path} has no manifest: it is cut short or is not a backup.")


def _open(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    # Links, devices, folders and sparse files have no place in a backup.
    content = (
        tar.extractfile(member) if member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} else None
    )
    if content is None:
        raise BackupError(f"{member.name!r} is not a plain file.")
    return content


def _check_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    whole = "/".join(parts) == name and not name.startswith("/") and "\0" not in name
    if not whole or ".." in parts or len(parts) < 2 or parts[0] not in {DATABASE, DATA}:
        raise BackupError(f"{name!r} is no name for a file of a backup.")


def _copy(content: IO[bytes], target: Path) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(target, "xb", opener=_private) as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
    return {"size": size, "sha256": digest.hexdigest()}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _parse(content: bytes) -> Manifest:
    try:
        manifest = Manifest(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise BackupError("The manifest is damaged, or this is not a backup.") from error
    if not (isinstance(manifest.migrations, list) and isinstance(manifest.files, dict)):
        raise BackupError("The manifest is damaged, or this is not a backup.")
    if manifest.application != APPLICATION:
        raise BackupError("This is a backup of another application.")
    if manifest.format != FORMAT:
        raise BackupError(
            f"This backup has format {manifest.format}; this version reads format {FORMAT}."
        )
    return manifest


def _compare(expected: dict[str, dict[str, Any]], found: dict[str, dict[str, Any]]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise BackupError(f"{name!r} is not what the manifest says: the backup is damaged.")
