"""The backup file: a plain tar whose last member is a manifest with the hash of every other.

The manifest comes last, so that a file without one is known to be cut. Reading trusts nothing:
names, kinds, sizes and hashes are checked while the members are unpacked into an empty folder.
"""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Annotated

import msgspec

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


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as it was kept: its size in bytes, and its SHA-256."""

    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a backup holds; `files` maps a name to the file."""

    created_at: str
    database: str  # "sqlite" or "postgresql"
    migrations: list[str]
    files: dict[str, File] = {}
    application: str = APPLICATION
    format: int = FORMAT


class _Kind(msgspec.Struct):
    """What is read of any manifest, of ours or of a later version's."""

    application: str
    format: int


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
        _sync_folder(path.parent)
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"The backup could not be written: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring the name to the disk too: a backup that was announced is there after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _add(tar: tarfile.TarFile, source: Source, manifest: Manifest) -> None:
    # A draft that was renamed since the folder was listed is not missed.
    with suppress(FileNotFoundError), source.path.open("rb") as file:
        member = tarfile.TarInfo(source.name)
        member.size = os.fstat(file.fileno()).st_size
        member.mode = 0o600
        hashing = _HashingReader(file)
        tar.addfile(member, hashing)
        manifest.files[source.name] = File(member.size, hashing.digest.hexdigest())


def _add_manifest(tar: tarfile.TarFile, manifest: Manifest) -> None:
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
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
        with tarfile.open(path, "r:") as tar:
            return _unpack(tar, path, into)
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{path} is cut short or is not a backup: {error}.") from error
    except OSError as error:
        raise BackupError(f"{path} can't be read: {error.strerror or error}.") from error


def _unpack(tar: tarfile.TarFile, path: Path, into: Path) -> Manifest:
    found: dict[str, File] = {}
    for member in tar:
        content = _open(tar, member)
        if member.name == MANIFEST:
            manifest = _parse(content.read(_MAX_MANIFEST))
            _check_end(path, member)
            _compare(manifest.files, found)
            return manifest
        _check_name(member.name)
        if member.name in found:
            raise BackupError(f"{path} holds {member.name!r} twice.")
        found[member.name] = _copy(content, into / member.name)
    raise BackupError(f"{path} has no manifest: it is cut short or is not a backup.")


def _check_end(path: Path, manifest: tarfile.TarInfo) -> None:
    """Raise `BackupError` unless nothing but a tar's own padding comes after the manifest."""
    blocks = -(-manifest.size // tarfile.BLOCKSIZE) + 2  # two empty ones end a tar
    length = manifest.offset_data + blocks * tarfile.BLOCKSIZE
    whole = -(-length // tarfile.RECORDSIZE) * tarfile.RECORDSIZE
    with path.open("rb") as file:
        file.seek(manifest.offset_data + manifest.size)
        rest = file.read(2 * tarfile.RECORDSIZE)
    if path.stat().st_size < whole:
        raise BackupError(f"{path} is cut short: it is not a whole backup.")
    if path.stat().st_size > whole or rest.strip(tarfile.NUL):
        raise BackupError(f"{path} goes on after its end.")


def _open(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    # Links, devices, folders and sparse files have no place in a backup.
    plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not member.issparse()
    content = tar.extractfile(member) if plain else None
    if content is None:
        raise BackupError(f"{member.name!r} is not a plain file.")
    return content


def _check_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    whole = "/".join(parts) == name and not name.startswith("/") and "\0" not in name
    if not whole or ".." in parts or len(parts) < 2 or parts[0] not in {DATABASE, DATA}:
        raise BackupError(f"{name!r} is no name for a file of a backup.")


def _copy(content: IO[bytes], target: Path) -> File:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(target, "xb", opener=_private) as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
    return File(size, digest.hexdigest())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _parse(content: bytes) -> Manifest:
    try:
        kind = msgspec.json.decode(content, type=_Kind)
        if kind.application != APPLICATION:
            raise BackupError("This is a backup of another application.")
        if kind.format != FORMAT:
            raise BackupError(
                f"This backup has format {kind.format}; this version reads format {FORMAT}."
            )
        return msgspec.json.decode(content, type=Manifest)
    except (ValueError, RecursionError) as error:  # msgspec's own errors among them
        raise BackupError("The manifest is damaged, or this is not a backup.") from error


def _compare(expected: dict[str, File], found: dict[str, File]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise BackupError(f"{name!r} is not what the manifest says: the backup is damaged.")
