"""Curators decide on what they have read, and not on their own."""

import pytest
from django.test import Client
from django.urls import reverse

from finetuning.services import lineage
from stories.errors import Refused
from stories.history import curation, library
from stories.models import Curation, Story, User

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


def test_a_decision_can_be_taken_back_by_who_made_it(waiting: Story, curator: User) -> None:
    curation.reject(waiting, curator, 1, "Too short.")
    other = User.objects.create_user("other", password="x", is_staff=True)
    with pytest.raises(Refused, match="can't be put back"):
        curation.reopen(waiting, other)
    curation.reopen(waiting, curator)
    assert list(curation.queue(curator)) == [waiting]
    assert Story.objects.get().curation_reason == ""


def test_a_slip_is_corrected_beside_the_story(waiting: Story, curator: User) -> None:
    library.save_text(waiting, waiting.owner, "A story, and more of it.", 1)
    assert curation.mend(waiting, curator, 1, "A story.") == 1
    number = curation.mend(waiting, curator, 1, "One story.")
    waiting.refresh_from_db()
    assert (waiting.text, waiting.version) == ("A story, and more of it.", 2)
    assert curation.mended_version(waiting) == number == waiting.good_version == 3
    assert waiting.versions.get(number=3).editor == curator
    with pytest.raises(Refused, match="not waiting any more"):
        curation.approve(waiting, curator, 1)
    curation.approve(waiting, curator, 3)
    assert [row["text"] for row in lineage.approved_rows(None)] == ["One story."]
    with pytest.raises(Refused, match="not waiting any more"):
        curation.mend(waiting, curator, 3, "Two stories.")


def test_more_than_a_slip_is_its_writers(waiting: Story, curator: User) -> None:
    for text in ("", " \n", "A story. " + "And another one. " * 5):
        with pytest.raises(Refused, match="more than a slip"):
            curation.mend(waiting, curator, 1, text)
    assert waiting.versions.count() == 1


@pytest.mark.parametrize("model", ["story", "storysettings", "generation", "user"])
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
