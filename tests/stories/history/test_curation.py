"""Curators decide on what they have read, and not on their own."""

import pytest
from django.test import Client
from django.urls import reverse

from finetuning.services import lineage
from stories.errors import Refused
from stories.history import curation, library
from stories.history.versions import add_version
from stories.models import Curation, Generation, Story, StoryVersion, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(story: Story) -> Story:
    """Alice's story, written and marked."""
    library.save_text(story, story.owner, "A story.", 0)
    library.set_good(story, True)
    return story


@pytest.fixture
def curator(db: None) -> User:
    """Somebody of the staff."""
    return User.objects.create_user("curator", password="x", is_staff=True)


def test_approval_holds_the_version_that_was_read(waiting: Story, curator: User) -> None:
    curation.approve(waiting, curator, 1, "Fine.")
    waiting.refresh_from_db()
    assert waiting.curation == Curation.APPROVED
    assert (waiting.curated_version, waiting.curated_by) == (1, curator)
    assert Story.objects.approved().get() == waiting


def test_what_is_written_after_the_mark_is_not_approved(waiting: Story, curator: User) -> None:
    library.save_text(waiting, waiting.owner, "Another.", 1)
    with pytest.raises(Refused, match="not waiting any more"):
        curation.approve(waiting, curator, 2)
    curation.approve(waiting, curator, 1)
    assert Story.objects.get(pk=waiting.pk).curated_version == 1
    assert [row["text"] for row in lineage.approved_rows(None)] == ["A story."]


def test_a_text_that_was_marked_anew_meanwhile_is_not_approved(
    waiting: Story, curator: User
) -> None:
    library.save_text(waiting, waiting.owner, "Another.", 1)
    library.set_good(waiting, False)
    library.set_good(waiting, True)
    with pytest.raises(Refused, match="not waiting any more"):
        curation.approve(waiting, curator, 1)
    with pytest.raises(Refused, match="not waiting any more"):
        curation.reject(waiting, curator, 1, "No.")


def test_nobody_approves_their_own_unless_alone(waiting: Story, curator: User) -> None:
    alice = waiting.owner
    alice.is_staff = True
    alice.save()
    with pytest.raises(Refused, match="your own"):
        curation.approve(waiting, alice, 1)
    curator.is_active = False
    curator.save()
    curation.approve(waiting, alice, 1)


def test_the_queue_in_the_admin(waiting: Story, curator: User, client: Client) -> None:
    client.force_login(curator)
    queue = reverse("admin:stories_waitingstory_changelist")
    assert str(waiting) in client.get(queue).content.decode()
    selected = {"_selected_action": waiting.pk, "action": "reject"}
    asked = client.post(queue, selected).content.decode()
    assert "A story." in asked
    confirmed = {**selected, "confirmed": "1", f"version_{waiting.pk}": "1", "reason": "Too short."}
    client.post(queue, {**confirmed, f"version_{waiting.pk}": "7"})
    waiting.refresh_from_db()
    assert waiting.curation == Curation.WAITING
    client.post(queue, confirmed)
    waiting.refresh_from_db()
    assert waiting.curation == Curation.REJECTED
    assert waiting.curation_reason == "Too short."
    client.force_login(waiting.owner)
    page = client.get(reverse("stories:story", args=[waiting.pk])).content.decode()
    assert "Too short." in page


def test_the_queue_shows_what_was_marked(waiting: Story, curator: User, client: Client) -> None:
    client.force_login(curator)
    library.change_settings(waiting, story_settings(keywords="moor"))
    generation = Generation.objects.create(
        story=waiting, settings=waiting.settings, kind="write", seed=1, model="m", status="done"
    )
    written = StoryVersion.Origin.WRITE
    add_version(waiting, "A draft.", written, expected_version=1, generation=generation)
    library.set_good(waiting, False)
    library.set_good(waiting, True)
    library.change_settings(waiting, story_settings(keywords="harbour"))
    library.save_text(waiting, waiting.owner, "A draft. And more.", 2)
    queue = reverse("admin:stories_waitingstory_changelist")
    reading = reverse("admin:stories_waitingstory_change", args=[waiting.pk])
    page = client.get(reading).content.decode()
    assert "A draft." in page
    assert "moor" in page
    selected = {"_selected_action": waiting.pk, "action": "approve"}
    asked = client.post(queue, selected).content.decode()
    assert "A draft." in asked
    for shown in (page, asked):
        assert "And more" not in shown
        assert "harbour" not in shown
    confirmed = {**selected, "confirmed": "1"}
    client.post(queue, confirmed)
    assert Story.objects.waiting().exists(), "it is not said what was read"
    client.post(queue, {**confirmed, f"version_{waiting.pk}": "2"})
    [row] = lineage.approved_rows(None)
    assert (row["text"], row["settings"]["keywords"]) == ("A draft.", "moor")


def test_the_queue_counts_nothing_that_it_does_not_say(
    waiting: Story, curator: User, client: Client
) -> None:
    client.force_login(curator)
    for model, says in (("waitingstory", False), ("story", True)):
        answer = client.get(reverse(f"admin:stories_{model}_changelist"))
        assert ("all_rows" in answer.context) is says
        assert ("1 of 1 are of stories" in answer.content.decode()) is says


@pytest.mark.parametrize("model", ["story", "waitingstory", "storysettings", "generation", "user"])
def test_the_admin_is_for_staff(waiting: Story, client: Client, model: str) -> None:
    page = reverse(f"admin:stories_{model}_changelist")
    assert "/accounts/login/" in client.get(page, follow=True).redirect_chain[-1][0]
    client.force_login(waiting.owner)
    assert client.get(page, follow=True).redirect_chain[-1][0] == reverse("stories:library")
    boss = User.objects.create_superuser("boss")
    client.force_login(boss)
    assert client.get(page).status_code == 200


def test_stories_are_read_and_not_changed_in_the_admin(
    waiting: Story, curator: User, client: Client
) -> None:
    client.force_login(curator)
    page = reverse("admin:stories_story_change", args=[waiting.pk])
    assert "A story." in client.get(page).content.decode()
    assert client.post(page, {"title": "Mine now"}).status_code == 403
    assert client.get(reverse("admin:stories_story_add")).status_code == 403
