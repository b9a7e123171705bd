"""`manage.py backup` and `restore` on installations of their own, on both databases."""

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.conftest import ScriptedServer
from tests.support.seats import take_seats
from tests.support.servers import postgres_server
from tests.support.web import client, installation, web

DATABASES = ("sqlite", "postgresql")
NOBODY_HOME = "http://127.0.0.1:9"


def manage(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of manage.py."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def rows(environment: dict[str, str]) -> str:
    """Return every row of the library."""
    dumped = manage(environment, "dumpdata", "--indent=1")
    assert dumped.returncode == 0, dumped.stderr
    return dumped.stdout


@contextmanager
def fresh(folder: Path, kind: str, server: str = NOBODY_HOME) -> Iterator[dict[str, str]]:
    """Yield the environment of an installation with nothing in it, its database running."""
    (folder / "data").mkdir(parents=True)
    environment = installation(folder / "data", server, "slow")
    if kind == "sqlite":
        yield environment
        return
    (folder / "postgres").mkdir()
    with postgres_server(folder / "postgres") as url:
        yield {**environment, "DATABASE_URL": url}


@pytest.mark.parametrize("kind", DATABASES)
def test_a_library_comes_back_whole_and_the_app_goes_on_with_it(
    tmp_path: Path, scripted_server: ScriptedServer, kind: str
) -> None:
    file = tmp_path / "stories.tar"
    with fresh(tmp_path / "old", kind, scripted_server.url) as old:
        [seat] = take_seats(old, 1)
        model = Path(old["DATA_DIR"]) / "pocket" / "blobs" / "tuned.gguf"
        model.parent.mkdir(parents=True)
        model.write_bytes(os.urandom(100_000))
        with web(old), client(old, seat) as socket:
            socket.send(type="write")
            socket.follow(300)
            # In mid-story: the copy has to be of one moment.
            done = manage(old, "backup", str(file))
            assert done.returncode == 0, done.stderr
            assert "secret key" in done.stdout
            if kind == "postgresql":  # SQLite can't tell; the documentation does
                refused = manage(old, "restore", "--force", str(file))
                assert refused.returncode == 1
                assert "Stop web and worker first" in refused.stderr
            socket.send(type="stop")
            socket.follow()
        text = socket.text
        assert not [path for path in Path(old["DATA_DIR"]).iterdir() if "backup" in path.name]

    with fresh(tmp_path / "new", kind, scripted_server.url) as new:
        (Path(new["DATA_DIR"]) / "pocket").mkdir()
        restored = manage(new, "restore", str(file))
        assert restored.returncode == 0, restored.stderr
        for name in ("secret_key", "pocket/blobs/tuned.gguf"):
            saved = (Path(new["DATA_DIR"]) / name).read_bytes()
            assert saved == (Path(old["DATA_DIR"]) / name).read_bytes()
        # The key is back, and so the old session is one of the new installation.
        with web(new), client(new, seat) as socket:
            hello = socket.receive()
            socket.send(type="attach", generation=hello["id"], offset=0)
            socket.follow()
            assert socket.done["status"] == "interrupted"
            assert text.startswith(socket.text)
            assert len(socket.text) > 50


@pytest.mark.parametrize("kind", DATABASES)
def test_a_library_in_use_is_replaced_only_when_told_to(tmp_path: Path, kind: str) -> None:
    file, cut = tmp_path / "stories.tar", tmp_path / "cut.tar"
    with fresh(tmp_path / "here", kind) as here:
        data = Path(here["DATA_DIR"])
        take_seats(here, 1)
        before = rows(here)
        assert manage(here, "backup", str(file)).returncode == 0

        change = f"from stories.models import *; Story.objects.update(title='Changed, {kind}')"
        assert manage(here, "shell", "-c", change).returncode == 0
        (data / "pocket").mkdir()
        (data / "pocket" / "later").write_text("made after the backup")
        key, changed = (data / "secret_key").read_bytes(), rows(here)
        assert changed != before

        cut.write_bytes(file.read_bytes()[: file.stat().st_size // 20 * 10])
        for options, reason in (
            ([str(file)], "--force"),
            (["--force", str(cut)], "cut short"),
        ):
            refused = manage(here, "restore", *options)
            assert refused.returncode == 1
            assert reason in refused.stderr
            assert "Traceback" not in refused.stderr
        assert rows(here) == changed
        assert (data / "secret_key").read_bytes() == key
        assert not list(data.glob("before-restore-*"))

        forced = manage(here, "restore", "--force", str(file))
        assert forced.returncode == 0, forced.stderr
        assert rows(here) == before
        assert not (data / "pocket").exists()

        # What was replaced was kept, and is a backup like any other.
        [kept] = data.glob("before-restore-*.tar")
        assert str(kept) in forced.stdout
        assert manage(here, "restore", "--force", str(kept)).returncode == 0
        assert rows(here) == changed
        assert (data / "pocket" / "later").exists()


def test_a_locked_library_is_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "stories.tar"
    with fresh(tmp_path / "here", "sqlite") as here:
        data = Path(here["DATA_DIR"])
        take_seats(here, 1)
        assert manage(here, "backup", str(file)).returncode == 0
        (data / "pocket").mkdir()
        (data / "pocket" / "later").write_text("made after the backup")
        with closing(sqlite3.connect(data / "db.sqlite3", isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            refused = manage(here, "restore", "--force", str(file))
            writer.execute("ROLLBACK")
        assert refused.returncode == 1
        assert "still running" in refused.stderr
        assert (data / "pocket" / "later").exists()


def test_what_this_installation_can_not_take_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "stories.tar"
    with fresh(tmp_path / "old", "sqlite") as old:
        take_seats(old, 1)
        future = (
            "from django.db.migrations.recorder import MigrationRecorder as R;"
            "from django.db import connection; R(connection).record_applied('stories', '9999_x')"
        )
        assert manage(old, "shell", "-c", future).returncode == 0
        assert manage(old, "backup", str(file)).returncode == 0
    with fresh(tmp_path / "sqlite", "sqlite") as new:
        refused = manage(new, "restore", str(file))
        assert refused.returncode == 1
        assert "newer version" in refused.stderr
        assert "stories.9999_x" in refused.stderr
    with fresh(tmp_path / "other", "postgresql") as new:
        refused = manage(new, "restore", str(file))
        assert refused.returncode == 1
        assert "sqlite library" in refused.stderr
        without = {**new, "PATH": str(tmp_path)}
        missing = manage(without, "backup", str(tmp_path / "x.tar"))
        assert missing.returncode == 1
        assert "postgresql-client" in missing.stderr
        assert not (tmp_path / "x.tar").exists()


def test_a_backup_holds_what_it_says_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "stories.tar"
    with fresh(tmp_path / "here", "sqlite") as here:
        take_seats(here, 1)
        assert manage(here, "backup", str(file)).returncode == 0
        again = manage(here, "backup", str(file))
        assert again.returncode == 1
        assert "there already" in again.stderr
        link = Path(here["DATA_DIR"]) / "pocket" / "link"
        link.parent.mkdir()
        link.symlink_to("/etc/passwd")
        leading_out = manage(here, "backup", str(tmp_path / "x.tar"))
        assert leading_out.returncode == 1
        assert "leads out" in leading_out.stderr
        assert not (tmp_path / "x.tar").exists()
    with tarfile.open(file) as tar:
        *files, last = tar.getnames()
        content = tar.extractfile(last)
        assert content is not None
        manifest = json.load(content)
    assert last == "manifest.json"
    assert sorted(manifest["files"]) == sorted(files)
    assert "stories.0001_initial" in manifest["migrations"]
