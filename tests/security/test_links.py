"""Staff take back the link to a story that they may not read, and learn nothing of it by that."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from stories.history import library, links
from stories.models import Story, User

pytestmark = pytest.mark.django_db

SECRET = "Quillfeather"
LISTED = "admin:stories_sharedstory_changelist"


@pytest.fixture
def curator(db: None) -> Client:
    """A curator's browser."""
    client = Client()
    client.force_login(User.objects.create_user("curator", password="x", is_staff=True))
    return client


@pytest.fixture
def shared(story: Story) -> Story:
    """Alice's story, which is not marked as good and has a link."""
    library.save_text(story, story.owner, SECRET, 0)
    library.set_title(story, SECRET)
    links.make_link(story)
    return story


def test_a_curator_takes_a_link_back(curator: Client, shared: Story) -> None:
    address = reverse("stories:read", args=[shared.link])
    found = curator.get(reverse(LISTED), {"q": f"http://testserver{address}"})
    assert found.context["cl"].result_count == 1
    chosen = {"_selected_action": shared.pk, "action": "take_back"}
    page = curator.post(reverse(LISTED), chosen, follow=True).content.decode()
    assert f"The link to Story {shared.pk} leads nowhere now." in page
    assert Client().get(address).status_code == 404
    [entry] = LogEntry.objects.all()
    assert (entry.object_repr, entry.change_message) == (
        f"Story {shared.pk}",
        "Took the link to read back.",
    )
    shared.refresh_from_db()
    assert (shared.text, shared.link) == (SECRET, None)


def test_stories_without_a_link_are_not_listed(curator: Client, shared: Story) -> None:
    links.take_link_back(shared)
    assert curator.get(reverse(LISTED)).context["cl"].result_count == 0
    change = reverse("admin:stories_sharedstory_change", args=[shared.pk])
    assert curator.get(change).status_code == 302


def test_nothing_but_number_and_writer_is_shown(curator: Client, shared: Story) -> None:
    change = reverse("admin:stories_sharedstory_change", args=[shared.pk])
    for url in (reverse(LISTED), change):
        page = curator.get(url).content.decode()
        assert f"Story {shared.pk}" in page
        assert "alice" in page
        for secret in (SECRET, shared.link or SECRET, shared.settings.keywords):
            assert secret not in page


@pytest.mark.parametrize("lookup", ["text__startswith", "title__contains", "link__startswith"])
def test_nor_is_it_guessed_letter_by_letter(curator: Client, shared: Story, lookup: str) -> None:
    name = lookup.partition("__")[0]
    beginning = str(getattr(shared, name))[:3]
    assert curator.get(reverse(LISTED), {lookup: beginning}).status_code == 400
    assert curator.get(reverse(LISTED), {"q": beginning}).context["cl"].result_count == 0


def test_a_writer_takes_back_nobody_elses(charlie: User, shared: Story) -> None:
    client = Client()
    client.force_login(charlie)
    client.post(reverse(LISTED), {"_selected_action": shared.pk, "action": "take_back"})
    shared.refresh_from_db()
    assert shared.link
