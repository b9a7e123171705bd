"""Tags: put on and taken off, on a story's page and in the library, with scripts and without."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from stories.errors import Refused
from stories.history import library, tags
from stories.history.tags import MAX_TAGS, OwnTag
from stories.models import Story, User
from stories.models.tag import MAX_LENGTH
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db


def names(story: Story) -> list[str]:
    """Return the names of a story's tags."""
    return [tag.name for tag in story.tags.all()]


def test_a_tag_is_one_however_it_is_typed(story: Story, alice: User) -> None:
    tags.add_tags(story, " Sea ,, winter  night、SEA, <|eot_id|>, e\u0301t\u00e9")
    assert names(story) == ["Sea", "winter night", "été"]
    tags.add_tags(story, "sea, ÉTÉ")
    assert len(names(story)) == 3
    other = library.create_story(alice, story_settings())
    tags.add_tags(other, "SEA, Été, new")
    assert names(other) == ["new", "Sea", "été"], "spelled as the writer's other ones"
    own = tags.own_tags(alice)
    assert own[:2] == [OwnTag("new", "new", 1), OwnTag("sea", "Sea", 2)]
    tags.remove_tag(story, " SEA")
    assert names(story) == ["winter night", "été"]
    library.delete_story(other)
    assert [tag.name for tag in tags.own_tags(alice)] == ["winter night", "été"]


def test_tags_are_bounded(story: Story) -> None:
    with pytest.raises(Refused, match="at most 40 characters"):
        tags.add_tags(story, "fine, " + "x" * (MAX_LENGTH + 1))
    tags.add_tags(story, "x" * MAX_LENGTH)
    tags.add_tags(story, ",".join(f"t{number}" for number in range(MAX_TAGS - 1)))
    assert len(names(story)) == MAX_TAGS
    tags.add_tags(story, "t1")  # it is there already
    with pytest.raises(Refused, match="at most 20 tags"):
        tags.add_tags(story, "one-more")
    tags.remove_tag(story, "t1")
    with pytest.raises(Refused, match="at most 20 tags"):
        tags.add_tags(story, "two, more")
    assert len(names(story)) == MAX_TAGS - 1, "all of them or none"
    tags.remove_tag(story, "\0" + "y" * 5_000)


def test_a_tag_of_signs_that_stand_for_many_letters_fits(story: Story) -> None:
    tags.add_tags(story, "\ufdfa" * MAX_LENGTH)  # each is 18 letters when it is compared
    [tag] = story.tags.all()
    tag.full_clean()  # SQLite would take any length
    tags.remove_tag(story, tag.name)
    assert names(story) == []


def test_a_tag_that_nobody_sees_is_none(story: Story) -> None:
    tags.add_tags(story, "\u200d, \u0640")
    assert names(story) == []


def test_the_part_of_a_page(alices: Client, story: Story, alice: User) -> None:
    url = reverse("stories:tags", args=[story.pk])
    other = library.create_story(alice, story_settings())
    tags.add_tags(other, "winter & ice, sea")
    htmx = {"HX-Request": "true"}
    part = html.unescape(
        alices.post(url, {"add": "sea", "place": "story"}, headers=htmx).content.decode()
    )
    assert names(story) == ["sea"]
    assert 'href="/stories/?tag=sea"' in part
    assert "Remove the tag “sea”" in part
    assert "Add the tag “winter & ice”" in part
    assert "Add the tag “sea”" not in part
    refused = alices.post(url, {"add": "<b>" + "x" * 50}, headers=htmx)
    assert refused.status_code == 200, "htmx swaps no other"
    assert 'role="alert">A tag has at most 40' in refused.content.decode()
    assert 'value="&lt;b&gt;xxx' in refused.content.decode(), "what was typed is not lost"
    taken_off = alices.post(url, {"remove": "sea"}, headers=htmx).content.decode()
    assert names(story) == []
    assert "Add tags" in taken_off


def test_without_scripts(alices: Client, story: Story) -> None:
    url = reverse("stories:tags", args=[story.pk])
    there = alices.post(url, {"add": "sea", "place": "story"})
    assert there["Location"] == reverse("stories:story", args=[story.pk])
    in_library = {"add": "ice", "place": "library"}
    back = alices.post(f"{url}?genre=Mystery&model=&page=2&next=//evil.example", in_library)
    assert back["Location"] == "/stories/?genre=Mystery&page=2"
    wrong = alices.post(f"{url}?genre=Mystery", {"add": "x" * 50, "place": "library"})
    assert wrong.status_code == 422
    assert 'href="/stories/?genre=Mystery">Back<' in wrong.content.decode()
    for page in ("/stories/", reverse("stories:story", args=[story.pk])):
        shown = alices.get(page).content.decode()
        assert 'href="/stories/?tag=ice"' in shown
        assert '<option value="ice"></option>' in shown, "suggested while typing"
        assert url in shown
    assert alices.get(url).status_code == 405


def test_tags_are_their_writers_alone(client: Client, charlie: User, story: Story) -> None:
    tags.add_tags(story, "private-tag")
    client.force_login(charlie)
    url = reverse("stories:tags", args=[story.pk])
    assert client.post(url, {"remove": "private-tag"}).status_code == 404
    assert names(story) == ["private-tag"]
    assert "private-tag" not in client.get("/stories/").content.decode()
    library.delete_story(story)
    client.force_login(story.owner)
    assert client.post(url, {"add": "x"}).status_code == 404, "in the trash"
