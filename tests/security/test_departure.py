"""An account that is deleted leaves nothing: not in the database, not in a file, not in Redis."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import redis
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from stories.accounts.departure import delete_account
from stories.history import library
from stories.models import Story, User
from stories.writing.textlog import Piece, RedisTextLog, TextLog
from stories.writing.textlog.memory import MemoryTextLog
from stories.writing.textlog.redis import KEEP_FINISHED
from tests.conftest import ScriptedServer, story_settings
from tests.support.seats import CSRF, SESSION, Seat, take_seats
from tests.support.servers import redis_server
from tests.support.web import client, installation, web

CANARY = "kanarienvogel"
PASSWORD = "a long password"


@pytest.mark.django_db
def test_sessions_elsewhere_mail_and_notes_go_too(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    going = User.objects.create_user(CANARY, email=f"{CANARY}@example.org", password=PASSWORD)
    staying = User.objects.create_user("alice", email="alice@example.org", password=PASSWORD)
    boss = User.objects.create_superuser("boss")
    phone, laptop, other = Client(), Client(), Client()
    for browser, user in ((phone, going), (laptop, going), (other, staying)):
        browser.force_login(user)
    for user in (going, staying):
        mail.send_mail("Hello", "A link.", None, [user.email])
        LogEntry.objects.create(
            user=boss,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(user.pk),
            object_repr=str(user),
            action_flag=CHANGE,
        )
    page = reverse("stories:delete_account")
    assert phone.post(page, {"password": PASSWORD}).status_code == 302
    assert laptop.get(reverse("stories:library")).status_code == 302
    assert other.get(reverse("stories:library")).status_code == 200
    assert [LogEntry.objects.get().object_repr] == ["alice"]
    owners = [session.get_decoded().get("_auth_user_id") for session in Session.objects.all()]
    assert owners.count(str(staying.pk)) == 1
    assert str(going.pk) not in owners
    left = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "alice@example.org" in left
    assert CANARY not in left


@pytest.mark.django_db
def test_of_a_file_of_mails_only_theirs_go(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = str(tmp_path)
    between = "-" * 79 + "\n"
    mails = [f"To: {name}@example.org\n\nA link.\n" for name in ("alice", CANARY, "ben")]
    (tmp_path / "1.log").write_text(between.join([*mails, ""]))
    (tmp_path / "2.log").write_text(mails[1] + between)
    delete_account(User.objects.create_user("going", email=f"{CANARY}@Example.org"))
    [left] = tmp_path.iterdir()
    assert left.read_text() == between.join([mails[0], mails[2], ""])


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["one", "many"])
def test_the_admin_deletes_as_thoroughly(story: Story, client: Client, way: str) -> None:
    theirs = Client()
    theirs.force_login(story.owner)
    client.force_login(User.objects.create_superuser("boss"))
    if way == "one":
        url = reverse("admin:stories_user_delete", args=[story.owner.pk])
        client.post(url, {"post": "yes"})
    else:
        url = reverse("admin:stories_user_changelist")
        chosen = {"_selected_action": story.owner.pk, "action": "delete_selected", "post": "yes"}
        client.post(url, chosen)
    assert not User.objects.filter(username="alice").exists()
    assert not Story.objects.exists()
    assert Session.objects.count() == 1, "the administrator's"


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_a_forgotten_log_is_gone(tmp_path: Path, kind: str) -> None:
    with redis_server(tmp_path) as url:
        log: TextLog = MemoryTextLog() if kind == "memory" else RedisTextLog(url)
        for generation in (1, 2):
            await log.begin(generation)
            await log.append(generation, Piece(0, CANARY))
        log.forget([1, 3])
        log.forget([])
        assert log.text(1) == ""
        assert log.text(2) == CANARY
        if isinstance(log, RedisTextLog):
            await log.close()
        else:
            await log.append(1, Piece(13, CANARY))
            assert log.text(1) == "", "a forgotten log stays forgotten"


SETUP = f"""
from stories.models import Story, User
from stories.history import library
from stories.accounts.departure import delete_account
story = Story.objects.get(pk={{story}})
user = story.owner
user.username = user.email = "{CANARY}@example.org"
user.set_password("{PASSWORD}")
user.save()
library.set_title(story, "{CANARY}")
library.save_text(story, user, "{CANARY} " * 2000, 0)
library.save_preset(user, type(story.settings)(main_characters="{CANARY}", keywords="x",
    genre="War", register="Vivid", max_words=100), "{CANARY}")
"""


def manage(environment: dict[str, str], *arguments: str) -> None:
    """Run a command of manage.py."""
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True)


@pytest.mark.parametrize("shared", [False, True], ids=["embedded", "redis"])
def test_nothing_of_it_is_found_in_the_data(
    tmp_path: Path, scripted_server: ScriptedServer, shared: bool
) -> None:
    """Deleted while a story is being written, through the page of a real web process."""
    data, folder = tmp_path / "data", tmp_path / "redis"
    data.mkdir()
    folder.mkdir()
    with redis_server(folder) as url:
        more = {"REDIS_URL": url} if shared else {}
        more["DJANGO_SETTINGS_MODULE"] = "tests.settings"  # static files need no collecting
        environment = installation(data, scripted_server.url, "slow", **more)
        [seat] = take_seats(environment, 1)
        manage(environment, "shell", "-v", "0", "-c", SETUP.format(story=seat.story_id))
        assert traces(data), "the search finds what is there"
        with web(environment):
            site = f"http://127.0.0.1:{environment['PORT']}"
            with httpx.Client(base_url=site, trust_env=False, timeout=60) as browser:
                sign_in(browser)
                seat = Seat(browser.cookies[SESSION], seat.story_id)
                with client(environment, seat) as socket:
                    socket.send(type="write")
                    socket.follow(50)
                    answer = post(browser, "/accounts/delete/", password=PASSWORD)
                    assert answer.status_code == 302
            wait_for_the_model(scripted_server)
        assert traces(data) == []
        with redis.Redis.from_url(url) as store:
            for key in store.scan_iter("*:text"):
                # The end was told to those who listened, and goes by itself.
                assert [fields for _, fields in entries(store, key) if b"t" in fields] == []
                assert 0 < cast("int", store.ttl(key)) <= KEEP_FINISHED


def entries(store: redis.Redis, key: bytes) -> Any:
    """Return a stream's entries."""
    return store.xrange(key)


def sign_in(browser: httpx.Client) -> None:
    """Sign in through the page."""
    assert post(browser, "/accounts/login/", login=CANARY + "@example.org", password=PASSWORD)
    assert SESSION in browser.cookies


def post(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Fetch a page and send its form."""
    page = browser.get(path)
    assert page.status_code == 200
    token = browser.cookies[CSRF]
    return browser.post(path, data={**fields, "csrfmiddlewaretoken": token})


def wait_for_the_model(server: ScriptedServer) -> None:
    """Return when the last answer was closed: nobody is there for whom to write."""
    deadline = time.monotonic() + 30
    while server.chats("slow")[-1]["ended"] == "open" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert server.chats("slow")[-1]["ended"] == "closed"
    time.sleep(1)  # the end of the generation is stored, or would be


def traces(data: Path) -> list[str]:
    """Return the files of the data folder with something of the account in them."""
    return [
        str(path)
        for path in data.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes().lower()
    ]


@pytest.mark.django_db
def test_others_keep_what_is_theirs(story: Story, charlie: User) -> None:
    library.save_text(story, story.owner, "Mine.", 0)
    library.create_story(charlie, story_settings())
    delete_account(charlie)
    story.refresh_from_db()
    assert story.text == "Mine."
    assert Story.objects.count() == 1
