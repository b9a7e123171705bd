"""Files are made and read one at a time; who would wait too long is told so, and loses nothing."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from stories.errors import Refused
from stories.history import library
from stories.models import Story
from stories.pages.publishing import turns

SENTENCE = "Other files are being made or read"


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExitStack]:
    """A process in which a file is being made; nobody has much patience."""
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    with ExitStack() as held:
        held.enter_context(turns.turn())
        yield held


def test_one_after_the_other() -> None:
    running, most = 0, 0

    def work() -> None:
        nonlocal running, most
        with turns.turn():
            running += 1
            most = max(most, running)
            threading.Event().wait(0.02)
            running -= 1

    threads = [threading.Thread(target=work) for _ in range(turns.MOST_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_turn_ends_with_what_went_wrong_in_it() -> None:
    for _ in range(turns.MOST_AT_ONCE + 1):
        with pytest.raises(ValueError, match="no"), turns.turn():
            raise ValueError("no")


def test_no_more_wait_than_there_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_places", threading.BoundedSemaphore(1))
    with turns.turn(), pytest.raises(Refused, match=SENTENCE), turns.turn():
        pass


@pytest.mark.django_db
def test_pages_say_so(busy: ExitStack, alices: Client, story: Story) -> None:
    library.save_text(story, story.owner, "Anna ran.", 0)
    book = {"ending": "epub", "which": "all"}
    brought = {"genre": "Drama", "register": "Vivid"}

    def file() -> dict[str, object]:
        return {"files": SimpleUploadedFile("a.txt", b"One.")}

    for answer, status in (
        (alices.post(reverse("stories:book"), book), 503),
        (alices.post(reverse("stories:import"), {**brought, **file()}), 503),
        (alices.get(reverse("stories:download", args=[story.pk]), follow=True), 200),
        (alices.get(reverse("stories:download_all"), follow=True), 200),
    ):
        assert answer.status_code == status
        assert SENTENCE in answer.content.decode()
    assert Story.objects.count() == 1
    busy.close()
    assert alices.post(reverse("stories:book"), book).status_code == 200
    alices.post(reverse("stories:import"), {**brought, **file()})
    assert Story.objects.count() == 2
