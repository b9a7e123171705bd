"""What was kept over what: the pairs, their source and their end."""

import pytest
from django.test import Client

from stories.history import library
from stories.history.versions import add_version
from stories.models import Generation, PreferencePair, Story, StoryVersion, User

pytestmark = pytest.mark.django_db


def take(story: Story, text: str, prompt: str = "Write.") -> StoryVersion:
    """Add a take as the model does."""
    generation = Generation.objects.create(
        story=story,
        settings=story.settings,
        kind="write",
        status="done",
        prompt=prompt,
        model="m",
        seed=1,
        text=text,
    )
    return add_version(
        story,
        text,
        StoryVersion.Origin.WRITE,
        expected_version=story.version,
        generation=generation,
    )


def pairs(story: Story) -> list[tuple[str, str, str]]:
    """Return the stored pairs."""
    found = PreferencePair.objects.filter(story=story).order_by("pk")
    return list(found.values_list("prompt", "chosen", "rejected"))


def test_a_good_take_is_preferred_to_the_others_once(story: Story) -> None:
    take(story, "First.")
    take(story, "Of another prompt.", "Write in verse.")
    take(story, "Second.")
    library.save_text(story, story.owner, "Second, edited.", story.version)
    library.set_good(story, True)
    library.set_good(story, True)
    assert pairs(story) == [("Write.", "Second, edited.", "First.")]
    library.set_good(story, False)
    assert pairs(story) == []
    library.show_take(story, 1)
    library.set_good(story, True)
    assert pairs(story) == [("Write.", "First.", "Second.")]


def test_without_a_choice_there_is_no_pair(story: Story) -> None:
    library.set_good(story, True)
    library.set_good(story, False)
    take(story, "Only one.")
    library.set_good(story, True)
    take(story, "Only   one.")
    library.set_good(story, False)
    library.set_good(story, True)
    assert pairs(story) == []


def test_pairs_go_with_the_story(story: Story) -> None:
    take(story, "First.")
    take(story, "Second.")
    library.set_good(story, True)
    assert PreferencePair.objects.count() == 1
    Story.objects.all().delete()
    assert PreferencePair.objects.count() == 0


def test_curators_are_told_how_many(story: Story, alice: User, client: Client) -> None:
    take(story, "First one.")
    take(story, "Second.")
    library.set_good(story, True)
    list_page = "/admin/stories/preferencepair/"
    client.force_login(alice)
    assert client.get(list_page).status_code == 302
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    page = client.get(list_page)
    assert [count for _, count in page.context["sources"]] == [0, 0, 1]
    assert "A good story over another take of it" in page.content.decode()
    assert "First one." not in page.content.decode()
    pair = PreferencePair.objects.get()
    for action in ("change", "history", "delete"):
        assert client.get(f"{list_page}{pair.pk}/{action}/").status_code == 403
    for url in (f"{list_page}add/", f"{list_page}{pair.pk}/delete/"):
        assert client.post(url).status_code == 403


def test_a_restored_text_is_compared_by_the_prompt_that_made_it(story: Story) -> None:
    take(story, "First.")
    take(story, "Second.")
    take(story, "Of another prompt.", "Write in verse.")
    library.restore_version(story, story.owner, 1)
    library.set_good(story, True)
    [pair] = PreferencePair.objects.filter(story=story)
    assert (pair.prompt, pair.chosen, pair.rejected) == ("Write.", "First.", "Second.")
