"""Curating as reading: what is shown before a story, and what is decided on its page."""

import pytest
from django.test import Client
from django.urls import reverse

from finetuning.services import lineage
from finetuning.services.teaching.reading import reading
from stories.history import library, looking
from stories.history.versions import add_version
from stories.models import Generation, Story, StoryVersion, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db
QUEUE = "/teach/read/"
TOLD = "Anna found the lantern under the stairs, where nobody had looked for years.\n\nBen kept the"


@pytest.fixture
def staff(client: Client) -> User:
    """A curator who is signed in."""
    user = User.objects.create_user("staff", password="x", is_staff=True)
    client.force_login(user)
    return user


def good(owner: User, text: str, **asked: object) -> Story:
    """Return a story that waits."""
    story = library.create_story(owner, story_settings(**asked))
    library.save_text(story, owner, text, 0)
    library.set_good(story, True)
    return story


def address(story: Story) -> str:
    return reverse("finetuning:read_story", args=[story.pk])


def test_who_wrote_which_part_is_told(story: Story, staff: User, client: Client) -> None:
    generation = Generation.objects.create(
        story=story,
        settings=story.settings,
        kind="write",
        seed=1,
        model="m",
        status="done",
        text=f"{TOLD} old map, and went home before the rain.",
    )
    written = StoryVersion.Origin.WRITE
    add_version(story, generation.text, written, expected_version=0, generation=generation)
    own = f"{TOLD} old map in the end, since somebody had to, and so it was his. Fin."
    library.save_text(story, story.owner, own, 1)
    library.set_good(story, True)
    found = reading(story)
    assert found.models == ["m"]
    first, second = found.paragraphs
    assert [(part.of, part.text) for part in first] == [(0, TOLD.split("\n\n")[0])]
    assert [part.of for part in second] == [0, -1]
    assert second[1].text.startswith("in the end")
    assert "".join(part.text for part in second) == own.split("\n\n")[1]
    page = client.get(address(story)).content.decode()
    assert '<span class="by-person">in the end, since' in page


def test_bold_and_italic_are_read_as_they_look(story: Story, staff: User, client: Client) -> None:
    told = "Anna *found* the <b> lantern in the cellar below the old house.\n2 * 3, **so it** was,"
    made = {"settings": story.settings, "kind": "write", "seed": 1, "model": "m", "text": told}
    model = Generation.objects.create(story=story, status="done", **made)
    add_version(story, told, StoryVersion.Origin.WRITE, expected_version=0, generation=model)
    library.save_text(story, story.owner, f"{told} she *said to nobody* at all.\n\nFin.", 1)
    library.set_good(story, True)
    first, second = reading(story).paragraphs
    looked = [piece.text for piece in first if piece.bold or piece.italic]
    assert looked == ["found", "so it", "said to nobody"]
    assert "".join(piece.text for piece in (*first, *second)) == (
        "Anna found the <b> lantern in the cellar below the old house.\n2 * 3, so it was, she said "
        "to nobody at all.Fin."
    )
    page = client.get(address(story)).content.decode()
    assert "Anna <em>found</em> the &lt;b&gt; lantern" in page
    assert "<br>2 * 3, <strong>so it</strong> was," in page
    assert '<span class="by-person"><em>said to nobody</em></span>' in page


def test_what_speaks_against_a_story_is_told_before_it(alice: User) -> None:
    text = f"{TOLD} old map until it rained upon the roof."
    one = good(alice, text)
    assert reading(one).warnings == []
    other = good(alice, text.replace("roof", "roofs") + " And so", keywords="whale", max_words=10)
    alike, keyword, length, end = reading(other).warnings
    assert "almost word for word “Anna and the Lantern”" in alike
    assert "whale" in keyword
    assert "at most 10" in length
    assert "breaks off" in end
    library.set_good(one, False)
    told = " ".join(reading(other).warnings)
    assert "almost word" not in told, "what isn't marked is not told of"


def test_a_story_a_screen_until_none_waits(alice: User, staff: User, client: Client) -> None:
    stories = [good(alice, f"Story {number}.") for number in range(3)]
    assert client.get(QUEUE)["Location"] == address(stories[0])
    page = client.get(address(stories[0])).content.decode()
    assert "1 of 3" in page
    assert "Story 1." not in page
    answer = client.post(address(stories[0]), {"action": "approve", "version": 1}, follow=True)
    assert answer.redirect_chain[-1][0] == address(stories[1])
    assert "Take it back" in answer.content.decode()
    refused = client.post(address(stories[1]), {"action": "reject", "version": 1})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    reject = {"action": "reject", "version": 1, "reason": "Too short."}
    assert client.post(address(stories[1]), reject)["Location"] == address(stories[2])
    mend = {"action": "mend", "version": 1, "text": "Story the third."}
    assert client.post(address(stories[2]), mend)["Location"] == address(stories[2])
    page = client.get(address(stories[2])).content.decode()
    assert "Story the third." in page
    assert "A curator corrected a slip." in page
    stale = client.post(address(stories[2]), {"action": "approve", "version": 1})
    assert stale.status_code == 422, "it was corrected since"
    client.post(address(stories[2]), {"action": "approve", "version": 2})
    assert "Nothing waits to be read" in client.get(QUEUE).content.decode()
    assert [row["text"] for row in lineage.approved_rows(None)] == ["Story 0.", "Story the third."]
    back = client.post(address(stories[1]), {"action": "reopen"}, follow=True)
    assert back.redirect_chain[-1][0] == address(stories[1])


def test_what_was_marked_is_read_and_no_draft(alice: User, staff: User, client: Client) -> None:
    story = good(alice, "A draft.", keywords="moor")
    library.change_settings(story, story_settings(keywords="harbour"))
    library.save_text(story, alice, "A draft. And more.", 1)
    page = client.get(address(story)).content.decode()
    assert "moor" in page
    assert "And more" not in page
    assert "harbour" not in page
    client.post(address(story), {"action": "approve"})
    assert Story.objects.waiting().exists(), "it is not said what was read"
    client.post(address(story), {"action": "approve", "version": "1"})
    [row] = lineage.approved_rows(None)
    assert (row["text"], row["settings"]["keywords"]) == ("A draft.", "moor")


def test_writers_and_strangers_read_nothing(alice: User, client: Client) -> None:
    story = good(alice, "A story.")
    for page in (QUEUE, address(story)):
        assert client.get(page).status_code == 302
        client.force_login(alice)
        assert client.get(page).status_code == 404
        client.logout()
    client.force_login(alice)
    assert client.post(address(story), {"action": "approve", "version": 1}).status_code == 404
    assert Story.objects.waiting().exists()


def test_what_is_not_for_children_is_marked_before_it_is_read(staff: User, client: Client) -> None:
    cruel = (
        "He drew the knife and stabbed the old man in the chest, and blood ran over the floor. "
        "The man screamed and died there, while the others beat the boy with iron bars."
    )
    writer = User.objects.create_user("writer", password="x")
    story = good(writer, cruel, child_friendly=True)
    # Loading the model beside other work may take longer than a page waits.
    assert looking.children(cruel, 60)["checked"]
    page = client.get(address(story)).content.decode()
    assert "It may not be for children (violence): “" in page
    assert "It keeps to all of it" not in page
    # Of a story for others, nothing is said.
    other = good(writer, cruel.replace("old man", "guard"), child_friendly=False)
    assert not [each for each in reading(other).warnings if "children" in each]
    german = "Der alte Mann ging mit seinem Hund durch den Wald, und es war noch früh am Morgen."
    unread = good(writer, german, child_friendly=True)
    assert "not checked: the check reads English" in " ".join(reading(unread).warnings)
