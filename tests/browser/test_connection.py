"""The page's connection: refused for a reason that the person is told, and back after a deploy."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import Complaints, shot
from tests.browser.test_writing import SAVED, type_at_the_end
from tests.conftest import ScriptedServer
from tests.support.processes import free_port
from tests.support.seats import SESSION, Seat, take_seats
from tests.support.web import installation, web
from tests.support.worker import manage

LONG = 60_000  # milliseconds
SOCKETS = 200
FAILED = "ailed"  # to load a resource, or to connect: what these tests are about
COLLECT = "from storaiteller_site.serving.supervisor import collect_static; collect_static()"
MODELS = (
    "from django.contrib.sessions.models import Session; from stories.models import Story;"
    "from django.utils import timezone;"
)
# The page's own sockets, many of them on one story; each keeps when it was opened.
OPEN_SOCKETS = """async ([story, count]) => {
  const { StorySocket } = await import("storaiteller/writing/socket");
  window.opened = Array.from({ length: count }, () => []);
  for (const times of window.opened) {
    const connection = {
      opened: () => times.push(performance.now()),
      closed: () => true,
      mayReturn: async () => true,
    };
    new StorySocket(story, connection);
  }
}"""
ALL_OPENED = "times => window.opened.every((opened) => opened.length >= times)"


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, scripted_server: ScriptedServer
) -> dict[str, str]:
    """An installation whose web process the tests start and end."""
    folder = tmp_path_factory.mktemp("connection")
    # A school's worth of pages, all of one writer.
    more = {"SOCKETS_PER_WRITER": str(SOCKETS + 1)}
    found = installation(folder, scripted_server.url, "slow", **more)
    take_seats(found, 0)
    manage(found, "shell", "-v", "0", "-c", COLLECT)
    return found


@pytest.fixture(scope="module")
def seats(environment: dict[str, str]) -> Iterator[Seat]:
    """Signed-in writers with empty stories, one after the other."""
    return iter(take_seats(environment, 5))


@pytest.fixture
def seat(seats: Iterator[Seat]) -> Seat:
    """One that nobody has taken yet."""
    return next(seats)


def change(environment: dict[str, str], code: str) -> None:
    """Change the library from another process."""
    manage(environment, "shell", "-v", "0", "-c", MODELS + code)


def sign_in(page: Page, seat: Seat, port: str) -> None:
    """Give the browser the seat's session."""
    url = f"http://127.0.0.1:{port}/"
    page.context.add_cookies([{"name": SESSION, "value": seat.session_key, "url": url}])


def enter(page: Page, seat: Seat, port: str) -> None:
    """Open the seat's story."""
    sign_in(page, seat, port)
    page.goto(f"http://127.0.0.1:{port}/stories/{seat.story_id}/")
    page.locator("#story-text[contenteditable=true]").wait_for()


def come_back(page: Page) -> None:
    """Be away and come back to the page, as the browser tells it."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def test_who_is_signed_out_is_told_and_comes_back(
    page: Page, environment: dict[str, str], seat: Seat, complaints: Complaints
) -> None:
    complaints.expected = FAILED
    tries: list[str] = []
    session = f"Session.objects.filter(session_key='{seat.session_key}')"
    with web(environment):
        enter(page, seat, environment["PORT"])
        type_at_the_end(page, "Saved words.")
        page.on("websocket", lambda socket: tries.append(socket.url))
        change(environment, f"{session}.update(expire_date='2026-01-01T00:00Z')")
        expect(page.get_by_role("alert")).to_contain_text("You are signed out", timeout=LONG)
        expect(page.locator("#status")).to_have_text("Connection ended", timeout=LONG)
        page.wait_for_timeout(5_000)
        assert len(tries) <= 2, "the page tries in vain"
        page.keyboard.type(" Precious words.")
        expect(page.locator("#saved")).to_contain_text("sign in again", timeout=LONG)
        shot(page, "signed-out")
        change(environment, f"{session}.update(expire_date='2099-01-01T00:00Z')")
        sign_in(page, seat, environment["PORT"])
        come_back(page)
        expect(page.locator("#saved")).to_have_text(SAVED, timeout=LONG)
        expect(page.get_by_role("alert")).to_be_hidden()
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#story-text")).to_contain_text("Anna lifted", timeout=LONG)


def test_a_story_that_is_gone_is_told_and_its_text_kept(
    page: Page, environment: dict[str, str], seat: Seat, complaints: Complaints
) -> None:
    complaints.expected = FAILED
    story = f"Story.objects.filter(pk={seat.story_id})"
    with web(environment):
        enter(page, seat, environment["PORT"])
        type_at_the_end(page, "Saved words.")
        change(environment, f"{story}.update(deleted_at=timezone.now())")
        page.keyboard.type(" Precious words.")
        expect(page.locator("#saved")).to_contain_text("the story is gone", timeout=LONG)
        expect(page.get_by_role("alert")).to_contain_text("not here any more")
        shot(page, "story-gone")
    with web(environment):
        come_back(page)
        expect(page.locator("#status")).to_have_text("Connection ended", timeout=LONG)
        expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")
        change(environment, f"{story}.update(deleted_at=None)")
        come_back(page)
        expect(page.locator("#saved")).to_have_text(SAVED, timeout=LONG)
        page.reload()
        expect(page.locator("#story-text")).to_have_text("Saved words. Precious words.")


def test_a_refused_connection_is_told_and_edits_are_saved(
    page: Page, environment: dict[str, str], seat: Seat, complaints: Complaints
) -> None:
    """The page comes from an address that sockets are not taken from."""
    complaints.expected = FAILED
    port = str(free_port())
    with web(environment, port):
        enter(page, seat, port)
        expect(page.get_by_role("alert")).to_contain_text("refuses the connection", timeout=LONG)
        type_at_the_end(page, "Saved words.")
        page.reload()
        expect(page.locator("#story-text")).to_have_text("Saved words.")


def test_what_is_waited_for_is_told(
    page: Page, environment: dict[str, str], seat: Seat, complaints: Complaints
) -> None:
    status = page.locator("#status")
    sockets: list[WebSocketRoute] = []

    def serve(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        told = {"type": "generation", "id": 7, "kind": "write", "status": "running", "position": 0}
        socket.send(json.dumps({**told, "base_version": 0, "model": "m", "length": 0}))

    with web(environment):
        page.route_web_socket("**/ws/**", serve)
        sign_in(page, seat, environment["PORT"])
        page.goto(f"http://127.0.0.1:{environment['PORT']}/stories/{seat.story_id}/")
        expect(status).to_contain_text("Writing", timeout=LONG)
        waiting = {"type": "waiting", "generation": 7}
        sockets[0].send(json.dumps({**waiting, "loaded": False}))
        expect(status).to_contain_text("the model is being loaded", timeout=LONG)
        sockets[0].send(json.dumps({**waiting, "loaded": True}))
        expect(status).to_contain_text("reading, or busy with others", timeout=LONG)
        text = {"type": "text", "generation": 7, "offset": 0, "text": "Once upon"}
        sockets[0].send(json.dumps(text))
        expect(status).to_have_text("Writing…", timeout=LONG)
        expect(status).to_contain_text("has been silent", timeout=LONG)
        unstored = {"type": "error", "code": "not_stored", "message": "It is kept."}
        sockets[0].send(json.dumps({**unstored, "generation": 7}))
        expect(page.get_by_role("alert")).to_contain_text("It is kept.")
        done = {"type": "done", "generation": 7, "version": 1, "status": "done", "report": {}}
        sockets[0].send(json.dumps(done))
        expect(status).to_have_text("Done", timeout=LONG)
        expect(page.get_by_role("alert")).to_be_hidden()


def test_a_deploy_with_many_open_pages_loses_none(
    page: Page, environment: dict[str, str], seat: Seat, complaints: Complaints
) -> None:
    complaints.expected = FAILED
    with web(environment):
        enter(page, seat, environment["PORT"])
        page.evaluate(OPEN_SOCKETS, [seat.story_id, SOCKETS])
        page.wait_for_function(ALL_OPENED, arg=1, timeout=LONG)
    with web(environment):
        page.wait_for_function(ALL_OPENED, arg=2, timeout=2 * LONG)
        times = page.evaluate("window.opened.map((opened) => opened[1])")
        assert len(times) == SOCKETS
        # Not all at once.
        assert max(times) - min(times) > 100
        page.get_by_role("button", name="Write a new story").click()
        expect(page.locator("#story-text")).to_contain_text("Anna lifted", timeout=LONG)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#status")).to_contain_text("Stopped", timeout=LONG)
