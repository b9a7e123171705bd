"""Texts as paragraphs in their own direction, on the pages and in the admin."""

from django.test import Client
from django.urls import reverse

from storaiteller_site.templatetags.paragraphs import paragraphs
from stories.history import library
from stories.models import Story, User

HEBREW = "שלום עולם."


def test_each_paragraph_has_its_own_direction() -> None:
    assert paragraphs(f"{HEBREW}\n\nOne\ntwo") == (
        f'<p dir="auto">{HEBREW}</p>\n\n<p dir="auto">One<br>two</p>'
    )


def test_what_is_written_as_markup_stays_text() -> None:
    assert paragraphs("<p>One</p>") == '<p dir="auto">&lt;p&gt;One&lt;/p&gt;</p>'


def test_a_curator_reads_it_so(client: Client, story: Story) -> None:
    library.save_text(story, story.owner, f"{HEBREW}\n\nOne", story.version)
    library.set_title(story, HEBREW)
    story.refresh_from_db()
    library.set_good(story, True)
    client.force_login(User.objects.create_superuser("root", password="root's-long-password"))
    stories = client.get(reverse("admin:stories_story_changelist"))
    assert f"<bdi>{HEBREW}</bdi>" in stories.content.decode()
    page = client.get(reverse("admin:stories_story_change", args=[story.pk]))
    assert f'dir="auto">{HEBREW}</p>' in page.content.decode()
    page = client.get(reverse("finetuning:read_story", args=[story.pk]))
    assert f'<h1 dir="auto">{HEBREW}</h1>' in page.content.decode()
    assert f'<p dir="auto">{HEBREW}</p>' in page.content.decode()
