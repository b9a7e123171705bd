"""Edits in several tabs: stored together where they don't touch, and refused where they do."""

import pytest

from prose import diffs
from stories.history import library, merging, undo
from stories.history.versions import MAX_TEXT_LENGTH, StoryBusyError, VersionConflictError
from stories.models import Generation, Story
from tests.stories.history.test_library import write

pytestmark = pytest.mark.django_db

BASE = "Anna lit the lantern.\n\nBen came up the stairs.\n\nThe door stood open."


def save(story: Story, text: str, version: int) -> int | None:
    """Save `text` as a page does that has read `version`; `story` is read anew."""
    typed = merging.save_edit(story, story.owner, text, version)
    story.refresh_from_db()
    return typed


def test_separate_edits_come_together(story: Story) -> None:
    assert save(story, BASE, 0) is None
    assert save(story, BASE.replace("lantern", "lamp"), 1) is None
    mine = BASE.replace("open", "shut")
    typed = save(story, mine, 1)
    assert story.text == mine.replace("lantern", "lamp")
    assert typed == 3, "what was typed is a version by itself"
    assert story.versions.get(number=typed).text == mine
    assert (story.version, story.versions.get(number=4).parent) == (4, 2)
    undo.undo(story)
    assert story.text == BASE.replace("lantern", "lamp")


def test_who_types_on_meanwhile_goes_on_from_what_was_sent(story: Story) -> None:
    save(story, BASE, 0)
    save(story, BASE.replace("lantern", "lamp"), 1)
    typed = save(story, BASE + " One", 1)
    typed = save(story, BASE + " One more", typed or 0)
    save(story, BASE.replace("open", "shut") + " One more word.", typed or 0)
    both = BASE.replace("lantern", "lamp").replace("open", "shut")
    assert story.text == both + " One more word."


def test_what_was_taken_up_or_not_changed_adds_nothing(story: Story) -> None:
    save(story, BASE, 0)
    more = BASE + " More."
    save(story, more, 1)
    assert save(story, BASE, 1) == 1
    assert (story.version, story.text) == (2, more)
    longer = more.replace("Ben", "Tom")
    assert save(story, longer, 2) is None
    assert save(story, longer, 1) is None, "the same text is where it is"
    whole = longer.replace("Anna", "Eve")
    assert save(story, whole, 1) is None or story.text == whole


def test_edits_that_touch_are_a_conflict_and_change_nothing(story: Story) -> None:
    save(story, BASE, 0)
    save(story, BASE + " One.", 1)
    with pytest.raises(VersionConflictError) as caught:
        save(story, BASE + " Two.", 1)
    assert caught.value.story.text == BASE + " One."
    story.refresh_from_db()
    assert (story.text, story.versions.count()) == (BASE + " One.", 2)


def test_another_take_is_never_merged_into(story: Story) -> None:
    write(story, BASE)
    write(story, BASE.replace("lantern", "candle"))  # written anew, and much alike
    with pytest.raises(VersionConflictError):
        save(story, BASE + " More.", 1)
    with pytest.raises(VersionConflictError):
        save(story, BASE + " More.", 77)  # thinned out


def test_what_together_is_too_long_is_a_conflict(story: Story) -> None:
    base = "x y\n\n" + "z" * (MAX_TEXT_LENGTH - 100)
    save(story, base, 0)
    save(story, base + " and more" * 8, 1)
    with pytest.raises(VersionConflictError):
        save(story, "It was so. " * 6 + base, 1)


def test_nothing_is_merged_into_what_the_model_writes(story: Story) -> None:
    save(story, BASE, 0)
    save(story, BASE + " More.", 1)
    write(story, "Another.")
    running = Generation.Status.RUNNING
    Generation.objects.create(
        story=story, settings=story.settings, kind="continue", seed=1, status=running
    )
    with pytest.raises(StoryBusyError):
        save(story, "Eve. " + BASE, 1)


def test_the_text_may_move_on_while_it_is_compared(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(story, BASE, 0)
    save(story, BASE.replace("lantern", "lamp"), 1)
    others = [BASE.replace("lantern", "torch")]
    compare = diffs.merged

    def merged(base: str, mine: str, theirs: str) -> str | None:
        if others:
            library.save_text(Story.objects.get(), story.owner, others.pop(), 2)
        return compare(base, mine, theirs)

    monkeypatch.setattr("prose.diffs.merged", merged)
    save(story, BASE + " More.", 1)
    assert story.text == BASE.replace("lantern", "torch") + " More."
