"""A real browser against `manage.py serve`: everything started as a person would start it."""

import json
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, WebSocketRoute

from tests.conftest import ScriptedServer
from tests.support.processes import CHROMIUM, FLAGS, free_port, running
from tests.support.web import STATIC_ROOT

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = Path(__file__).with_name("output")
PASSWORD = "a-long-password-of-alice"
# What Playwright says where it keeps the service worker out.
BLOCKED = "Service Worker registration blocked"
# The embedded model by its name, whatever else answers on this machine.
POCKET = {"OLLAMA_HOST": "", "STORY_MODEL": "pocket"}


@dataclass(frozen=True)
class Site:
    """A running installation."""

    url: str
    data: Path


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@contextmanager
def serving(data: Path, **environment: str) -> Iterator[Site]:
    """Run the whole app with its data in `data`."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    own = {
        "DATA_DIR": str(data),
        "PORT": str(port),
        "ALLOW_SIGNUP": "true",
        "GENERATION_SLOTS": "1000",  # nobody waits, unless a test is about that
        "STATIC_ROOT": STATIC_ROOT,
        "DJANGO_SETTINGS_MODULE": "storaiteller_site.settings",
    }
    command = [sys.executable, str(ROOT / "manage.py"), "serve"]
    url = f"http://127.0.0.1:{port}"
    env = {**inherited, **own, **environment}
    with running(command, ready_url=f"{url}/health/", env=env):
        yield Site(url, data)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run the app as it is where no Ollama answers: pocket writes."""
    with serving(tmp_path_factory.mktemp("installation"), **POCKET) as site:
        yield site


@pytest.fixture(scope="session")
def slow_site(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Site]:
    """Run the app in front of a scripted Ollama that takes 20 seconds for a story."""
    with serving(
        tmp_path_factory.mktemp("slow"), OLLAMA_HOST=scripted_server.url, STORY_MODEL="slow"
    ) as site:
        yield site


@pytest.fixture(scope="session")
def busy_site(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Site]:
    """Run the app in front of a slow scripted Ollama that writes one story at a time."""
    with serving(
        tmp_path_factory.mktemp("busy"),
        OLLAMA_HOST=scripted_server.url,
        STORY_MODEL="slow",
        GENERATION_SLOTS="1",
    ) as site:
        yield site


@pytest.fixture(scope="session")
def rewriting_site(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> Iterator[Site]:
    """Run the app in front of a scripted Ollama that rewrites, in a second and a half."""
    with serving(
        tmp_path_factory.mktemp("rewriting"),
        OLLAMA_HOST=scripted_server.url,
        STORY_MODEL="rewriter-slow",
    ) as site:
        yield site


@pytest.fixture(scope="session")
def trained_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run the app with nobody in it yet, for the test that trains its model."""
    with serving(tmp_path_factory.mktemp("trained"), **POCKET) as site:
        yield site


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Keep the service worker out of tests that are not about it, as it fetches every file."""
    return {**browser_context_args, "service_workers": "block"}


class Complaints(list[str]):
    """What the browser complains about; a text with one of `expected` in it is the test's doing."""

    expected: str | tuple[str, ...] = ()

    def unexpected(self) -> list[str]:
        """Return what nobody expected."""
        expected = (self.expected,) if isinstance(self.expected, str) else self.expected
        expected = (*expected, BLOCKED)
        return [text for text in self if not any(part in text for part in expected)]


@pytest.fixture
def complaints(page: Page) -> Iterator[Complaints]:
    """Collect the browser's complaints; a policy violation or an error fails the test."""
    found = Complaints()

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            found.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found.unexpected() == []


def shot(page: Page, name: str) -> None:
    """Leave a screenshot to look at."""
    OUTPUT.mkdir(exist_ok=True)
    # To hide the caret, Playwright writes a style onto the field in focus; htmx copies that onto
    # the field's successor, which the policy forbids.
    page.screenshot(path=OUTPUT / f"{name}.png", caret="initial")


def sign_up(page: Page, site: Site, name: str) -> None:
    """Open an account through the pages."""
    page.goto(f"{site.url}/accounts/signup/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/stories/")


def sign_in(page: Page, name: str) -> None:
    """Sign `name` in on the sign-in page that is open."""
    page.get_by_label("User name or email").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def wait_until_all_is_saved(page: Page) -> None:
    """Wait until the browser keeps no draft: the server has all of it."""
    drafts = "Object.keys(localStorage).filter((key) => key.startsWith('storaiteller:draft:'))"
    page.wait_for_function(f"() => {drafts}.length === 0")


def deafen(page: Page) -> None:
    """Let `page`, from its next story on, hear nothing of what other pages save."""

    def relay(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if json.loads(frame)["type"] != "story":
                socket.send(frame)

        server.on_message(pass_on)

    page.route_web_socket("**/ws/**", relay)


def open_story(page: Page, site: Site, **settings: str) -> None:
    """Open a new, empty story through the pages."""
    page.goto(f"{site.url}/stories/new/")
    fill_settings(page, **settings)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/stories/\d+/$"))


def give_text(page: Page, text: str) -> None:
    """Store `text` as an edit of the open story, and show it."""
    page.evaluate(
        """async (text) => {
          const state = JSON.parse(document.getElementById("story-state").textContent);
          const headers = JSON.parse(document.body.getAttribute("hx-headers"));
          const body = JSON.stringify({ version: state.version, text });
          const url = document.getElementById("story").dataset.textUrl;
          const answer = await fetch(url, { method: "POST", headers, body });
          if (!answer.ok) throw new Error(answer.status);
        }""",
        text,
    )
    page.reload()
    page.locator("#story-text[contenteditable=true]").wait_for()


@dataclass(frozen=True)
class Stored:
    """A story as it is in the database."""

    text: str
    version: int


def stored(site: Site, page: Page) -> Stored:
    """Return the story that is open in `page`, from the database."""
    number = int(re.search(r"/stories/(\d+)/", page.url)[1])  # type: ignore[index]
    connection = sqlite3.connect(site.data / "db.sqlite3")
    try:
        row = connection.execute("select text, version from stories_story where id = ?", [number])
        return Stored(*row.fetchone())
    finally:
        connection.close()


def drag_over(page: Page, text: str) -> None:
    """Select the first `text` in the story with the mouse, from its first to its last letter."""
    first, last = page.evaluate(
        """(text) => {
          const story = document.getElementById("story-text");
          const walker = document.createTreeWalker(story, NodeFilter.SHOW_TEXT);
          const [nodes, starts] = [[], []];
          let all = "";
          for (let node; (node = walker.nextNode()); ) {
            nodes.push(node);
            starts.push(all.length);
            all += node.data;
          }
          const at = (offset) => {
            const index = starts.findLastIndex((start) => start <= offset);
            const range = document.createRange();
            range.setStart(nodes[index], offset - starts[index]);
            range.setEnd(nodes[index], offset - starts[index] + 1);
            return range;
          };
          const start = all.indexOf(text);
          const [first, last] = [at(start), at(start + text.length - 1)];
          first.startContainer.parentElement.scrollIntoView({ block: "center" });
          return [first, last].map((range) => range.getBoundingClientRect().toJSON());
        }""",
        text,
    )
    page.mouse.move(first["left"] + 0.5, (first["top"] + first["bottom"]) / 2)
    page.mouse.down()
    page.mouse.move(last["right"], (last["top"] + last["bottom"]) / 2, steps=8)
    page.mouse.up()


def fill_settings(page: Page, **changes: str) -> None:
    """Fill the settings form by its labels."""
    page.get_by_label("Main characters' names").fill(changes.get("characters", "Anna, Ben"))
    page.get_by_label("Story keywords").fill(changes.get("keywords", "lantern, old map"))
    page.get_by_label("Genre").select_option(changes.get("genre", "Mystery"))
    page.get_by_label("Register").select_option(changes.get("register", "Vivid"))
    page.get_by_label("Max number of words").fill(changes.get("words", "200"))
