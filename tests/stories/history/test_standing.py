"""What is told of a text is about the text that stands there, whoever wrote it last."""

import pytest
from django.test import Client
from django.urls import reverse

from stories.history import library
from stories.history.standing import authors, report_on
from stories.models import Generation, Story
from tests.conftest import story_settings
from tests.stories.history.test_provenance import written

pytestmark = pytest.mark.django_db

TALE = "Anna took the lantern and went down to the harbour, where nobody was waiting for her."
OWN = "My grandmother kept bees behind the school, and all of them knew her by her voice."


def edit(story: Story, text: str) -> None:
    """Save `text` as the page does."""
    library.save_text(story, story.owner, text, story.version)


def test_the_report_is_about_the_text_as_it_stands(story: Story) -> None:
    assert report_on(story) == {}
    generation = written(story, TALE)
    edit(story, "Ben slept, and then he")
    told = report_on(story)
    assert (told["words"], told["whole_end"]) == (5, False)
    assert (told["characters_found"], told["characters_missing"]) == (["Ben"], ["Anna"])
    assert told["keywords_found"] == []
    assert report_on(story)["max_words"] == generation.settings.max_words


def test_it_goes_by_the_settings_that_the_text_was_written_by(story: Story) -> None:
    written(story, TALE)
    library.change_settings(story, story_settings(main_characters="Zoe"))
    edit(story, f"{TALE} Ben came.")
    assert report_on(story)["characters_found"] == ["Anna", "Ben"]


def test_the_models_own_report_is_not_made_again(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = written(story, TALE)
    Generation.objects.filter(pk=generation.pk).update(report={"words": 16, "model": "m"})

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("prose.report.story_report", fail)
    assert report_on(story) == {"words": 16, "model": "m"}


def test_who_wrote_the_text(story: Story) -> None:
    assert authors(story) == (False, [])
    edit(story, OWN)
    assert authors(story) == (True, [])
    generation = written(story, TALE)
    assert authors(story) == (False, [generation.model])
    edit(story, f"{TALE} {OWN}")
    assert authors(story) == (True, [generation.model])
    edit(story, f"{TALE}")
    assert authors(story) == (False, [generation.model])
    edit(story, OWN)  # pasted over all of it
    assert authors(story) == (True, [])
    written(story, f" {TALE}", Generation.Kind.CONTINUE)
    assert authors(story) == (True, [generation.model])
    library.restore_version(story, story.owner, 2)
    assert authors(story) == (False, [generation.model])


def test_the_page_tells_who_wrote_in_one_line(story: Story, alices: Client) -> None:
    page = reverse("stories:story", args=[story.pk])

    def line() -> str:
        html = alices.get(page).content.decode()
        return (
            html.split('id="by">')[1]
            .split("</p>")[0]
            .replace("<strong>", "")
            .replace("</strong>", "")
        )

    assert line().startswith("No words yet; ")
    edit(story, OWN)
    assert line() == "Written by you"
    generation = written(story, TALE)
    edit(story, f"{TALE} {OWN}")
    assert line() == f"Written by you and {generation.model}"
    Generation.objects.update(model="another")
    assert line() == f"Written by you and another; {generation.model} writes next"
    assert "writes far better" not in alices.get(page).content.decode()


def test_the_page_speaks_of_an_elegant_register(story: Story, alices: Client) -> None:
    library.change_settings(story, story_settings(register="Elegant"))
    html = alices.get(reverse("stories:story", args=[story.pk])).content.decode()
    assert "you have to use an elegant register." in html
    assert "you have to use a Elegant register." in story.settings.prompt, "what is trained on"
