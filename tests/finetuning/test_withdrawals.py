"""Withdrawn stories are heard of when the transaction commits: once, whatever way they go."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from finetuning import tasks
from finetuning.services import forgetting
from stories.accounts.departure import delete_account
from stories.history import library
from stories.models import Curation, Story, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the workers were told."""
    found: list[Any] = []
    monkeypatch.setattr(
        tasks.forget_gone_stories, "apply_async", lambda **options: found.append(options)
    )
    return found


@pytest.fixture
def story(alice: User) -> Story:
    """An approved story."""
    made = library.create_story(alice, story_settings())
    library.save_text(made, alice, "Once.", 0)
    library.set_good(made, True)
    made.curation = Curation.APPROVED
    made.save(update_fields=["curation"])
    return made


def unmark(story: Story) -> None:
    library.set_good(story, False)


def leave(story: Story) -> None:
    delete_account(story.owner)


def remove(story: Story) -> None:
    story.delete()


@pytest.mark.parametrize("withdraw", [unmark, leave, remove, library.delete_story])
def test_a_worker_is_told_after_the_commit(
    story: Story,
    told: list[Any],
    withdraw: Callable[[Story], None],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(story)
        assert told == [], "it could still be taken back"
    assert len(told) == 1


def test_many_stories_are_one_message_and_what_was_taken_back_is_none(
    alice: User,
    story: Story,
    told: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(5):
        library.create_story(alice, story_settings())
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        alice.delete()
        transaction.set_rollback(True)
    assert told == []
    alice = User.objects.get(username="alice")
    with django_capture_on_commit_callbacks(execute=True):
        alice.delete()
    assert len(told) == 1


def test_writing_editing_and_naming_tell_nobody(
    alice: User,
    story: Story,
    told: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        other = library.create_story(alice, story_settings())
        library.save_text(other, alice, "Twice.", 0)
        library.set_title(other, "A name")
        library.set_good(story, True)
    assert told == []


def test_without_a_queue_it_is_cleaned_at_once(
    story: Story,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    cleaned: list[bool] = []

    def refused(**_: Any) -> None:
        raise tasks.forget_gone_stories.OperationalError("connection refused")

    monkeypatch.setattr(tasks.forget_gone_stories, "apply_async", refused)
    monkeypatch.setattr(forgetting, "forget_gone_stories", lambda: cleaned.append(True))
    with django_capture_on_commit_callbacks(execute=True):
        story.delete()
    assert cleaned == [True]
