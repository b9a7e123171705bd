"""The trash: what is in it, how it comes back, and how it goes for good."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from finetuning.services import lineage
from stories.history import library, tags
from stories.models import Curation, Generation, Story, StorySettings, User
from stories.tasks import purge_deleted_stories
from stories.writing.textlog import Piece, get_text_log
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db

TRASH = "/stories/trash/"


@pytest.fixture
def deleted(story: Story) -> Story:
    """Alice's story with a text, a tag and an approval, in the trash."""
    library.save_text(story, story.owner, "The lantern went out.", 0)
    tags.add_tags(story, "sea")
    library.set_good(story, True)
    Story.objects.update(curation=Curation.APPROVED, curated_version=1)
    story.refresh_from_db()
    library.delete_story(story)
    return story


def test_what_is_deleted_lies_in_the_trash(alices: Client, deleted: Story) -> None:
    Story.objects.update(deleted_at="2026-01-02T03:04Z")
    page = alices.get(TRASH).content.decode()
    assert "Anna and the Lantern" in page
    assert "The lantern went out." in page
    assert "1 February 2026" in page, "30 days later"
    shelf = alices.get("/stories/").content.decode()
    assert f'href="{TRASH}"' in shelf
    assert "bring one back" in shelf
    assert "The lantern went out." not in shelf


def test_it_comes_back_as_it_was(alices: Client, deleted: Story) -> None:
    url = reverse("stories:undelete", args=[deleted.pk])
    assert alices.post(url, {"place": "trash"})["Location"] == TRASH
    assert "The trash is empty." in alices.get(TRASH).content.decode()
    fresh = Story.objects.visible_to(deleted.owner).get()
    assert (fresh.text, fresh.good, fresh.curation) == ("The lantern went out.", True, "approved")
    assert [tag.name for tag in fresh.tags.all()] == ["sea"]


def test_nothing_in_the_trash_trains_a_model(deleted: Story) -> None:
    assert lineage.approved_rows(None) == []
    assert lineage.withdrawn_from([(deleted.pk, 1)]) == {deleted.pk}
    library.undelete_story(deleted)
    assert len(lineage.approved_rows(None)) == 1


def test_removed_for_good(alices: Client, deleted: Story, alice: User) -> None:
    url = reverse("stories:remove", args=[deleted.pk])
    kept = library.create_story(alice, story_settings())
    assert alices.get(url).status_code == 405
    assert alices.post(url)["Location"] == TRASH
    assert list(Story.objects.all()) == [kept]
    assert StorySettings.objects.count() == 1
    assert alices.post(url).status_code == 404
    assert alices.post(reverse("stories:remove", args=[kept.pk])).status_code == 404, "not in it"
    assert Story.objects.filter(pk=kept.pk).exists()


async def _stream(generation: int) -> None:
    await get_text_log().begin(generation)
    await get_text_log().append(generation, Piece(0, "streamed"))


@pytest.mark.django_db(transaction=True)
async def test_what_was_streamed_goes_too(story: Story) -> None:
    from asgiref.sync import sync_to_async

    client = Client()
    generation = await Generation.objects.acreate(
        story=story, settings=story.settings, kind="write", seed=1, status="done"
    )
    await _stream(generation.pk)
    assert get_text_log().text(generation.pk) == "streamed"
    await sync_to_async(client.force_login)(story.owner)
    await sync_to_async(library.delete_story)(story)
    await sync_to_async(client.post)(reverse("stories:remove", args=[story.pk]))
    assert get_text_log().text(generation.pk) == ""


def test_the_trash_is_emptied_and_only_mine(
    alices: Client, deleted: Story, alice: User, charlie: User
) -> None:
    theirs = library.create_story(charlie, story_settings(main_characters="Charlie"))
    library.delete_story(theirs)
    kept = library.create_story(alice, story_settings())
    assert "Charlie" not in alices.get(TRASH).content.decode()
    for name in ("remove", "undelete"):
        assert alices.post(reverse(f"stories:{name}", args=[theirs.pk])).status_code == 404
    empty = reverse("stories:empty_trash")
    assert alices.get(empty).status_code == 405
    until = shown_until(alices)
    assert alices.post(empty, {"until": until})["Location"] == TRASH
    assert set(Story.objects.all()) == {kept, theirs}


def shown_until(alices: Client, page: str = "1") -> str:
    """Return what a page of the trash would empty."""
    shown = alices.get(TRASH, {"page": page}).content.decode()
    found = re.search(r'name="until" value="([^"]+)"', shown)
    assert found
    return html.unescape(found[1])


def test_no_more_is_removed_than_the_button_said(
    alices: Client, deleted: Story, alice: User
) -> None:
    until = shown_until(alices)
    later = library.create_story(alice, story_settings())
    library.delete_story(later)
    empty = reverse("stories:empty_trash")
    for wrong in ({}, {"until": ""}, {"until": "2026-01-02"}, {"until": "0001-01-01T00:00+23:00"}):
        assert alices.post(empty, wrong)["Location"] == TRASH
        assert Story.objects.count() == 2
    alices.post(empty, {"until": until})
    assert list(Story.objects.all()) == [later]
    alices.post(empty, {"until": shown_until(alices)})
    assert not Story.objects.exists()


def test_whoever_is_second_is_told_that_it_is_not_there(alices: Client, deleted: Story) -> None:
    """Another tab brings it back between this one's look and its change."""
    faster: list[str] = []

    def other_tab(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "stories_story"') and not faster:
            faster.append(sql)
            assert library.undelete_story(deleted)
        return execute(sql, params, many, context)

    url = reverse("stories:undelete", args=[deleted.pk])
    with connection.execute_wrapper(other_tab):
        assert alices.post(url, {"place": "trash"}).status_code == 404
    assert faster
    assert Story.objects.visible_to(deleted.owner).exists()


def test_after_thirty_days_it_goes_by_itself(deleted: Story) -> None:
    for days, gone in ((29, 0), (31, 1)):
        Story.objects.update(deleted_at=timezone.now() - timedelta(days=days))
        assert purge_deleted_stories() == gone


def test_a_full_trash_has_pages(alices: Client, alice: User) -> None:
    for number in range(23):
        story = library.create_story(alice, story_settings(main_characters=f"Name{number}"))
        library.delete_story(story)
    first = alices.get(TRASH)
    assert len(first.context["entries"]) == 20
    assert "Remove 23 stories for good" in first.content.decode()
    second = alices.get(TRASH, {"page": "2"})
    assert len(second.context["entries"]) == 3
    assert shown_until(alices, "2") == shown_until(alices), "all that the button counts"
    one, other, last = (story for story, _, _ in second.context["entries"])
    for story, name in ((one, "undelete"), (other, "remove"), (last, "undelete")):
        url = f"{reverse(f'stories:{name}', args=[story.pk])}?page=2"
        assert url in alices.get(TRASH, {"page": "2"}).content.decode()
        answer = alices.post(url, {"place": "trash"}, follow=True)
        assert answer.redirect_chain == [(f"{TRASH}?page=2", 302)]
    assert len(answer.context["entries"]) == 20, "there is no second page any more"
