"""The language of a story, from the form to the files and the next model."""

import io
import re
from zipfile import ZipFile

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings as DjangoSettings

from finetuning.services import exchange, lineage
from stories.history import library, links
from stories.history.imports import Written, add_stories
from stories.models import Curation, Story, StorySettings, User, WriterModel
from stories.pages.examples import example, usual
from stories.pages.forms import StorySettingsForm, settings_from
from stories.pages.writers.languages import choices, writes_only_english
from tests.conftest import ScriptedServer, story_settings

pytestmark = pytest.mark.django_db

GERMAN = "Anna stieg die Treppe hinauf, und der Turm war dunkel. Sie fand die Lampe nicht."
NEW = reverse("stories:new")
HELP = re.compile(r'id="id_language_help"([^>]*)>([^<]*)<')


@pytest.fixture
def larger(settings: DjangoSettings) -> None:
    """A model of which nobody knows that it writes English only."""
    settings.STORY_MODEL, settings.STORY_MODEL_IS_EMBEDDED = "llama3.2", False


@pytest.fixture
def german(alice: User) -> Story:
    """Alice's story, asked for and written in German."""
    story = library.create_story(alice, story_settings(language="de"))
    library.save_text(story, alice, GERMAN, 0)
    return story


def test_all_are_offered_by_their_own_names() -> None:
    offered = choices()
    assert offered[0] == ("", "English")
    assert {("de", "Deutsch"), ("fr", "Français"), ("zh-hans", "简体中文")} <= {*offered}
    data = {"genre": "War", "register": "Vivid", "max_words": "100"}
    for code, _ in offered:
        form = StorySettingsForm({**data, "language": code})
        assert form.is_valid()
        assert settings_from(form).language == code
    assert StorySettingsForm({**data, "language": "tlh"}).errors.keys() == {"language"}
    untold = StorySettingsForm(data)
    assert untold.is_valid()
    assert settings_from(untold).language == ""


def test_a_title_is_in_its_storys_language(alice: User) -> None:
    bare = {"main_characters": "", "keywords": ""}
    story = library.create_story(alice, story_settings(language="de", **bare))
    assert story.title == "Krimi"
    library.change_settings(story, story_settings(**bare))
    assert story.title == "Mystery story"
    library.change_settings(story, story_settings(language="de", keywords="alte Karte"))
    assert story.title == "Anna – alte Karte"


@pytest.mark.usefixtures("larger")
def test_a_new_story_is_in_the_pages_language_or_the_last_ones(alice: User) -> None:
    assert usual(alice).language == ""
    with translation.override("de-at"):
        assert usual(alice).language == "de"
        assert getattr(example("light"), "language", None) == "de"
        library.create_story(alice, story_settings(language="it"))
        assert usual(alice).language == "it"


def test_pocket_is_asked_for_english_unless_somebody_wants_to_try(
    alices: Client, alice: User, settings: DjangoSettings
) -> None:
    settings.STORY_MODEL, settings.STORY_MODEL_IS_EMBEDDED = "pocket", True
    with translation.override("de"):
        assert usual(alice).language == ""
    found = HELP.search(alices.get(NEW).content.decode())
    assert found is not None
    assert found.groups() == ("", "pocket writes English only.")


@pytest.mark.usefixtures("larger")
def test_who_writes_english_only_is_told_by_the_base(alices: Client, story: Story) -> None:
    found = HELP.search(alices.get(NEW).content.decode())
    assert found is not None
    assert found.groups() == (" hidden", ""), "it describes the field, even hidden"
    assert not writes_only_english("llama3.2:latest")
    assert writes_only_english("smollm2:135m")
    WriterModel.objects.create(name="tales", base="tinyllama")
    assert writes_only_english("tales")
    story.writer = "tales"
    story.save()
    shown = HELP.search(alices.get(reverse("stories:story", args=[story.pk])).content.decode())
    assert shown is not None
    assert shown.groups() == ("", "tales writes English only.")


def test_the_storys_page_says_what_was_asked_and_what_it_is_in(
    alices: Client, german: Story
) -> None:
    url = reverse("stories:story", args=[german.pk])
    page = alices.get(url).content.decode()
    assert 'class="prose" lang="de"' in page
    assert "elegant · German ·" in page
    assert "German, as asked" in page
    assert "Write the story in German." in page
    library.save_text(german, german.owner, "She was with her lamp, and it was the night.", 1)
    page = alices.get(url).content.decode()
    assert "looks like English instead of German" in page
    assert 'class="prose" lang="en"' in page


def test_a_preset_keeps_it(alices: Client, alice: User) -> None:
    preset = library.save_preset(alice, story_settings(language="ja"), "Mine")
    fields = alices.get(reverse("stories:preset", args=[preset.pk])).content.decode()
    assert '<option value="ja" selected>日本語</option>' in fields


def test_readers_and_files_speak_it(alices: Client, german: Story) -> None:
    # It shows no language by its words: what was asked for tells it.
    library.save_text(german, german.owner, "Anna!", 1)
    read = Client().get(reverse("stories:read", args=[links.make_link(german)]))
    assert '<html lang="de">' in read.content.decode()
    url = reverse("stories:download", args=[german.pk])
    with ZipFile(io.BytesIO(alices.get(url, {"format": "epub"}).content)) as book:
        assert 'lang="de"' in book.read("EPUB/story1.xhtml").decode()


def test_what_is_brought_in_has_its_own(alice: User) -> None:
    texts = [GERMAN, "It was the night, and she was with her lamp.", "灯是冷的。那里没有人。"]
    brought = add_stories(alice, [Written("", text) for text in texts], "War", "Vivid")
    assert [story.settings.language for story in brought] == ["de", "", "zh-hans"]


def test_it_teaches_the_next_model_and_comes_back_from_a_file(
    german: Story, alice: User, charlie: User
) -> None:
    library.set_good(german, True)
    Story.objects.filter(pk=german.pk).update(curation=Curation.APPROVED, curated_version=1)
    [row] = lineage.approved_rows(None)
    assert row["prompt"].endswith(" Write the story in German.")
    assert row["settings"]["language"] == "de"
    for exported in (exchange.export_csv(), exchange.export_jsonl(), exchange.export_plain()):
        Story.objects.all().delete()
        exchange.take_in(exported.encode(), charlie, approve=False)
        story = Story.objects.get()
        assert (story.settings.language, story.text) == ("de", GERMAN)
    assert StorySettings.objects.filter(owner=charlie, language="de").exists()


@pytest.mark.django_db(transaction=True)
def test_a_command_asks_for_it(model_server: ScriptedServer, alice: User) -> None:
    told = ("--owner", "alice", "--words", "30", "--language", "it")
    call_command("write_story", *told, stdout=io.StringIO())
    prompt = Story.objects.get().generations.get().prompt
    assert prompt.endswith(" Write the story in Italian.")
