"""Undo and redo over everybody's changes, thinning, and what a diff shows."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from stories.errors import Refused
from stories.history import library, thinning, undo
from stories.history.versions import add_version
from stories.models import Generation, Story, StoryVersion
from tests.stories.history.test_library import write

pytestmark = pytest.mark.django_db


def edit(story: Story, text: str, *, undone: bool = False) -> int:
    """Save `text` as the page does."""
    return library.save_text(story, story.owner, text, story.version, undone=undone)


def test_undo_and_redo_walk_over_the_models_and_the_writers_changes(story: Story) -> None:
    write(story, "One.")
    edit(story, "One, edited.")
    add_version(story, "Rewritten.", StoryVersion.Origin.REWRITE, expected_version=2)
    library.restore_version(story, story.owner, 1)
    write(story, "Another story.")
    texts = []
    while undo.can_undo(story):
        undo.undo(story)
        texts.append(story.text)
    assert texts == ["One.", "Rewritten.", "One, edited.", "One."]
    with pytest.raises(Refused, match="nothing to undo"):
        undo.undo(story)
    texts = []
    while undo.can_redo(story):
        undo.redo(story)
        texts.append(story.text)
    assert texts == ["One, edited.", "Rewritten.", "One.", "Another story."]
    with pytest.raises(Refused, match="nothing to redo"):
        undo.redo(story)
    assert story.versions.count() == 5


def test_a_change_after_undo_begins_a_branch_and_ends_redo(story: Story) -> None:
    for text in ("One.", "Two.", "Three."):
        edit(story, text)
    undo.undo(story)
    undo.undo(story)
    edit(story, "Four.")
    assert not undo.can_redo(story)
    undo.undo(story)
    assert story.text == "One."
    undo.redo(story)
    assert story.text == "Four."


def test_an_editor_that_undid_by_itself_is_at_the_stored_version(story: Story) -> None:
    for text in ("One.", "Two.", "Three."):
        edit(story, text)
    assert edit(story, "One.", undone=True) == 1
    assert undo.can_redo(story)
    assert edit(story, "Two.", undone=True) == 2
    assert edit(story, "Tw", undone=True) == 4, "a text that was never stored is a new version"
    assert edit(story, "Three.") == 5, "only undoing goes back to a version"


def test_what_is_not_there_is_told_in_a_sentence(story: Story, alices: Client) -> None:
    for address, what in (("take", "take"), ("restore", "version")):
        answer = alices.post(reverse(f"stories:{address}", args=[story.pk, 7]))
        assert answer.status_code == 404
        assert answer.json() == {
            "code": "not_found",
            "message": f"This {what} is not here any more.",
            "state": None,
        }


def test_undo_waits_for_the_model(story: Story) -> None:
    from stories.history.versions import StoryBusyError
    from stories.writing.opening import open_generation

    write(story, "One.")
    edit(story, "Two.")
    open_generation(story.pk, story.owner, Generation.Kind.CONTINUE)
    with pytest.raises(StoryBusyError):
        undo.undo(story)


def aged(story: Story, count: int, minutes: int) -> None:
    """Add `count` edits, `minutes` apart, the last one now."""
    now = timezone.now().replace(minute=59)
    for index in range(count):
        edit(story, f"Edit {index}.")
        at = now - timedelta(minutes=minutes * (count - index))
        story.versions.filter(number=story.version).update(created_at=at)


def test_old_edits_are_thinned_to_one_an_hour(story: Story) -> None:
    write(story, "Written.")
    aged(story, 250, 6)
    kept = list(story.versions.order_by("number").values_list("number", flat=True))
    assert kept[0] == 1, "what the model wrote stays"
    assert kept[-50:] == list(range(202, 252)), "the last fifty edits stay"
    old = kept[1:-50]
    assert 15 <= len(old) <= 40
    # The way back is whole: each hangs on the one before it.
    numbers = []
    while undo.can_undo(story):
        undo.undo(story)
        numbers.append(story.version)
    assert numbers == kept[:-1][::-1]


def test_nothing_that_is_referred_to_is_thinned(story: Story) -> None:
    aged(story, 3, 1)
    Generation.objects.create(
        story=story,
        settings=story.settings,
        kind="rewrite",
        status="done",
        base_version=2,
        prompt="",
        model="m",
        seed=1,
    )
    Story.objects.filter(pk=story.pk).update(curated_version=3)
    add_version(story, "R", StoryVersion.Origin.REWRITE, expected_version=3)
    aged(story, 80, 0)
    numbers = set(story.versions.values_list("number", flat=True))
    assert {2, 3, 4} <= numbers
    assert 1 not in numbers
    assert thinning.thin_versions(story) == 0


def test_a_version_shows_what_it_changed(story: Story, client: Client) -> None:
    client.force_login(story.owner)
    write(story, "Anna <b>lit</b> the lantern.")
    edit(story, "Anna <b>lit</b> the lamp.")
    page = client.get(reverse("stories:version", args=[story.pk, 2])).content.decode()
    assert "<del>lantern</del><ins>lamp</ins>" in page
    assert "<b>" not in page
    first = client.get(reverse("stories:version", args=[story.pk, 1])).content.decode()
    assert "<ins>" not in first
    assert "Anna &lt;b&gt;lit" in first


def test_undo_over_the_pages(story: Story, client: Client) -> None:
    client.force_login(story.owner)
    edit(story, "One.")
    edit(story, "Two.")
    back, forward = (reverse(f"stories:{name}", args=[story.pk]) for name in ("undo", "redo"))
    state = client.post(back).json()
    assert (state["text"], state["can_undo"], state["can_redo"]) == ("One.", False, True)
    assert client.post(back).status_code == 409
    assert client.post(forward).json()["text"] == "Two."
    assert client.post(forward).json()["code"] == "nothing_to_undo"
    assert client.get(back).status_code == 405
