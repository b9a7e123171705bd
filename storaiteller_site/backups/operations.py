"""Backing up and restoring an installation: its database, and what its data folder holds."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from storaiteller_site.backups import archive, databases
from storaiteller_site.backups.errors import BackupError

# Of the data folder: what can't be made again. Static files, queues and mail can, or are gone.
ARTEFACTS = ("secret_key", "pocket", "training")
_ABANDONED = 24 * 3600  # seconds


def backup(path: Path) -> archive.Manifest:
    """Write the whole library to `path`, while the app runs; return what it holds.

    The database first: what it names is in the folders then, and newer files do no harm. Raises
    `BackupError`.
    """
    database = databases.current()
    manifest = archive.Manifest(
        created_at=timezone.now().isoformat(timespec="seconds"),
        database=connection.vendor,
        migrations=_applied(),
    )
    with _staging() as folder:
        dump = folder / database.file_name
        database.dump(dump)
        dumped = archive.Source(f"{archive.DATABASE}/{database.file_name}", dump)
        archive.write(path, [dumped, *_artefacts()], manifest)
    return manifest


def restore(path: Path, *, force: bool = False) -> Path | None:
    """Put the library in `path` in the place of this installation's.

    Everything is verified before anything is touched. A library with accounts in it is replaced
    only with `force`, and is itself backed up first: the file's path is returned. Raises
    `BackupError`, and then this installation is as it was.
    """
    database = databases.current()
    kept = None
    with _staging() as folder:
        manifest = archive.unpack(path, folder)
        dump = _checked(manifest, folder, database)
        if _is_in_use():
            if not force:
                raise BackupError(
                    "There is a library with accounts in it here. To put the backup in its "
                    "place, say --force; the present library is backed up first."
                )
            now = timezone.now().strftime("%Y%m%d-%H%M%S")
            kept = settings.DATA_DIR / f"before-restore-{now}.tar"
            backup(kept)
        with _exchanged(folder):
            database.load(dump)
    call_command("migrate", interactive=False, verbosity=0)
    return kept


def _checked(manifest: archive.Manifest, folder: Path, database: databases.Database) -> Path:
    if manifest.database != connection.vendor:
        raise BackupError(
            f"The backup is of a {manifest.database} library, and this installation uses "
            f"{connection.vendor}. Set DATABASE_URL to a database of that kind."
        )
    unknown = set(manifest.migrations) - {
        ".".join(key) for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    }
    if unknown:
        raise BackupError(
            "The backup was made by a newer version of StorAIteller: this one lacks "
            f"{', '.join(sorted(unknown))}."
        )
    dump = folder / archive.DATABASE / database.file_name
    data = folder / archive.DATA
    strangers = {entry.name for entry in data.iterdir()} - {*ARTEFACTS} if data.is_dir() else set()
    if not dump.is_file() or strangers:
        raise BackupError("The backup does not hold what a library consists of.")
    database.check(dump)
    return dump


def _applied() -> list[str]:
    return sorted(".".join(key) for key in MigrationLoader(connection).applied_migrations)


def _is_in_use() -> bool:
    try:
        users = get_user_model()._default_manager
        return (
            users.model._meta.db_table in connection.introspection.table_names() and users.exists()
        )
    except DatabaseError as error:
        raise BackupError(f"The database can't be used: {' '.join(str(error).split())}") from error


def _artefacts() -> Iterator[archive.Source]:
    for name in ARTEFACTS:
        root = settings.DATA_DIR / name
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if not path.is_file():
                continue
            if not path.resolve().is_relative_to(settings.DATA_DIR):
                raise BackupError(f"{path} leads out of the data folder.")
            relative = path.relative_to(settings.DATA_DIR).as_posix()
            yield archive.Source(f"{archive.DATA}/{relative}", path)


@contextmanager
def _staging() -> Iterator[Path]:
    """Yield an empty folder beside the data, so that moving from it to there is a renaming."""
    for left in settings.DATA_DIR.glob(".backup-*"):
        if left.stat().st_mtime < time.time() - _ABANDONED:
            shutil.rmtree(left, ignore_errors=True)  # a killed backup's
    try:
        folder = Path(tempfile.mkdtemp(dir=settings.DATA_DIR, prefix=".backup-"))
    except OSError as error:
        raise BackupError(f"{settings.DATA_DIR} can't be written: {error.strerror}.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _exchanged(folder: Path) -> Iterator[None]:
    """Put the unpacked artefacts in place; back again if the block fails."""
    old, new = folder / "old", folder / archive.DATA
    old.mkdir()
    moved: list[tuple[Path, Path]] = []
    try:
        for name in ARTEFACTS:
            present = settings.DATA_DIR / name
            # A key set by SECRET_KEY is in no backup; the one that is here then stays.
            replaced = (new / name).exists() or name != "secret_key"
            if replaced and present.exists():
                moved.append((present, old / name))
                present.rename(old / name)
            if (new / name).exists():
                moved.append((new / name, present))
                (new / name).rename(present)
        yield
    except BaseException:
        for source, target in reversed(moved):
            if target.exists():
                target.rename(source)
        raise
