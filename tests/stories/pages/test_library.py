"""The library's page: found, taken along, deleted and brought back."""

import html
import re
from io import BytesIO
from urllib.parse import unquote
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from stories.history import library
from stories.models import Story, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db


def test_the_library(alices: Client, alice: User) -> None:
    for number in range(15):
        story = library.create_story(alice, story_settings(main_characters=f"Name{number}"))
    library.set_good(story, True)
    url = reverse("stories:library")
    first = alices.get(url).content.decode()
    assert "Name14" in first
    assert "Name1 and" not in first
    assert "Name1 and" in alices.get(url, {"page": "2"}).content.decode()
    assert alices.get(url, {"page": "x"}).status_code == 200
    only_good = alices.get(url, {"good": "1"}).content.decode()
    assert "Name14" in only_good
    assert "Name13" not in only_good
    gone = alices.post(reverse("stories:delete", args=[story.pk]), follow=True)
    assert "is deleted" in gone.content.decode()
    assert alices.get(reverse("stories:story", args=[story.pk])).status_code == 404
    alices.post(reverse("stories:undelete", args=[story.pk]))
    assert alices.get(reverse("stories:story", args=[story.pk])).status_code == 200


def test_the_library_finds_words(alices: Client, alice: User, charlie: User) -> None:
    url = reverse("stories:library")
    for owner, name, text in (
        (alice, "Ödön", "The fence hummed at night."),
        (
            alice,
            "Kamala",
            "A fence, <b>bold</b> and old. " + "It rained on and on. " * 30 + "100% Wool.",
        ),
        (charlie, "Ödön", "Charlie's fence hummed."),
    ):
        story = library.create_story(owner, story_settings(main_characters=name))
        library.save_text(story, owner, text, 0)
    library.set_good(Story.objects.get(owner=alice, settings__main_characters="Kamala"), True)

    def found(**query: str) -> list[str]:
        page = alices.get(url, query)
        return [card.story.settings.main_characters for card in page.context["cards"]]

    assert found() == ["Kamala", "Ödön"]
    assert found(q="FENCE") == ["Kamala", "Ödön"]
    assert found(q="fence hummed") == ["Ödön"], "every word of it"
    assert found(q="ödön") == ["Ödön"], "a name, in other capitals"
    assert found(q="mystery LANTERN") == ["Kamala", "Ödön"], "genre and keyword"
    assert found(q="100% wool.") == ["Kamala"], "characters that mean something to a database"
    assert found(q="fence", good="1") == ["Kamala"]
    for nothing in ("fencee", "f.nce", "Charlie", "%", "_", "(", "\\", "\\d", "[a-z]", "x" * 5000):
        assert found(q=nothing) == (["Kamala"] if nothing == "%" else []), nothing
    assert found(q="\0 \t ") == ["Kamala", "Ödön"]
    shown = alices.get(url, {"q": "fence <B>BOLD</b>"}).content.decode()
    assert "<mark>fence</mark>, <mark>&lt;b&gt;bold&lt;/b&gt;</mark>" in shown
    assert 'value="fence &lt;B&gt;BOLD&lt;/b&gt;"' in shown
    assert "1 story found" in shown
    late = alices.get(url, {"q": "wool"}).content.decode()
    assert "… " in late
    assert "<mark>Wool</mark>." in late
    nothing = alices.get(url, {"q": "nowhere"}).content.decode()
    assert "No story of yours has all of these words" in nothing
    assert "No stories yet" not in nothing


def test_a_search_keeps_its_words_on_the_next_page(alices: Client, alice: User) -> None:
    for number in range(14):
        story = library.create_story(alice, story_settings(main_characters=f"Name{number} & Co"))
        library.set_good(story, True)
    url = reverse("stories:library")
    first = alices.get(url, {"q": "& name", "good": "1"}).content.decode()
    link = "?q=%26+name&amp;good=1&amp;page=2"
    assert f'href="{link}"' in first
    second = alices.get(url + html.unescape(link)).content.decode()
    assert "Name0" in second
    gone = reverse("stories:delete", args=[Story.objects.get(title__startswith="Name0").pk])
    assert f'action="{gone}{link}"' in second
    back = alices.post(gone + html.unescape(link))["Location"]
    assert back.startswith(f"{url}?q=%26+name&good=1&page=2&deleted=")
    again = re.search(r'action="(\S+/undelete/\S*)"', alices.get(back).content.decode())
    assert again
    assert alices.post(html.unescape(again[1]))["Location"] == f"{url}?q=%26+name&good=1&page=2"


def test_a_story_as_a_file(alices: Client, alice: User) -> None:
    story = library.create_story(alice, story_settings())
    library.save_text(story, alice, "  Äpfel 🍏.\n\nEnd.\n", 0)
    library.set_title(story, 'Who? / "Ärger" ' + "x" * 90)
    url = reverse("stories:download", args=[story.pk])
    answer = alices.get(url)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    name = unquote(answer["Content-Disposition"].removeprefix("attachment; filename*=utf-8''"))
    assert re.fullmatch(r"Who Ärger x{30,40}\.txt", name), name
    title, text = answer.content.decode().split("\n\n", 1)
    assert title.startswith('Who? / "Ärger" x')
    assert text == "Äpfel 🍏.\n\nEnd.\n"
    for title, name in (
        ("...", "Story.txt"),
        ("Con", "Story Con.txt"),
        ("nul.story", "Story nul.story.txt"),
        ("Constance", "Constance.txt"),
        ("..\\..\\etc", "etc.txt"),
    ):
        library.set_title(story, title)
        assert alices.get(url)["Content-Disposition"] == f'attachment; filename="{name}"'


def test_all_stories_as_files(alices: Client, alice: User, charlie: User) -> None:
    url = reverse("stories:download_all")
    for owner, text in (
        (alice, "One."),
        (alice, ""),
        (alice, "Two."),
        (charlie, "Charlie's."),
        (alice, "3"),
    ):
        story = library.create_story(owner, story_settings())
        if text:
            library.save_text(story, owner, text, 0)
    library.delete_story(story)
    answer = alices.get(url)
    assert answer["Content-Disposition"] == 'attachment; filename="My stories.zip"'
    with ZipFile(BytesIO(answer.content)) as packed:
        files = {name: packed.read(name).decode() for name in packed.namelist()}
    name = "Anna and the Lantern"
    assert files == {
        f"001 {name}.txt": f"{name}\n\nOne.\n",
        f"002 {name}.txt": f"{name}\n\nTwo.\n",
    }


def test_who_was_signed_out_is_not_shown_the_sign_in_within_a_page(
    client: Client, story: Story
) -> None:
    library, title = reverse("stories:library"), reverse("stories:title", args=[story.pk])
    headers = {"HX-Request": "true", "HX-Current-URL": f"https://testserver{library}?q=one#main"}
    asked = client.get(library, {"q": "one two"}, headers=headers)
    assert asked["HX-Redirect"] == "/accounts/login/?next=%2Fstories%2F%3Fq%3Done%2Btwo"
    headers["HX-Current-URL"] = f"http://testserver{reverse('stories:story', args=[story.pk])}"
    part = client.post(title, {"title": "New"}, headers=headers)
    assert (part.status_code, part.content) == (401, b"")
    moved = client.get("/admin/login/", headers=headers)
    assert moved["HX-Refresh"] == "true"
    assert client.get(library)["Location"].startswith("/accounts/login/")
