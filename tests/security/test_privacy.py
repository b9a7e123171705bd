"""The data folder is its owner's alone: tried as another user of the machine, on real processes."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pytest_django import Settings

from storaiteller_site import checks
from storaiteller_site.privacy import keep_to_owner
from tests.conftest import ScriptedServer
from tests.security.test_secrets import post
from tests.site.serving.test_serve import members
from tests.support.processes import stop, wait_until_ready
from tests.support.seats import SESSION, Seat
from tests.support.servers import UNPRIVILEGED
from tests.support.web import client, installation
from tests.support.worker import manage

ROOT = Path(__file__).resolve().parents[2]
NOBODY_HOME = "http://127.0.0.1:9"
# As another user: try each path that the owner knows of; print those that open or list.
TRY = """
import os, sys
for path in sys.stdin.read().split("\\0"):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").close()
    except OSError:
        continue
    print(path)
"""


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that everybody may enter, as /srv is; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="storaiteller-privacy-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def read_by_another(paths: list[Path]) -> list[str]:
    """Return those of `paths` that another system user can read or list."""
    command = ["setpriv", f"--reuid={UNPRIVILEGED}", "--regid=nogroup", "--clear-groups"]
    done = subprocess.run(
        [*command, "/usr/bin/env", "python3", "-I", "-c", TRY],
        input="\0".join(map(str, paths)),
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
    )
    return done.stdout.splitlines()


def everything(folder: Path) -> list[Path]:
    """Return `folder` and all that is in it."""
    return [folder, *folder.rglob("*")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_reads_nothing(
    reachable: Path, scripted_server: ScriptedServer
) -> None:
    """After a real `manage.py serve` with a story, a mail and a backup, on an old installation."""
    data = reachable / "var"
    old = data / "mail" / "1.log"
    old.parent.mkdir(parents=True)
    old.write_text("a reset link of before")
    for path in everything(data):
        path.chmod(0o755 if path.is_dir() else 0o644)
    canary = reachable / "canary"
    canary.write_text("anybody's")
    canary.chmod(0o644)
    environment = installation(data, scripted_server.url, "steady")
    # The pages' files are collected beforehand, as for every test; that takes its time.
    collect = "from storaiteller_site.serving.supervisor import collect_static; collect_static()"
    manage({**environment, "DATA_DIR": str(reachable / "other")}, "shell", "-v", "0", "-c", collect)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        env=environment,
        start_new_session=True,
        umask=0o022,
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{environment['PORT']}/health/", process)
        masks = {pid: mask_of(pid) for pid in members(process.pid)}
        visit(environment)
        backup = [sys.executable, "manage.py", "backup", str(reachable / "stories.tar")]
        subprocess.run(backup, env=environment, check=True, capture_output=True, umask=0o022)
        paths = [*everything(data), reachable / "stories.tar"]
        found = read_by_another([*paths, canary])
        # What lies in the folder is closed as well: folders are moved, and links made.
        open_inside = [path for path in paths if path.stat().st_mode & 0o077]
    finally:
        process.send_signal(signal.SIGINT)
        stop(process, grace=30)
    names = {path.name for path in paths}
    assert {"secret_key", "db.sqlite3", "db.sqlite3-wal", "mail", "stories.tar"} <= names
    assert len(list((data / "mail").iterdir())) == 2
    assert found == [str(canary)]
    assert open_inside == []
    assert set(masks.values()) == {"0077"}, masks
    assert len(masks) >= 3, "supervisor, web, worker"


def mask_of(pid: int) -> str:
    """Return a process's umask."""
    [line] = [
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("Umask")
    ]
    return line.split()[1]


def visit(environment: dict[str, str]) -> None:
    """Sign up, have a story written, and ask for a mail."""
    site = f"http://127.0.0.1:{environment['PORT']}"
    with httpx.Client(base_url=site, trust_env=False, timeout=60) as browser:
        twice = {"password1": "a long password 9", "password2": "a long password 9"}
        post(browser, "/accounts/signup/", username="anna", email="anna@example.org", **twice)
        settings = {"genre": "War", "register": "Vivid", "max_words": "100"}
        page = post(browser, "/stories/new/", main_characters="Ida", keywords="x", **settings)
        story = int(page.headers["Location"].strip("/").split("/")[-1])
        with client(environment, Seat(browser.cookies[SESSION], story)) as socket:
            socket.send(type="write")
            socket.follow()
        post(browser, "/accounts/password/reset/", email="anna@example.org")


# Runs a module as a program, then says its mask.
MASKED = """
import os, runpy, sys
sys.argv = {argv!r}
try:
    runpy.run_module({module!r}, run_name="__main__")
finally:
    print(oct(os.umask(0)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("manage", ["check"]),
        ("pocket", ["--help"]),
        ("celery", ["--app", "storaiteller_site", "report"]),
        ("storaiteller_site.serving.web", ["storaiteller_site.asgi:application"]),
        ("finetuning.pipeline", ["export", "/nowhere/at/all"]),
    ],
)
def test_every_way_in_sets_the_mask(tmp_path: Path, module: str, arguments: list[str]) -> None:
    """Each process by itself, without the supervisor that it would inherit the mask from."""
    code = MASKED.format(argv=[module, *arguments], module=module)
    # The pipeline ends itself when its input does.
    ours, theirs = os.pipe()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=installation(tmp_path, NOBODY_HOME, "llama3.2", SECRET_KEY="short"),  # none stays
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        umask=0o022,
        stdin=ours,
        start_new_session=True,
    )
    os.close(ours)
    os.close(theirs)
    assert "0o77" in done.stderr.splitlines(), done.stderr


@pytest.fixture
def mask() -> Iterator[None]:
    """Put this process's own mask back."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("mask")
def test_an_old_folder_is_mended_and_links_are_left_alone(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    (data / "training" / "1").mkdir(parents=True)
    (data / "training" / "1" / "stories.jsonl").write_text("words")
    elsewhere.write_text("not ours")
    elsewhere.chmod(0o644)
    (data / "link").symlink_to(elsewhere)
    database = tmp_path / "library.sqlite3"
    for suffix in ("", "-wal"):
        database.with_name(database.name + suffix).write_text("rows")
        database.with_name(database.name + suffix).chmod(0o644)
    data.chmod(0o755)
    keep_to_owner(data, database)
    assert not any(
        path.lstat().st_mode & 0o077 for path in everything(data) if not path.is_symlink()
    )
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "library.sqlite3-wal").stat().st_mode) == 0o600


@pytest.mark.usefixtures("mask")
def test_a_folder_that_is_missing_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """In a volume that others may get into, as those of a cluster."""
    tmp_path.chmod(0o777)
    keep_to_owner(tmp_path / "stories")
    assert stat.S_IMODE((tmp_path / "stories").stat().st_mode) == 0o700


@pytest.mark.usefixtures("mask")
def test_a_folder_for_everybody_is_not_closed_but_named(tmp_path: Path, settings: Settings) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "db.sqlite3").write_text("")
    (shared / "db.sqlite3").chmod(0o644)
    shared.chmod(0o1777)
    keep_to_owner(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777, "others would lose their /tmp"
    settings.DATA_DIR = shared
    [warning] = checks.check_privacy(None)
    assert warning.id == "storaiteller.W001"
    for named in (str(shared), "1777", "db.sqlite3"):
        assert named in warning.msg
    shared.chmod(0o700)
    assert checks.check_privacy(None) == []
