"""Rules for the whole suite."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

import modelserver
from modelserver import Server, counting
from stories.history import library
from stories.models import Story, StorySettings, User
from tests.support.processes import free_port, running

# Playwright keeps an event loop running in the test's thread, where Django would refuse to query.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: Playwright then keeps its event loop in this thread."""
    items.sort(key=lambda item: "browser" in item.path.parts)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail in CI when a test was skipped: a skipped test shows nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("Tests were skipped, which CI does not accept.", red=True)


class ScriptedServer:
    """The scripted model server, seen from a test: other tests asked it before."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._before = len(self._requests())

    def _requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/requests", trust_env=False).json()
        return found

    def chats(self, model: str) -> list[dict[str, Any]]:
        """Return what this test asked `model` so far and how each answer ended."""
        found = self._requests()[self._before :]
        return [chat for chat in found if chat["body"]["model"] == model]


@pytest.fixture(scope="session")
def scripted_server() -> Iterator[ScriptedServer]:
    """Run the scripted model server."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.support.model_server", "--port", str(port)]
    with running(command, ready_url=f"{url}/api/version"):
        yield ScriptedServer(url)


@pytest.fixture
async def model_server(
    scripted_server: ScriptedServer, settings: Settings
) -> AsyncIterator[ScriptedServer]:
    """A running scripted model server that the settings point to."""
    settings.MODEL_SERVER = Server.at(scripted_server.url)
    settings.STORY_MODEL = "steady"
    counting._counters.clear()  # what another test's answers told of a model
    yield ScriptedServer(scripted_server.url)
    await modelserver.close()


@pytest.fixture(autouse=True)
def _nobody_tried_before() -> None:
    """Forget what was counted: the same number is another test's user."""
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    """A writer who owns what the tests are about."""
    return User.objects.create_user("alice", password="alice's-long-password")


@pytest.fixture
def alices(alice: User, client: Client) -> Client:
    """Alice's browser."""
    client.force_login(alice)
    return client


@pytest.fixture
def charlie(db: None) -> User:
    """Another writer, to whom none of it is visible."""
    return User.objects.create_user("charlie", password="charlie's-long-password")


def story_settings(**changes: Any) -> StorySettings:
    """Return unsaved, valid settings with `changes`."""
    fields: dict[str, Any] = {
        "main_characters": "Anna, Ben",
        "keywords": "lantern, old map",
        "genre": "Mystery",
        "register": "Elegant",
        "max_words": 300,
    }
    return StorySettings(**{**fields, **changes})


@pytest.fixture
def story(alice: User) -> Story:
    """Alice's story, still empty."""
    return library.create_story(alice, story_settings())
