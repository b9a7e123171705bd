"""Numbers of rows that no row can have: nothing is there, and nothing of ours fails over them."""

import json
from itertools import product

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.test import Client
from django.urls import reverse

from stories.history import library
from stories.ids import row_id
from stories.live.routing import websocket_urlpatterns
from stories.models import Curation, Story, User
from tests.security.test_access import ADMIN_MODELS

# Beyond 64 bits; the first that Python does not read; and more.
LONG = [pytest.param("9" * digits, id=f"{digits} digits") for digits in (20, 4301, 5000)]

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> Client:
    """The administrator's browser."""
    client.force_login(User.objects.create_superuser("boss", password="x"))
    return client


def test_numbers_are_digits_of_64_bits() -> None:
    assert row_id("1") == row_id("01") == 1
    assert row_id(str(2**63 - 1)) == 2**63 - 1
    for text in ("", "-1", "+1", " 1", "1.0", "1_0", "٣", "²", str(2**63), "0" * 5000, "9" * 5000):
        assert row_id(text) is None, text[:20]


@pytest.mark.parametrize("digits", LONG)
@pytest.mark.parametrize(
    "address",
    [
        "/stories/{n}/",
        "/stories/{n}/text/",
        "/stories/{n}/undelete/",
        "/stories/{n}/remove/",
        "/stories/{n}/tags/",
        "/stories/{story}/takes/{n}/",
        "/stories/{story}/versions/{n}/",
        "/stories/{story}/versions/{n}/restore/",
        "/stories/{story}/rewrites/{n}/keep/",
        "/presets/{n}/",
        "/presets/{n}/delete/",
    ],
)
def test_a_page_of_no_row(story: Story, alices: Client, address: str, digits: str) -> None:
    url = address.format(n=digits, story=story.pk)
    assert alices.get(url).status_code == 404
    assert alices.post(url).status_code == 404


@pytest.mark.parametrize("digits", LONG)
def test_a_form_and_a_query_of_no_row(story: Story, alices: Client, digits: str) -> None:
    for query in ({"deleted": digits}, {"page": digits}):
        assert alices.get(reverse("stories:library"), query).status_code == 200
    assert alices.get(reverse("stories:new"), {"like": digits}).status_code == 200
    vote = {"run": digits, "pair": digits, "choice": "first"}
    assert alices.post(reverse("finetuning:compare"), vote).status_code == 404


@pytest.mark.parametrize("digits", LONG)
def test_a_page_of_no_row_in_the_admin(boss: Client, digits: str) -> None:
    for model, page in product(ADMIN_MODELS, ("change", "delete", "history")):
        url = f"/admin/{model.replace('_', '/')}/{digits}/{page}/"
        assert boss.get(url).status_code == 404, url[-30:]
        assert boss.post(url).status_code == 404, url[-30:]
    for url in (
        f"/admin/stories/user/{digits}/password/",
        f"/admin/stories/story/{digits}/",
        f"/teach/models/{digits}/act/",
        *(f"/teach/runs/{digits}/{n}/" for n in ("live", "act", "evaluation")),
    ):
        assert boss.get(url).status_code == 404, url[-30:]
        assert boss.post(url).status_code == 404, url[-30:]


@pytest.mark.parametrize("digits", LONG)
def test_an_action_on_no_row_in_the_admin(boss: Client, story: Story, digits: str) -> None:
    library.save_text(story, story.owner, "A story.", 0)
    library.set_good(story, True)
    data = {"action": "delete_selected", "_selected_action": [digits]}
    assert boss.post("/admin/stories/user/", data).status_code == 404
    assert boss.post(f"/teach/read/{digits}/", {"action": "approve"}).status_code == 404
    reading = reverse("finetuning:read_story", args=[story.pk])
    assert boss.post(reading, {"action": "approve", "version": digits}).status_code == 422
    story.refresh_from_db()
    assert story.curation == Curation.WAITING, "a version that nobody can have read"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("digits", LONG)
async def test_a_socket_of_no_row(story: Story, digits: str) -> None:
    for path in (f"/ws/stories/{digits}/", "/ws/", "/ws/stories/x/"):
        socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
        socket.scope["user"] = story.owner  # type: ignore[typeddict-unknown-key]
        assert await socket.connect() == (False, 1000), path[:20]
    frame = f'{{"type":"attach","generation":{digits},"offset":0}}'
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/ws/stories/{story.pk}/")
    socket.scope["user"] = story.owner  # type: ignore[typeddict-unknown-key]
    assert (await socket.connect())[0]
    await socket.send_to(text_data=frame)
    assert json.loads(str(await socket.receive_from(10)))["code"] == "bad_frame"
    await socket.disconnect()
