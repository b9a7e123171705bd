"""Thousands of bad frames and edits: each is answered, none does anything, the process lives."""

import json
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.urls import reverse

from stories.models import Story, User
from tests.conftest import ScriptedServer
from tests.support import bad_inputs
from tests.support.seats import take_seats
from tests.support.web import client, installation, web

AT_ONCE = 100  # frames that are sent before their answers are read


def test_every_bad_frame_is_answered_and_the_socket_lives(
    tmp_path: Path, scripted_server: ScriptedServer
) -> None:
    environment = installation(tmp_path, scripted_server.url, "untouched")
    [seat] = take_seats(environment, 1)
    frames: list[str | bytes] = [
        *bad_inputs.FRAMES,
        *bad_inputs.BINARY,
        *bad_inputs.spoiled_frames(),
    ]
    with web(environment), client(environment, seat) as page:
        for start in range(0, len(frames), AT_ONCE):
            batch = frames[start : start + AT_ONCE]
            for frame in batch:
                page.socket.send(frame)
            for frame in batch:
                answer = page.receive()
                assert (answer["type"], answer["code"]) == ("error", "bad_frame"), frame
        page.send(type="continue")
        assert page.receive()["code"] == "nothing_to_continue"
    assert scripted_server.chats("untouched") == []


@pytest.mark.django_db
def test_every_bad_edit_is_answered_and_leaves_the_text(alice: User, story: Story) -> None:
    browser = Browser()
    browser.force_login(alice)
    address = reverse("stories:text", args=[story.pk])
    refused = 0
    for body in bad_inputs.spoiled_edits():
        before = story.version
        answer = browser.post(address, body.encode(), content_type="application/json")
        story.refresh_from_db()
        if answer.status_code == 200:
            sent = json.loads(body)
            assert story.text == answer.json()["text"]
            assert sent["version"] == before
        else:
            refused += 1
            assert answer.status_code in {400, 409}, body
            assert answer.json()["message"]
            assert story.version == before
    assert refused > bad_inputs.SPOILED_EDITS / 2
