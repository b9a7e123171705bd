"""Stories taken along, brought in, and read by a link: the pages around the files."""

import re
from html import unescape
from io import BytesIO
from urllib.parse import unquote
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from stories.history import library, links
from stories.history.provenance import settings_behind
from stories.history.versions import MAX_TEXT_LENGTH
from stories.models import Story, StorySettings, User
from stories.pages.publishing import downloads, imports
from stories.pages.publishing import links as link_pages
from stories.publishing.formats import FORMATS
from stories.publishing.reading import files
from tests.conftest import story_settings
from tests.stories.publishing.books import HEBREW, MARKED

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(story: Story) -> Story:
    """Alice's story, with a text."""
    library.save_text(story, story.owner, f"{MARKED}\n\n{HEBREW}", 0)
    return story


def write(owner: User, text: str, title: str, *, good: bool = False) -> Story:
    """Open another story."""
    story = library.create_story(owner, story_settings())
    library.save_text(story, owner, text, 0)
    library.set_title(story, title)
    library.set_good(story, good)
    return story


def name_of(answer: object) -> str:
    """Return the name of the file that was sent."""
    return unquote(answer["Content-Disposition"].split("filename", 1)[1])  # type: ignore[index]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_story_in_every_format(alices: Client, written: Story, ending: str) -> None:
    answer = alices.get(reverse("stories:download", args=[written.pk]), {"format": ending})
    assert answer.status_code == 200
    assert answer["Content-Type"] == FORMATS[ending].media_type
    assert f"{written}.{ending}" in name_of(answer)
    assert b"alice" not in answer.content
    if ending == "pdf":
        assert answer.content.startswith(b"%PDF-")
    else:
        [draft] = files.read(f"x.{ending}", answer.content, split=False)
        assert draft == (str(written), written.text)


def test_what_cannot_be_taken_along_is_told_on_the_storys_page(
    alices: Client, written: Story
) -> None:
    url = reverse("stories:download", args=[written.pk])
    page = alices.get(url, {"format": "exe"}, follow=True)
    assert "There is no such format." in page.content.decode()
    library.save_text(written, written.owner, "Anna \ue123", written.version)
    page = alices.get(url, {"format": "pdf"}, follow=True)
    assert "no font for" in page.content.decode()
    empty = library.create_story(written.owner, story_settings())
    page = alices.get(reverse("stories:download", args=[empty.pk]), follow=True)
    assert "no text to take along" in page.content.decode()


def test_files_are_counted(alices: Client, written: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "FILES_PER_MINUTE", 2)
    url = reverse("stories:download", args=[written.pk])
    assert [alices.get(url).status_code for _ in range(3)] == [200, 200, 302]
    data = {"ending": "txt", "which": "all"}
    answer = alices.post(reverse("stories:book"), data)
    assert answer.status_code == 429
    assert "2 files within a minute" in answer.content.decode()


def test_a_book_of_all_good_or_chosen_stories(alices: Client, alice: User, charlie: User) -> None:
    first = write(alice, "One.", "Earth", good=True)
    second = write(alice, "Two.", "Water")
    third = write(alice, "Three.", "Fire", good=True)
    foreign = write(charlie, "Charlie's.", "Air", good=True)
    library.create_story(alice, story_settings())
    gone = write(alice, "Gone.", "Dust", good=True)
    library.delete_story(gone)
    url = reverse("stories:book")
    page = alices.get(url).content.decode()
    assert page.count('name="stories"') == 3
    assert 'value="alice"' in page
    form = {"title": "My <book>", "author": "", "ending": "epub"}
    for which, titles in (
        ({"which": "all"}, ["Earth", "Water", "Fire"]),
        ({"which": "good"}, ["Earth", "Fire"]),
        ({"which": "chosen", "stories": [third.pk, second.pk]}, ["Water", "Fire"]),
    ):
        answer = alices.post(url, form | which)
        assert "My book.epub" in name_of(answer)
        found = files.read("x.epub", answer.content, split=True)
        assert [draft.title for draft in found] == titles
        assert "alice" not in ZipFile(BytesIO(answer.content)).read("EPUB/book.opf").decode()
    for stories in ([], [foreign.pk], [gone.pk], ["x"], ["9" * 30]):
        answer = alices.post(url, form | {"which": "chosen", "stories": stories})
        assert answer.status_code == 422, stories
    named = alices.post(url, {"author": "A. Writer", "ending": "md", "which": "all"})
    assert named.content.decode().startswith("# My stories\n\nA. Writer\n\n1. Earth\n")
    assert first.text in named.content.decode()


def test_an_empty_library_has_no_book(alices: Client) -> None:
    assert "no story with words" in alices.get(reverse("stories:book")).content.decode()
    answer = alices.post(reverse("stories:book"), {"ending": "md", "which": "all"})
    assert answer.status_code == 400


def bring(client: Client, *brought: tuple[str, bytes], **form: str) -> object:
    """Send files to the form."""
    data = {
        "genre": "Drama",
        "register": "Vivid",
        "files": [SimpleUploadedFile(*file) for file in brought],
        **form,
    }
    return client.post(reverse("stories:import"), data, follow=True)


def test_a_file_becomes_a_story(alices: Client, alice: User) -> None:
    page = bring(alices, ("My lamp.md", f"# The lamp\n\n{MARKED}\n\n{HEBREW}".encode()))
    story = Story.objects.get()
    assert page.redirect_chain == [(reverse("stories:story", args=[story.pk]), 302)]  # type: ignore[attr-defined]
    assert (story.owner, story.title, story.title_is_own) == (alice, "The lamp", True)
    assert HEBREW in story.text
    [version] = story.versions.all()
    assert (version.origin, version.number, version.take) == ("import", 1, 1)
    assert version.get_origin_display() == "Brought in from a file"
    settings = settings_behind(story)
    assert (settings.genre, settings.register, settings.max_words) == ("Drama", "Vivid", 50)
    assert "main characters" not in settings.prompt
    form = alices.get(reverse("stories:import")).content.decode()
    assert '<option value="Drama" selected>' in form


def test_several_files_and_a_book_of_chapters(alices: Client) -> None:
    page = bring(
        alices,
        ("a.txt", b"One.\n\nTwo."),
        ("b.md", b"# X\n\nOne.\n\n# Y\n\nTwo."),
        ("c.docx", b"no zip"),
        split="on",
    )
    text = unescape(page.content.decode())  # type: ignore[attr-defined]
    assert "3 stories are in your library now." in text
    assert "“c.docx” was not taken in: the file is damaged." in text
    assert {*Story.objects.values_list("title", flat=True)} == {"a", "X", "Y"}


def test_a_file_comes_in_whole_or_not_at_all(alices: Client) -> None:
    long = b"# A\n\nOne.\n\n# B\n\n" + b"x" * (MAX_TEXT_LENGTH + 1)
    page = bring(alices, ("b.md", long), split="on")
    assert page.status_code == 422  # type: ignore[attr-defined]
    assert "400,001 characters" in page.content.decode()  # type: ignore[attr-defined]
    assert not Story.objects.exists()
    assert StorySettings.objects.count() == 0


def test_a_book_that_is_no_one_story_is_told_of_the_chapters(alices: Client) -> None:
    half = b"x" * (MAX_TEXT_LENGTH // 2)
    book = b"# A\n\n" + half + b"\n\n# B\n\n" + half
    page = bring(alices, ("b.txt", book + half))
    text = page.content.decode()  # type: ignore[attr-defined]
    assert "can be kept. Has it chapters? Mark “Each chapter or main heading" in text
    page = bring(alices, ("b.txt", book + half), split="on")
    assert "Has it chapters?" not in page.content.decode()  # type: ignore[attr-defined]


def test_what_is_no_file_or_too_much(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for brought, sentence in (
        ((), "Choose at least one file."),
        ([("a.txt", b"x")] * 21, "These are 21 files"),
        ([("a.txt", b"x" * (imports.MAX_UPLOAD // 2 + 1))] * 2, "more than 3.5 MB"),
        ([("<b>.exe", b"x")], "“&lt;b&gt;.exe” was not taken in"),
    ):
        page = bring(alices, *brought)
        assert page.status_code == 422  # type: ignore[attr-defined]
        assert sentence in page.content.decode()  # type: ignore[attr-defined]
    assert bring(alices, ("a.txt", b"x"), genre="No").status_code == 422  # type: ignore[attr-defined]
    monkeypatch.setattr(imports, "FILES_PER_MINUTE", 0)
    assert b"too many files" in bring(alices, ("a.txt", b"x")).content  # type: ignore[attr-defined]
    assert not Story.objects.exists()


def test_the_form_that_takes_files_needs_its_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert bring(client, ("a.txt", b"x")).status_code == 403  # type: ignore[attr-defined]
    page = client.get(reverse("stories:import")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    bring(client, ("a.txt", b"One."), csrfmiddlewaretoken=token[1])
    assert Story.objects.get().text == "One."


def test_other_pages_take_no_files(alices: Client, written: Story) -> None:
    url = reverse("stories:title", args=[written.pk])
    alices.post(url, {"title": "New", "files": SimpleUploadedFile("a.txt", b"x")})
    written.refresh_from_db()
    assert written.title == "New"


def test_a_link_is_off_until_asked_for_and_can_be_taken_back(
    alices: Client, written: Story
) -> None:
    assert written.link is None
    url = reverse("stories:link", args=[written.pk])
    page = alices.post(url, {"on": "1"}, follow=True).content.decode()
    written.refresh_from_db()
    link = written.link
    assert link is not None
    assert re.fullmatch(r"[\w-]{43}", link)
    address = reverse("stories:read", args=[link])
    assert f'value="http://testserver{address}"' in page
    part = alices.post(url, {"on": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<form")
    assert address in part, "asking again changes nothing"
    assert Client().get(address).status_code == 200
    alices.post(url, {"on": "0"})
    assert Client().get(address).status_code == 404
    written.refresh_from_db()
    assert written.link is None
    assert links.make_link(written) != link


def test_whoever_has_the_link_reads_the_text_and_nothing_else(
    written: Story, alices: Client
) -> None:
    library.set_title(written, "A <b> title")
    other = write(written.owner, "Another one.", "Another title")
    address = reverse("stories:read", args=[links.make_link(written)])
    answer = Client().get(address)
    page = answer.content.decode()
    assert '<h1 dir="auto">A &lt;b&gt; title</h1>' in page
    assert re.findall(r'<p dir="(\w+)">', page) == ["ltr"] * 5 + ["rtl"] * 2
    shown = unescape(re.sub(r"<br>|<[^>]+>", "\n", page))
    for line in written.text.split("\n"):
        assert line in shown
    for secret in ("alice", "lantern", "Mystery", other.text, "<script", "/accounts/", "<form"):
        assert secret not in page, secret
    assert 'name="robots" content="noindex' in page
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert not answer.cookies
    library.save_text(written, written.owner, "As it stands now.", written.version)
    assert "As it stands now." in Client().get(address).content.decode()
    assert Client().post(address).status_code == 405
    library.delete_story(written)
    assert Client().get(address).status_code == 404
    library.undelete_story(written)
    assert Client().get(address).status_code == 200
    for wrong in ("x" * 43, "None", "null", "-"):
        assert Client().get(reverse("stories:read", args=[wrong])).status_code == 404
    User.objects.filter(pk=written.owner.pk).update(is_active=False)
    assert Client().get(address).status_code == 404, "the account is switched off"


def test_a_link_is_its_writers_to_give(charlie: User, written: Story) -> None:
    client = Client()
    client.force_login(charlie)
    url = reverse("stories:link", args=[written.pk])
    assert client.post(url, {"on": "1"}).status_code == 404
    written.refresh_from_db()
    assert written.link is None


@pytest.mark.parametrize(
    ("addresses", "statuses"),
    [
        (["192.0.2.1"] * 3, [200, 200, 429]),
        (["192.0.2.1", "192.0.2.2", "192.0.2.1"], [200, 200, 200]),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3"], [200, 200, 429]),
        (["2001:db8:0:1::1", "2001:db8:0:2::2", "2001:db8:0:3::3"], [200, 200, 200]),
    ],
)
def test_readings_are_counted_by_address(
    written: Story,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    addresses: list[str],
    statuses: list[int],
) -> None:
    monkeypatch.setattr(link_pages, "READINGS_PER_MINUTE", 2)
    address = reverse("stories:read", args=[links.make_link(written)])
    found = [Client(REMOTE_ADDR=a).get(address).status_code for a in addresses]
    assert found == statuses
    assert (written.link or "no link") not in caplog.text
