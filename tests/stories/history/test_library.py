"""What a writer does: nothing is lost, and no two changes overwrite each other."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from stories.errors import GoneError, Refused
from stories.history import library, undo
from stories.history.versions import (
    MAX_TEXT_LENGTH,
    VersionConflictError,
    add_aside,
    add_version,
)
from stories.models import Curation, Generation, Story, StorySettings, StoryVersion, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db


def write(story: Story, text: str) -> StoryVersion:
    """Add a take as the model does."""
    return add_version(story, text, StoryVersion.Origin.WRITE, expected_version=story.version)


def test_edits_are_versions(story: Story) -> None:
    assert library.save_text(story, story.owner, "One.", 0) == 1
    assert library.save_text(story, story.owner, "One. Two.", 1) == 2
    assert library.save_text(story, story.owner, "One. Two.", 2) == 2
    story.refresh_from_db()
    assert (story.text, story.version) == ("One. Two.", 2)
    assert list(story.versions.values_list("number", "parent", "take", "text")) == [
        (2, 1, 1, "One. Two."),
        (1, 0, 1, "One."),
    ]


def test_an_edit_of_an_old_version_conflicts(story: Story) -> None:
    library.save_text(story, story.owner, "One.", 0)
    stale = Story.objects.get(pk=story.pk)
    library.save_text(story, story.owner, "Two.", 1)
    with pytest.raises(VersionConflictError) as caught:
        library.save_text(stale, story.owner, "Three.", 1)
    assert caught.value.story.text == "Two."
    assert story.versions.count() == 2


def test_the_same_text_twice_is_no_conflict(story: Story) -> None:
    library.save_text(story, story.owner, "One.", 0)
    assert library.save_text(story, story.owner, "One.", 0) == 1


def test_text_is_kept_as_typed(story: Story) -> None:
    typed = "e\u0301 👩‍👩‍👧 שלום\r\nnew\rline\x00 \ud800end "
    library.save_text(story, story.owner, typed, 0)
    story.refresh_from_db()
    assert story.text == "e\u0301 👩‍👩‍👧 שלום\nnew\nline end "


def test_a_text_has_a_limit(story: Story) -> None:
    library.save_text(story, story.owner, "x" * MAX_TEXT_LENGTH, 0)
    with pytest.raises(Refused, match="400,001") as refused:
        library.save_text(story, story.owner, "x" * (MAX_TEXT_LENGTH + 1), 1)
    assert (refused.value.code, refused.value.status) == ("too_long", 400)
    assert story.version == 1


def test_nobody_stores_what_a_story_can_not_have(story: Story) -> None:
    written = StoryVersion.Origin.WRITE
    add_version(story, "One\r\ntwo\x00 \ud83d.", written, expected_version=0)
    assert story.text == "One\ntwo ."
    generation = Generation.objects.create(
        story=story, settings=story.settings, kind=Generation.Kind.WRITE, seed=1
    )
    with pytest.raises(Refused, match="400,001"):
        add_version(story, "x" * (MAX_TEXT_LENGTH + 1), written, expected_version=1)
    with pytest.raises(Refused, match="400,001"):
        add_aside(story, "x" * (MAX_TEXT_LENGTH + 1), written, base=1, generation=generation)
    assert story.versions.count() == 1


def test_what_the_library_sorts_by_follows_the_text(story: Story) -> None:
    def noted() -> tuple[int, str, bool]:
        fresh = Story.objects.get(pk=story.pk)
        assert fresh.word_count == story.word_count
        return fresh.word_count, fresh.model, fresh.is_unfinished

    def generated(text: str, model: str, status: Generation.Status, kind: str = "write") -> None:
        generation = Generation.objects.create(
            story=story, settings=story.settings, kind=kind, seed=1, model=model, status=status
        )
        origin = StoryVersion.Origin(kind)
        add_version(story, text, origin, expected_version=story.version, generation=generation)

    done, broken = Generation.Status.DONE, Generation.Status.INTERRUPTED
    assert noted() == (0, "", True)
    library.save_text(story, story.owner, "By my own hand.", 0)
    assert noted() == (4, "", False)
    generated("One two", "old-model", done)
    assert noted() == (2, "old-model", True)
    library.save_text(story, story.owner, "One two three.", story.version)
    assert noted() == (3, "old-model", False), "what it was made from was the model's"
    generated("It broke off. Here.", "new-model", broken)
    assert noted() == (4, "new-model", True), "interrupted at the end of a sentence"
    generated("It broke off. Here. And on.", "new-model", done, "continue")
    assert noted() == (6, "new-model", False)
    library.show_take(story, 2)
    assert noted() == (3, "old-model", False)
    undo.undo(story)
    assert noted() == (2, "old-model", True)


def test_a_text_brought_to_an_end_by_hand_is_whole_when_it_is_restored(story: Story) -> None:
    broken = Generation.objects.create(
        story=story,
        settings=story.settings,
        kind="write",
        seed=1,
        status="interrupted",
        text="It broke off. Here.",
    )
    written = StoryVersion.Origin.WRITE
    add_version(story, broken.text, written, expected_version=0, generation=broken)
    library.save_text(story, story.owner, "It broke off. Here it ends.", 1)
    library.save_text(story, story.owner, "Something else", 2)
    for number, unfinished in ((2, False), (1, True)):
        library.restore_version(story, story.owner, number)
        assert Story.objects.get(pk=story.pk).is_unfinished == unfinished


def test_an_edit_looks_for_nothing_that_the_text_before_it_has_told(story: Story) -> None:
    generation = Generation.objects.create(
        story=story, settings=story.settings, kind="write", seed=1, model="m", status="done"
    )
    written = StoryVersion.Origin.WRITE
    add_version(story, "One.", written, expected_version=0, generation=generation)
    fresh = Story.objects.get(pk=story.pk)
    fresh.model = "what another process has read before"
    with CaptureQueriesContext(connection) as asked:
        library.save_text(fresh, story.owner, "One. Two.", 1)
    assert not [
        q
        for q in asked.captured_queries
        if "generation_id" in q["sql"].split("FROM")[0] and q["sql"].startswith("SELECT")
    ]
    assert fresh.model == Story.objects.get(pk=story.pk).model == "m"


def test_takes_and_what_was_made_of_them(story: Story) -> None:
    write(story, "First.")
    library.save_text(story, story.owner, "First, edited.", 1)
    write(story, "Second.")
    assert library.takes(story) == [1, 2]
    assert library.current_take(story) == 2
    library.show_take(story, 1)
    story.refresh_from_db()
    assert story.text == "First, edited."
    assert library.current_take(story) == 1
    library.save_text(story, story.owner, "First, edited twice.", story.version)
    assert story.version == 4
    assert library.current_take(story) == 1
    with pytest.raises(GoneError, match="This take"):
        library.show_take(story, 9)
    with pytest.raises(GoneError, match="This version"):
        library.restore_version(story, story.owner, 99)


def test_a_restored_version_is_a_new_one(story: Story) -> None:
    write(story, "First.")
    library.save_text(story, story.owner, "Worse.", 1)
    assert library.restore_version(story, story.owner, 1) == 3
    story.refresh_from_db()
    assert story.text == "First."
    assert [v.origin for v in story.versions.all()] == ["restore", "edit", "write"]


def test_titles(story: Story) -> None:
    assert story.title == "Anna and the Lantern"
    library.change_settings(story, story_settings(main_characters="Zoë"))
    assert story.title == "Zoë and the Lantern"
    library.set_title(story, "  My   <|eot_id|>title ")
    library.change_settings(story, story_settings())
    assert story.title == "My title"
    library.set_title(story, "")
    assert story.title == "Anna and the Lantern"
    assert len(story.title) <= 120


def test_presets(alice: User, story: Story) -> None:
    first = library.save_preset(alice, story_settings(genre="War"), "Mine")
    library.change_settings(story, story_settings(genre="Drama"))
    library.save_preset(alice, story_settings(genre="Comedy"), "Mine")
    presets = StorySettings.objects.presets_of(alice)
    assert [(p.name, p.genre) for p in presets] == [("Mine", "Comedy")]
    library.delete_preset(presets[0])
    assert not StorySettings.objects.presets_of(alice).exists()
    assert StorySettings.objects.filter(pk=first.pk).exists()


def test_marking_puts_before_the_curators_and_unmarking_withdraws(story: Story) -> None:
    library.set_good(story, True)
    assert Story.objects.waiting().get() == story
    Story.objects.update(curation=Curation.APPROVED)
    story.refresh_from_db()
    library.set_good(story, True)
    assert Story.objects.approved().get() == story
    library.set_good(story, False)
    assert not Story.objects.good().exists()
    assert story.curation == Curation.NONE


def test_a_mark_is_about_the_version_that_it_was_put_on(story: Story) -> None:
    library.save_text(story, story.owner, "One.", 0)
    library.set_good(story, True)
    for number in range(60):
        library.save_text(story, story.owner, f"Edit {number}.", story.version)
    fresh = Story.objects.get(pk=story.pk)
    assert fresh.good_version == 1
    assert fresh.versions.get(number=1).text == "One.", "it is not thinned"
    library.set_good(story, False)
    assert Story.objects.get(pk=story.pk).good_version is None
    library.set_good(story, True)
    assert Story.objects.get(pk=story.pk).good_version == story.version


def test_what_was_brought_back_or_removed_meanwhile_is_told(alice: User, story: Story) -> None:
    library.delete_story(story)
    one, other = Story.objects.deleted_by(alice).get(), Story.objects.deleted_by(alice).get()
    assert library.undelete_story(one)
    assert not library.undelete_story(other)
    library.delete_story(story)
    gone = Story.objects.deleted_by(alice).get()
    library.remove_for_good(Story.objects.deleted_by(alice))
    assert not library.undelete_story(gone)


def test_deletion_can_be_undone_for_thirty_days(alice: User, story: Story) -> None:
    library.delete_story(story)
    assert not Story.objects.visible_to(alice).exists()
    library.undelete_story(Story.objects.deleted_by(alice).get())
    assert Story.objects.visible_to(alice).exists()
    library.delete_story(story)
    for days in (0, 8, 29):
        Story.objects.update(deleted_at=timezone.now() - timedelta(days=days))
        assert library.purge_deleted_stories() == 0
    Story.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert library.purge_deleted_stories() == 1
    assert StorySettings.objects.count() == 0
