"""Markup that a person or a model wrote stays text: on the pages, in the stream and in the admin.

A page is compared with the same page of a harmless twin: the same elements with the same
attributes, whatever was written.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from stories.history import curation, library, links
from stories.models import Generation, Story, StorySettings, User
from stories.writing.opening import open_generation
from tests.conftest import ScriptedServer, story_settings
from tests.security.corpus import MARKUP
from tests.support.sockets import StorySocket

HARMLESS = "Plain words"
# Attributes whose value a browser would follow or run.
ACTIVE = {"href", "src", "action", "formaction", "srcdoc", "style", "data", "poster"}
_COLOUR = re.compile(r"(?:(?:(?:background-)?color|border): [#\w ]+(?:; )?)+")


class Skeleton(HTMLParser):
    """What a page is made of, without its texts: elements, attributes, and where they lead."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Any] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element; only what is active of its attributes counts by its value."""
        coloured = tag == "span" and [name for name, _ in attrs] == ["style"]
        if coloured and _COLOUR.fullmatch(attrs[0][1] or ""):
            return  # JSON is shown in the colours of its syntax
        named = sorted((name, value if name in ACTIVE else "") for name, value in attrs)
        self.parts.append((tag, named))

    def handle_comment(self, data: str) -> None:
        """Take in a comment, which hides what comes after it."""
        self.parts.append(("comment", data))


def unseparated(text: str) -> str:
    """Return `text` as one item: separators would make several, in elements of their own."""
    return re.sub("[,;]", " ", text)


def marked_story(owner: User, curator: User, text: str) -> Story:
    """Fill a story of `owner` with `text` wherever somebody can write something."""
    story = library.create_story(
        owner,
        story_settings(
            main_characters=unseparated(text)[:300],
            keywords=unseparated(text)[:300],
            premise=text[:1000],
        ),
    )
    library.set_title(story, text)
    library.save_text(story, owner, f"{text}\n\n{text}", 0)
    library.save_preset(owner, story_settings(main_characters=text, keywords=text), text[:80])
    generation = open_generation(story.pk, owner, Generation.Kind.WRITE)
    Generation.objects.filter(pk=generation.pk).update(
        status="failed",
        text=text,
        error_code="internal",
        error_message=text,
        report={"missing_keywords": [text], text: text},
    )
    Story.objects.filter(pk=story.pk).update(writer=text[:200])
    library.set_good(story, True)
    curation.reject(story, curator, 1, text)
    story.refresh_from_db()
    return story


def pages(writer: Client, staff: Client, story: Story) -> Iterator[tuple[str, str]]:
    """Yield the name and the content of every page that shows something of `story`."""
    preset = StorySettings.objects.presets_of(story.owner).get()
    htmx = {"HX-Request": "true"}
    shown: dict[str, list[Any]] = {
        "library": [],
        "new": [],
        "presets": [],
        "preset": [preset.pk],
        "story": [story.pk],
        "report": [story.pk],
        "versions": [story.pk],
        "version": [story.pk, 1],
        "book": [],
        "import": [],
        "read": [links.make_link(story)],
    }
    for name, arguments in shown.items():
        url = reverse(f"stories:{name}", args=arguments)
        yield name, writer.get(url).content.decode()
    yield from tag_pages(writer, story)
    version = reverse("stories:version", args=[story.pk, 1])
    yield "version by htmx", writer.get(version, headers=htmx).content.decode()
    settings = {
        name: str(getattr(story.settings, name))
        for name in ("main_characters", "keywords", "premise", "genre", "register")
    }
    url = reverse("stories:settings", args=[story.pk])
    for words in ("100", "none"):  # the form as it is sent back, right and wrong
        answer = writer.post(url, {**settings, "max_words": words}, headers=htmx)
        yield f"settings {words}", answer.content.decode()
    yield from trash_pages(writer, story)
    yield "delete_account", writer.get(reverse("stories:delete_account")).content.decode()
    for model, key in {
        "story": story.pk,
        "storysettings": story.settings.pk,
        "generation": story.generations.get().pk,
    }.items():
        yield model, staff.get(reverse(f"admin:stories_{model}_changelist")).content.decode()
        change = reverse(f"admin:stories_{model}_change", args=[key])
        yield f"{model} in the admin", staff.get(change).content.decode()
    library.set_good(story, False)
    library.set_good(story, True)
    reading = reverse("finetuning:read_story", args=[story.pk])
    yield "reading", staff.get(reading).content.decode()
    yield "refused", staff.post(reading, {"action": "reject", "version": 1}).content.decode()
    yield "own part", writer.get(reverse("finetuning:teach")).content.decode()


def tag_pages(writer: Client, story: Story) -> Iterator[tuple[str, str]]:
    """Yield the part of a page with a tag in it, with a wrong one, and the library after it."""
    tags = reverse("stories:tags", args=[story.pk])
    for wrong in (False, True):  # the second one is too long
        typed = {"add": unseparated(story.title[:30]) + "x" * 40 * wrong}
        answer = writer.post(tags, typed, headers={"HX-Request": "true"})
        yield f"tags {wrong}", answer.content.decode()
    yield "library with tags", writer.get(reverse("stories:library")).content.decode()


def trash_pages(writer: Client, story: Story) -> Iterator[tuple[str, str]]:
    """Yield the library that a story has left, and the trash with it in; bring it back."""
    gone = reverse("stories:delete", args=[story.pk])
    yield "deleted", writer.post(gone, follow=True).content.decode()
    yield "trash", writer.get(reverse("stories:trash")).content.decode()
    writer.post(reverse("stories:undelete", args=[story.pk]))


def skeletons(text: str) -> dict[str, Any]:
    """Return the skeleton of every page of a library in which `text` is written everywhere."""
    User.objects.all().delete()
    writer, staff = Client(), Client()
    owner = User.objects.create_user("alice")
    curator = User.objects.create_superuser("curator")
    writer.force_login(owner)
    staff.force_login(curator)
    story = marked_story(owner, curator, text)
    # The rows' numbers are in the addresses, and tags, of letters that do no harm there.
    return {
        name: re.sub(
            r"\d+", "N", re.sub(r"\?tag=[\w%.~-]*", "?tag=", json.dumps(Skeleton(page).parts))
        )
        for name, page in pages(writer, staff, story)
    }


@pytest.mark.django_db
def test_no_markup_becomes_part_of_a_page() -> None:
    harmless = skeletons(HARMLESS)
    assert len(harmless) > 20
    for text in MARKUP:
        hostile = skeletons(text.replace("\0", ""))  # which no form lets through
        for name, parts in hostile.items():
            assert parts == harmless[name], f"{text!r} changes {name}"


def test_a_skeleton_shows_what_does_not_belong() -> None:
    quiet = Skeleton('<p class="a">x</p>').parts
    assert Skeleton('<p class="b">y &lt;b&gt;</p>').parts == quiet
    for other in ('<p class="a" onclick="x">', "<p class=a><b>", '<p class="a"><!-- x -->'):
        assert Skeleton(other).parts != quiet
    assert Skeleton("<a href=/x>").parts != Skeleton("<a href=javascript:x>").parts


@pytest.mark.django_db(transaction=True)
async def test_the_stream_carries_markup_as_text(
    model_server: ScriptedServer, story: Story, settings: Any
) -> None:
    settings.STORY_MODEL = "markup"
    async with StorySocket(story.owner, story.pk) as socket:
        await socket.send(type="write")
        followed = await socket.until_done()
    assert followed.errors == []
    written = " ".join(MARKUP).replace("\0", "")
    # Of markdown a plain text loses the signs; a star alone is none of them.
    assert followed.text == written.replace("__", "")
    kept = await Generation.objects.aget(story=story)
    assert kept.text == written.replace("__", "")
