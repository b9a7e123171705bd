"""What each of the two databases needs to be dumped, checked and loaded."""

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast

from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.client import DatabaseClient
from django.db.backends.utils import CursorWrapper

from storaiteller_site.backups.errors import BackupError

_LOCK_TIMEOUT = 10  # seconds
_LEAVING = 2.0  # seconds
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""


class Database(Protocol):
    """The installation's database."""

    file_name: str

    def dump(self, target: Path) -> None:
        """Write a consistent copy to `target` while others read and write."""

    def check(self, dump: Path) -> None:
        """Raise `BackupError` unless `dump` can be loaded."""

    def load(self, dump: Path) -> None:
        """Put `dump` in the place of all that is there: wholly, or not at all."""


def current() -> Database:
    """Return the installation's database. Raises `BackupError` for one that we don't know."""
    databases: dict[str, type[Database]] = {"sqlite": _SQLite, "postgresql": _PostgreSQL}
    if connection.vendor not in databases:
        raise BackupError(f"There is no backup for databases of the kind {connection.vendor}.")
    return databases[connection.vendor]()


class _SQLite:
    file_name = "db.sqlite3"

    def dump(self, target: Path) -> None:
        try:
            with closing(self._open()) as source, closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
                # One file: the copy needs no log beside it.
                copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise BackupError(f"The database could not be copied: {error}.") from error

    def check(self, dump: Path) -> None:
        try:
            with closing(sqlite3.connect(f"file:{dump}?mode=ro", uri=True)) as copy:
                [answer] = copy.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.Error as error:
            raise BackupError(f"The database in the backup is damaged: {error}.") from error
        if answer != "ok":
            raise BackupError(f"The database in the backup is damaged: {answer}.")

    def load(self, dump: Path) -> None:
        connection.close()
        try:
            with closing(sqlite3.connect(dump)) as copy, closing(self._open()) as target:
                copy.backup(target, progress=_Patience(), sleep=0.1)
        except sqlite3.Error as error:
            raise BackupError(
                f"The database could not be replaced: {error}. Is the app still running?"
            ) from error

    @staticmethod
    def _open() -> sqlite3.Connection:
        return sqlite3.connect(connection.settings_dict["NAME"], timeout=1)


class _Patience:
    """Ends a copying that would wait for a lock for ever."""

    def __init__(self) -> None:
        self.deadline = time.monotonic() + _LOCK_TIMEOUT

    def __call__(self, status: int, remaining: int, total: int) -> None:
        waiting = status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        if waiting and time.monotonic() > self.deadline:
            raise sqlite3.OperationalError("database is locked")


class _PostgreSQL:
    file_name = "postgresql.dump"

    def dump(self, target: Path) -> None:
        self._run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")

    def check(self, dump: Path) -> None:
        self._run("pg_restore", "--list", str(dump))
        _program("psql")

    def load(self, dump: Path) -> None:
        script, emptying = dump.with_suffix(".sql"), dump.with_name("empty.sql")
        # Names the tables of this moment: a newer version's are not in the dump, and have to go.
        drop = "".join(f"DROP TABLE IF EXISTS {table} CASCADE;\n" for table in self._tables())
        emptying.write_text(f"SET lock_timeout = '{_LOCK_TIMEOUT}s';\n{drop}")
        options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", f"--file={script}")
        self._run("pg_restore", *options, str(dump))
        once = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        self._run("psql", *once, f"--file={emptying}", f"--file={script}")

    @staticmethod
    def _tables() -> list[str]:
        """Return the tables' quoted names; raises `BackupError` while others are connected."""
        connection.close()
        cast("DatabaseWrapper", connection).close_pool()
        alone = connection.copy()
        alone.settings_dict["OPTIONS"].pop("pool", None)
        try:
            with alone.cursor() as cursor:
                if others := _others(cursor):
                    raise BackupError(
                        f"{others} other connections use this database. Stop web and worker first."
                    )
                tables = alone.introspection.table_names(cursor)
        finally:
            alone.close()
        return [alone.ops.quote_name(table) for table in tables]

    @staticmethod
    def _run(name: str, *arguments: str) -> None:
        command = [_program(name), *arguments]
        done = subprocess.run(  # noqa: S603 - the arguments are ours
            command, env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = " ".join(done.stderr.split()) or f"status {done.returncode}"
            raise BackupError(f"{name} failed: {reason}")


def _others(cursor: CursorWrapper) -> int:
    """Return how many others are connected; those that are just leaving are waited for."""
    deadline = time.monotonic() + _LEAVING
    while True:
        cursor.execute(_OTHERS)
        others: int = cursor.fetchone()[0]
        if not others or time.monotonic() > deadline:
            return others
        time.sleep(0.1)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not installed. A PostgreSQL library needs PostgreSQL's own client "
            "programs (package postgresql-client) to be backed up and restored."
        )
    return found


def _environment() -> dict[str, str]:
    """Return the environment in which PostgreSQL's programs find the installation's database."""
    settings = connection.settings_dict
    options = {name: value for name, value in settings["OPTIONS"].items() if name != "pool"}
    arguments, own = DatabaseClient.settings_to_cmd_args_env({**settings, "OPTIONS": options}, [])
    named = {"-U": "PGUSER", "-h": "PGHOST", "-p": "PGPORT"}
    found = {named[flag]: value for flag, value in pairwise(arguments) if flag in named}
    return {**os.environ, **found, **(own or {}), "PGDATABASE": settings["NAME"] or "postgres"}
