"""Tags: put on and taken off, on a story's page and in the library, with scripts and without."""

import html
import re

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


HTMX = {"HX-Request": "true"}


def test_a_button_asks_by_itself(alices: Client, story: Story) -> None:
    """What is refused to who is signed out is done again: by a form, a button's value was lost."""
    tags.add_tags(story, "sea")
    tags.add_tags(library.create_story(story.owner, story_settings()), "ice")
    url = reverse("stories:tags", args=[story.pk])
    page = alices.get(reverse("stories:story", args=[story.pk])).content.decode()
    for name, tag in (("remove", "sea"), ("add", "ice")):
        [button] = re.findall(rf'<button[^>]* name="{name}" value="{tag}"[^>]*>', page)
        assert f'hx-post="{url}"' in button
    [part] = re.findall(r'<div class="tagging"[^>]*>', page)
    assert 'hx-target="this" hx-swap="outerHTML"' in part, "the buttons take it over"


def test_what_asks_for_nothing_is_not_understood(alices: Client, story: Story) -> None:
    url = reverse("stories:tags", args=[story.pk])
    for headers in ({}, HTMX):
        assert alices.post(url, {"place": "library"}, headers=headers).status_code == 400
    tags.add_tags(story, "sea")
    assert alices.post(url, {"remove": ""}).status_code == 302
    assert names(story) == ["sea"]


def test_all_of_the_library_hears_of_a_change(alices: Client, story: Story, alice: User) -> None:
    other = library.create_story(alice, story_settings(main_characters="Zoe"))
    url = reverse("stories:tags", args=[story.pk])
    part = alices.post(url, {"add": "ice, sea", "place": "library"}, headers=HTMX)
    shown = html.unescape(part.content.decode())
    assert re.search('<label id="tag-filter" hx-swap-oob="true">', shown), "it is seen from now on"
    assert '<option value="sea">sea (1)</option>' in shown
    assert '<datalist id="own-tags" hx-swap-oob="true"><option value="ice">' in shown
    assert f'id="offered-{other.pk}" hx-swap-oob="true"><button' in shown
    assert f'id="offered-{story.pk}" hx-swap-oob' not in shown, "it is in the part itself"
    assert "of “Anna and the Lantern”" in shown
    assert "HX-Retarget" not in part.headers
    wrong = alices.post(url, {"add": "x" * 50, "place": "library"}, headers=HTMX)
    assert "hx-swap-oob" not in wrong.content.decode(), "nothing is changed"
    on_its_page = alices.post(url, {"add": "new", "place": "story"}, headers=HTMX).content.decode()
    assert '<datalist id="own-tags" hx-swap-oob="true">' in on_its_page
    assert on_its_page.count("hx-swap-oob") == 1


def test_a_card_leaves_the_list_of_a_tag_that_it_loses(
    alices: Client, story: Story, alice: User
) -> None:
    other = library.create_story(alice, story_settings(main_characters="Zoe"))
    for tagged in (story, other):
        tags.add_tags(tagged, "sea, ice")
    url = reverse("stories:tags", args=[story.pk])
    stays = alices.post(f"{url}?tag=sea", {"remove": "ice", "place": "library"}, headers=HTMX)
    assert "HX-Retarget" not in stays.headers
    goes = alices.post(f"{url}?tag=sea", {"remove": "sea", "place": "library"}, headers=HTMX)
    assert goes["HX-Retarget"] == "#found"
    shown = html.unescape(goes.content.decode())
    assert "Zoe and the Lantern" in shown
    assert "Anna and the Lantern" not in shown
    assert '<div id="found" tabindex="-1" autofocus>' in shown
    assert "1 story found" in shown
    assert '<option value="sea" selected>sea (1)</option>' in shown
    assert "<details open>" not in shown
    last = reverse("stories:tags", args=[other.pk])
    empty = alices.post(f"{last}?tag=sea", {"remove": "sea", "place": "library"}, headers=HTMX)
    assert "0 stories found" in empty.content.decode()
    assert "<option selected>sea</option>" in empty.content.decode()


def test_the_focus_stays_with_the_tags(alices: Client, story: Story) -> None:
    url = reverse("stories:tags", args=[story.pk])
    typed = alices.post(url, {"add": "sea", "place": "story"}, headers=HTMX).content.decode()
    assert "autofocus" not in typed, "htmx finds the field by its id"
    assert f'id="tag-{story.pk}"' in typed
    assert f'id="add-tag-{story.pk}"' in typed
    pressed = {**HTMX, "HX-Trigger-Name": "remove"}
    gone = alices.post(url, {"remove": "sea", "place": "story"}, headers=pressed).content.decode()
    assert "<summary autofocus>Add tags" in gone
    page = alices.get(reverse("stories:story", args=[story.pk])).content.decode()
    assert "<summary>Add tags" in page


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
