"""Every page in a language of brackets: what is seen without them is marked nowhere.

Texts of people are in Greek here, so that what is left in Latin letters is the site's own.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.test import Client
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import trans_real

from finetuning.recipes import RECIPES, Recipe
from prose.languages import offered
from stories.history import library, versions
from stories.models import Story, StoryVersion, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
LANGUAGE = "de"  # in whose place the brackets stand
_BRACKETED = re.compile(r"⟦[^⟦⟧]*⟧")
_WORD = re.compile(r"[A-Za-z]{2,}")
_SHOWN = {"aria-label", "title", "placeholder", "alt", "data-without", "data-with"}
# Names, which every language leaves as they are; keys; and what a machine is told.
NAMES = (
    *("StorAIteller", "pocket", "Ollama", "Llama", "EPUB", "Word", "PDF", "Markdown", "DOCX"),
    *("English", "Deutsch", "Français", "Italiano", "Español", "Français"),
    *(settings.STORY_MODEL, "http", "localhost"),
    # Those that a story can be in, by their own names.
    *(LANG_INFO[code]["name_local"] for code in offered.NAMES),
    *(capfirst(LANG_INFO[code]["name_local"]) for code in offered.NAMES),
)
# What a recipe's values are called, in its files too.
VALUES = {*RECIPES, *(each for kind in get_type_hints(Recipe).values() for each in get_args(kind))}
_HIDDEN = {"script", "style", "svg", "code", "noscript"}


class Brackets(trans_real.DjangoTranslation):
    """A language that says everything in brackets."""

    def gettext(self, message: str) -> str:
        """Return the message, without what it is told apart by."""
        return f"⟦{message.rpartition(trans_real.CONTEXT_SEPARATOR)[2]}⟧" if message else ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form for `n`, as English has it."""
        return self.gettext(msgid1 if n == 1 else msgid2)


class Seen(HTMLParser):
    """Gathers what a person sees of a page, or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the attributes that are read out or shown."""
        self.texts += [value or "" for name, value in attrs if name in _SHOWN]
        kinds = dict(attrs)
        if tag == "input" and kinds.get("type") in {"submit", "button", "reset"}:
            self.texts.append(kinds.get("value") or "")
        if tag in _HIDDEN:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave what is not seen."""
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Take what stands between the tags."""
        if not self._inside:
            self.texts.append(data)


def unmarked(page: str) -> list[str]:
    """Return the visible pieces with words that are in no brackets."""
    # A sentence may hold tags, and other sentences.
    while _BRACKETED.search(page):
        page = _BRACKETED.sub(lambda found: "".join(re.findall(r"<[^<>]*>", found[0])), page)
    seen = Seen()
    seen.feed(page)
    found = []
    for text in seen.texts:
        rest = text
        for name in NAMES:
            rest = rest.replace(name, "")
        if _WORD.search(rest) and text.strip() not in VALUES:
            found.append(" ".join(text.split()))
    return found


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put brackets in the place of a language."""
    known: dict[str, Brackets] = vars(trans_real)["_translations"]
    monkeypatch.setitem(known, LANGUAGE, Brackets(LANGUAGE))
    yield
    translation.activate("en")


@pytest.fixture
def writer() -> User:
    """Somebody whose name and texts are in Greek."""
    return User.objects.create_user("ελένη", password="μυστικό-και-μακρύ")


@pytest.fixture
def told(writer: User) -> Story:
    """A story of theirs with two versions, a tag and a title."""
    asked = story_settings(main_characters="Άννα", keywords="φανάρι")
    found = library.create_story(writer, asked)
    found.title = "Το φανάρι"
    found.save(update_fields=["title"])
    for text in ("Η Άννα.", "Η Άννα βρήκε το φανάρι."):
        origin = StoryVersion.Origin.EDIT
        versions.add_version(found, text, origin, expected_version=found.version, editor=writer)
    return found


def look(client: Client, path: str) -> list[str]:
    """Return what is unmarked on the page at `path`."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = LANGUAGE
    page = client.get(path, headers={"accept": "text/html"}).content.decode()
    assert "⟦" in page, path
    return unmarked(page)


SIGNED_OUT = (
    *("/", "/offline/", "/not-here/", "/accounts/login/", "/accounts/signup/"),
    *("/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/inactive/"),
    "/accounts/password/reset/key/1-x/",
)
SIGNED_IN = (
    *("/stories/", "/stories/?q=ω", "/stories/new/", "/stories/trash/", "/stories/book/"),
    *("/stories/import/", "/accounts/email/", "/accounts/password/change/", "/accounts/logout/"),
    *("/accounts/delete/", "/teach/"),
)
OF_A_STORY = ("", "versions/", "versions/1/", "versions/2/")


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_pages_for_everybody(path: str, brackets: None, client: Client, writer: User) -> None:
    assert look(client, path) == []


@pytest.mark.parametrize("path", SIGNED_IN)
def test_pages_of_a_writer(path: str, brackets: None, client: Client, told: Story) -> None:
    client.force_login(told.owner)
    assert look(client, path) == []


@pytest.mark.parametrize("part", OF_A_STORY)
def test_pages_of_a_story(part: str, brackets: None, client: Client, told: Story) -> None:
    client.force_login(told.owner)
    found = look(client, f"/stories/{told.pk}/{part}")
    # The prompt is English, whatever the page is.
    prompt = " ".join(told.settings.shown_prompt.split())
    assert [text for text in found if text != prompt] == []


def test_what_is_unmarked_would_be_found() -> None:
    page = '<p title="⟦A⟧">⟦One <b>bold</b> ⟦two⟧⟧ three</p><input type="submit" value="Go">'
    assert sorted(unmarked(page)) == ["Go", "three"]
    assert unmarked('<a aria-label="Close">⟦x⟧</a><script>var no;</script>pocket') == ["Close"]


# ---- Scripts ----

# Where a script puts words before a person; what stands there has to come from the catalogue.
_SAYS = re.compile(
    r"(?:\.(?:textContent|title|placeholder|ariaLabel)\s*=|"
    r'\b(?:say|tell|notify|Error|ask|step)\((?:"\w+", )?|'
    r'setAttribute\(\s*"(?:aria-label|title)",)\s*(?P<said>["`][^"`]*["`])'
)


def literals(source: str) -> list[str]:
    """Return the sentences of a script that are shown without having been looked up."""
    found = [match["said"] for match in _SAYS.finditer(source)]
    texts = [(said, re.sub(r"\$\{.*?\}", "", said[1:-1])) for said in found]
    # A word in small letters alone is no sentence: the name of a phase, an event or an element.
    return [said for said, text in texts if re.search(r"[A-Z][a-z]|[a-z]+ [a-z]+", text)]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "static" / "js").rglob("*.js")), ids=lambda path: path.name
)
def test_scripts_say_nothing_that_is_not_in_the_catalogue(path: Path) -> None:
    assert literals(path.read_text()) == []


def test_a_sentence_of_a_script_would_be_found() -> None:
    assert literals('state.say("Not marked"); x.textContent = `Try ${n}`;') == [
        '"Not marked"',
        "`Try ${n}`",
    ]
    assert not literals('state.say(gettext("Marked")); x.textContent = ""; y.title = `${n}`;')


OF_TEACHING = ("", "read/", "runs/", "runs/new/", "models/", "files/", "compare/")


@pytest.mark.parametrize("part", OF_TEACHING)
def test_pages_of_teaching(part: str, brackets: None, client: Client, writer: User) -> None:
    writer.is_staff = writer.is_superuser = True
    writer.save()
    client.force_login(writer)
    assert look(client, f"/teach/{part}") == []
