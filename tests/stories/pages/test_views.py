"""The pages: mine work, others' are not there, and bad input changes nothing."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from pytest_django import Settings

from stories import urls
from stories.history import library
from stories.models import Story, StorySettings, User
from tests.conftest import story_settings

pytestmark = pytest.mark.django_db

FORM = {
    "main_characters": "Anna",
    "keywords": "lantern",
    "genre": "War",
    "register": "Direct",
    "max_words": "100",
}
PUBLIC = {"home", "health", "read"}
# What a signed-in user may ask of these without owning anything.
OWN = {
    *("library", "trash", "empty_trash", "download_all", "book", "import"),
    *("new", "presets", "delete_account", "guide", "guide_steps"),
}


def test_every_page_asks_who_you_are(client: Client, story: Story, charlie: User) -> None:
    preset = library.save_preset(story.owner, story_settings(), "Mine")
    arguments: dict[str, Any] = {
        "story_id": story.pk,
        "number": 1,
        "take": 1,
        "preset_id": preset.pk,
    }
    arguments |= {"generation_id": 1, "link": "x"}
    library.save_text(story, story.owner, "Private words.", 0)
    charlies = Client()
    charlies.force_login(charlie)
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        names = pattern.pattern.converters
        url = reverse(f"stories:{pattern.name}", kwargs={name: arguments[name] for name in names})
        for method in ("get", "post"):
            if pattern.name in PUBLIC:
                continue
            stranger = getattr(client, method)(url)
            assert stranger.status_code == 302, url
            assert stranger["Location"].startswith("/accounts/login/"), url
            if pattern.name not in OWN:
                other = getattr(charlies, method)(url)
                assert other.status_code in {404, 405}, url
                assert b"Private words." not in other.content
    story.refresh_from_db()
    assert (story.text, story.version, story.deleted_at) == ("Private words.", 1, None)


def test_strangers_are_told_what_this_is(client: Client) -> None:
    assert "Open the first account" in client.get("/").content.decode()
    assert client.get("/health/").json() == {"status": "ok"}
    assert client.get("/nowhere/").status_code == 404


@pytest.mark.parametrize("embedded", [True, False])
def test_the_page_says_that_the_model_comes_with_the_app_only_if_it_does(
    alices: Client, settings: Settings, embedded: bool
) -> None:
    """A server of somebody's own may have a model of that name."""
    settings.STORY_MODEL, settings.STORY_MODEL_IS_EMBEDDED = "pocket:latest", embedded
    page = alices.get("/stories/new/").content.decode()
    assert ("comes with the app" in page) == embedded


def test_a_new_story_from_the_form(alices: Client, alice: User) -> None:
    page = reverse("stories:new")
    assert alices.get("/").status_code == 302
    assert "Main characters&#x27; names" in alices.get(page).content.decode()
    answer = alices.post(page, FORM)
    story = Story.objects.get()
    assert answer["Location"] == reverse("stories:story", args=[story.pk])
    assert alices.post(page, {**FORM, "write": "1"})["Location"].endswith("#write")
    shown = alices.get(reverse("stories:story", args=[story.pk])).content.decode()
    assert "maximum 100 words" in shown
    assert 'value="Anna"' in alices.get(f"{page}?like={story.pk}").content.decode()
    for like in ("x", "9" * 40, "-1", "²"):
        assert alices.get(page, {"like": like}).status_code == 200


def test_bad_settings_are_shown_with_what_is_wrong(alices: Client) -> None:
    answer = alices.post(reverse("stories:new"), {**FORM, "max_words": "NaN", "genre": "x"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Enter a whole number, in digits." in page
    assert 'value="NaN"' in page
    assert not Story.objects.exists()


def test_settings_of_a_story(alices: Client, story: Story) -> None:
    url = reverse("stories:settings", args=[story.pk])
    htmx = {"HX-Request": "true"}
    page = alices.post(url, FORM, headers=htmx).content.decode()
    assert "Saved. The prompt is now" in page
    assert "a direct register" in page
    wrong = alices.post(url, {**FORM, "max_words": "3"}, headers=htmx)
    assert wrong.status_code == 200
    assert "from 20 to 5,000" in wrong.content.decode()
    assert alices.post(url, {**FORM, "max_words": "3"}).status_code == 422
    assert alices.post(url, FORM).status_code == 302
    story.refresh_from_db()
    assert story.settings.genre == "War"


def save(alices: Client, story: Story, body: Any) -> Any:
    """Post `body` as an edit."""
    url = reverse("stories:text", args=[story.pk])
    data = body if isinstance(body, bytes) else json.dumps(body)
    return alices.post(url, data, content_type="application/json")


def test_edits(alices: Client, story: Story) -> None:
    url = reverse("stories:text", args=[story.pk])
    state = save(alices, story, {"version": 0, "text": "Hello 🙂"}).json()
    assert state["version"] == 1
    assert alices.get(url).json() == state
    assert state["words"] == 1  # an emoji is no word
    assert state["takes"] == [1]
    conflict = save(alices, story, {"version": 0, "text": "Other"})
    assert conflict.status_code == 409
    assert conflict.json()["code"] == "conflict"
    assert conflict.json()["state"]["text"] == "Hello 🙂"
    long = save(alices, story, {"version": 1, "text": "x" * 400_001})
    assert (long.status_code, long.json()["code"]) == (400, "too_long")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 5000,
        [],
        {},
        {"version": "0", "text": "x"},
        {"version": True, "text": "x"},
        {"version": 0, "text": None},
        {"version": 0},
    ],
)
def test_an_edit_that_is_none_changes_nothing(alices: Client, story: Story, body: Any) -> None:
    answer = save(alices, story, body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "The edit could not be understood."
    story.refresh_from_db()
    assert story.version == 0


def test_versions_takes_and_restoring(alices: Client, story: Story) -> None:
    save(alices, story, {"version": 0, "text": "One."})
    save(alices, story, {"version": 1, "text": "Two <b>."})
    versions = alices.get(reverse("stories:versions", args=[story.pk])).content.decode()
    assert "Version 2" in versions
    whole = alices.get(reverse("stories:version", args=[story.pk, 2])).content.decode()
    assert "Two &lt;b&gt;." in whole
    assert "<html" in whole
    restore = reverse("stories:restore", args=[story.pk, 1])
    state = alices.post(restore, headers={"Accept": "application/json"}).json()
    assert (state["version"], state["text"]) == (3, "One.")
    assert alices.post(restore).status_code == 302
    assert alices.post(reverse("stories:restore", args=[story.pk, 99])).status_code == 404
    assert alices.post(reverse("stories:take", args=[story.pk, 1])).json()["take"] == 1
    assert alices.post(reverse("stories:take", args=[story.pk, 9])).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        {},
        {"start": 0, "end": "3", "version": 1, "selected": "One"},
        {"start": True, "end": 3, "version": 1, "selected": "One"},
        {"start": 0, "end": 3, "version": 1, "selected": None},
        {"start": 0, "end": 3, "version": 1, "selected": "x" * 40_001},
    ],
)
def test_a_keep_that_names_no_passage_changes_nothing(
    alices: Client, story: Story, body: Any
) -> None:
    save(alices, story, {"version": 0, "text": "One."})
    url = reverse("stories:keep", args=[story.pk, 1])
    data = body if isinstance(body, bytes) else json.dumps(body)
    assert alices.post(url, data, content_type="application/json").status_code == 400
    right = json.dumps({"start": 0, "end": 3, "version": 1, "selected": "One"})
    answer = alices.post(url, right, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_pending")
    assert answer.json()["state"]["text"] == "One."


def test_a_replacement_is_kept_over_the_page(alices: Client, story: Story) -> None:
    from stories.models import Generation

    save(alices, story, {"version": 0, "text": "One 🙂. Two."})
    pending = Generation.objects.create(
        story=story,
        settings=story.settings,
        kind="rewrite",
        status="done",
        base_version=1,
        start=7,
        end=11,
        selected="Two.",
        replacement="<b>Three</b>.",
        decision="pending",
        prompt="",
        model="m",
        seed=1,
    )
    page = alices.get(reverse("stories:story", args=[story.pk])).content.decode()
    assert "<b>Three" not in page
    state = alices.get(reverse("stories:text", args=[story.pk])).json()
    assert state["review"]["tries"][0]["text"] == "<b>Three</b>."
    assert (state["review"]["start"], state["review"]["end"]) == (7, 11)
    url = reverse("stories:keep", args=[story.pk, pending.pk])
    passage = {"start": 7, "end": 11, "version": 1, "selected": "Two."}
    stale = json.dumps({**passage, "version": 0})
    conflict = alices.post(url, stale, content_type="application/json")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    kept = alices.post(url, json.dumps(passage), content_type="application/json").json()
    assert kept["text"] == "One 🙂. <b>Three</b>."
    assert kept["review"] is None
    discard = reverse("stories:discard", args=[story.pk])
    assert alices.post(discard).json()["version"] == 2


def test_nothing_changes_while_the_model_writes(alices: Client, story: Story) -> None:
    from stories.models import Generation
    from stories.writing.opening import open_generation

    save(alices, story, {"version": 0, "text": "One."})
    open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    assert save(alices, story, {"version": 1, "text": "Two."}).json()["code"] == "busy"
    for url in (
        reverse("stories:take", args=[story.pk, 1]),
        reverse("stories:restore", args=[story.pk, 1]),
    ):
        answer = alices.post(url)
        assert (answer.status_code, answer.json()["code"]) == (409, "busy")


def test_how_two_texts_differ(alices: Client, story: Story) -> None:
    url = reverse("stories:differences", args=[story.pk])

    def ask(body: Any) -> Any:
        return alices.post(url, json.dumps(body), content_type="application/json")

    mine, theirs = "Rain 🙂 fell all day. Then it stopped.", "Rain fell all day. It snowed."
    segments = ask({"mine": mine, "theirs": theirs}).json()["segments"]
    assert "".join(text for text, where in segments if where != "theirs") == mine
    assert "".join(text for text, where in segments if where != "mine") == theirs
    assert any("fell all day" in text for text, where in segments if where == "both")
    assert ask({"mine": "", "theirs": ""}).json() == {"segments": []}
    wrongs: list[Any] = [{}, [], "x", {"mine": 1, "theirs": ""}, {"mine": "x"}]
    for wrong in wrongs:
        assert ask(wrong).status_code == 400, wrong
    assert alices.post(url, "{", content_type="application/json").status_code == 400


def test_title_and_mark(alices: Client, story: Story) -> None:
    title, good = (reverse(f"stories:{n}", args=[story.pk]) for n in ("title", "good"))
    assert alices.post(title, {"title": "<script>x"}).status_code == 302
    page = alices.post(title, {"title": "<script>x"}, headers={"HX-Request": "true"})
    assert "&lt;script&gt;x" in page.content.decode()
    alices.post(good, {"good": "1"})
    story.refresh_from_db()
    assert not story.good, "an empty story is no good story"
    save(alices, story, {"version": 0, "text": "One."})
    marked = alices.post(good, {"good": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="true"' in marked
    assert alices.post(good, {"good": "0"}).status_code == 302
    story.refresh_from_db()
    assert not story.good
    assert alices.get(reverse("stories:report", args=[story.pk])).status_code == 200


def test_presets(alices: Client, alice: User) -> None:
    url = reverse("stories:presets")
    assert "Name: This field" in alices.post(url, FORM).content.decode()
    assert "Saved as “Mine”" in alices.post(url, {**FORM, "preset_name": "Mine"}).content.decode()
    preset = StorySettings.objects.presets_of(alice).get()
    fields = alices.get(reverse("stories:preset", args=[preset.pk])).content.decode()
    assert 'value="Anna"' in fields
    gone = alices.post(reverse("stories:delete_preset", args=[preset.pk])).content.decode()
    assert "Mine" not in gone.replace("“Mine”", "")
    assert alices.get(url).status_code == 200


def test_the_policy_lets_nothing_in(alices: Client, story: Story) -> None:
    policy = alices.get(reverse("stories:story", args=[story.pk]))["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
