"""A story that its writer did not mark as good is shown to nobody in the admin.

Every page of the admin is opened about every row that there is, by a curator and by the
administrator, and looked through for words of stories that are their writer's alone. That is what
was never marked, and of a good story all but the version that was.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.run_folder import write_json, write_rows
from stories.history import library, links, tags
from stories.models import Curation, Generation, PreferencePair, Story, User
from stories.writing.opening import open_generation
from tests.conftest import story_settings
from tests.finetuning.conftest import SCORES
from tests.finetuning.test_promotion import candidate
from tests.security.test_access import ADMIN_MODELS, NAMED, address

pytestmark = pytest.mark.django_db

SECRET = "Quillfeather"
PART = SECRET[:6]  # looked for: a page repeats what was typed


def filled(owner: User, good: bool) -> Story:
    """Return a story with the secret wherever its writer or the model can write something."""
    secret = story_settings(main_characters=SECRET, keywords=SECRET)
    story = library.create_story(owner, secret)
    library.set_title(story, f"{SECRET} {story.pk}")
    library.save_text(story, owner, SECRET, 0)
    tags.add_tags(story, SECRET)
    links.make_link(story)
    left_behind(story)
    story.refresh_from_db()
    library.set_good(story, good)
    return story


def left_behind(story: Story) -> None:
    """Leave a take that failed in the story, and a try that was not kept, with the secret."""
    generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
    texts = ("text", "replacement", "selected", "instruction", "error_message", "prompt")
    filled = dict.fromkeys(texts, SECRET)
    Generation.objects.filter(pk=generation.pk).update(
        status="failed", report={SECRET: SECRET}, removed=[SECRET], options={"x": SECRET}, **filled
    )
    PreferencePair.objects.create(
        story=story, source="try", prompt=SECRET, chosen=SECRET, rejected=SECRET
    )


MARKED = "What was marked, for everybody."


def good_with_drafts(owner: User) -> Story:
    """Return a good story of harmless words, with the secret in all that came after the mark."""
    story = library.create_story(owner, story_settings())
    library.set_title(story, "Plain title")
    library.save_text(story, owner, MARKED, 0)
    library.set_good(story, True)
    library.save_text(story, owner, f"{MARKED} {SECRET}", 1)
    library.change_settings(story, story_settings(keywords=SECRET, main_characters=SECRET))
    left_behind(story)
    library.restore_version(story, owner, 2)
    return Story.objects.get(pk=story.pk)


def told(run: TrainingRun, stories: list[Story]) -> None:
    """Give the run what an evaluation leaves: scores, its stories, and pairs that tell of them."""
    rows = [{"story": s.pk, "version": 1, "prompt": SECRET, "text": SECRET} for s in stories]
    write_rows(run.folder.stories, rows)
    run.folder.made("evaluate")
    common = {"model": "m", "genre": "War", "register": "Vivid", "report": {}, "checks": {}}
    pair = {
        side: {**common, "prompt": SECRET, "text": f"{SECRET} {side}"}
        for side in ("service", "candidate")
    }
    write_json(run.folder.pairs, [pair])
    TrainingRun.objects.filter(pk=run.pk).update(scores=SCORES)


@pytest.fixture
def unmarked(alice: User, settings: Settings, tmp_path: Path) -> list[Story]:
    """Stories that are Alice's alone: never marked, unmarked after training, in the trash."""
    settings.DATA_DIR = tmp_path
    never, unmarked, deleted = (filled(alice, good) for good in (False, True, True))
    library.save_preset(alice, story_settings(keywords=SECRET), SECRET)
    Story.objects.filter(pk=unmarked.pk).update(curation=Curation.APPROVED, curated_version=1)
    unmarked.refresh_from_db()
    run = TrainingRun.objects.get(model=candidate("one"))
    for story in (unmarked, deleted):
        version = story.versions.get()
        TrainingExample.objects.create(
            run=run, story=story, version=1, side="train", text_version=version
        )
    told(run, [unmarked, deleted])
    library.set_good(unmarked, False)
    library.delete_story(deleted)
    return [never, unmarked, deleted]


def pages() -> Iterator[str]:
    """Yield the address of every page of the admin, about every row that there is."""
    for model in ADMIN_MODELS:
        rows = apps.get_model(model.replace("_", ".", 1))._default_manager.values_list(
            "pk", flat=True
        )
        listed = reverse(f"admin:{model}_changelist")
        yield from (listed, f"{listed}?q={PART}", f"{listed}?e=1")
        for pk in rows:
            for action in ("change", "history", "delete"):
                yield reverse(f"admin:{model}_{action}", args=[pk])
    for search in (f"?s={PART}", f"?s={PART}&extended=1"):
        yield reverse("admin:search") + search
    run = TrainingRun.objects.get()
    for name in NAMED:
        if name.startswith("admin:") and not name.removeprefix("admin:").startswith(
            tuple(ADMIN_MODELS)
        ):
            yield address(
                name,
                {"app_label": "stories", "content_type_id": 1, "object_id": 1, "id": 1, "url": ""},
            )
    for name in ("run", "run_live"):
        yield reverse(f"finetuning:{name}", args=[run.pk])
    for name in ("teach", "read", "runs", "models", "files", "own"):
        yield reverse(f"finetuning:{name}")
    yield reverse("finetuning:model", args=[run.model_id])
    for story in Story.objects.values_list("pk", flat=True):
        yield reverse("finetuning:read_story", args=[story])
    yield from must_answer()


def must_answer() -> Iterator[str]:
    """Yield the pages that show an evaluation's stories: without one, they would have none."""
    yield reverse("finetuning:evaluation", args=[TrainingRun.objects.get().pk])
    yield reverse("finetuning:compare")


def staff(superuser: bool) -> Client:
    """Return the browser of a curator, or of the administrator."""
    client = Client()
    client.force_login(
        User.objects.create_user("staff", password="x", is_staff=True, is_superuser=superuser)
    )
    return client


@pytest.mark.parametrize("superuser", [False, True], ids=["curator", "administrator"])
def test_no_page_of_the_admin_shows_it(unmarked: list[Story], alice: User, superuser: bool) -> None:
    client, seen = staff(superuser), 0
    good = good_with_drafts(alice)
    for url in must_answer():
        assert client.get(url).status_code == 200, url
    for name in ("admin:stories_story_change", "finetuning:read_story"):
        assert MARKED in client.get(reverse(name, args=[good.pk])).content.decode(), name
    for url in pages():
        if "logout" in url:
            continue
        answer = client.get(url, follow=True)
        assert answer.status_code < 500
        seen += answer.status_code == 200
        assert SECRET.lower() not in answer.content.decode().lower(), url
    assert seen > 60


def test_whoever_deletes_an_account_is_told_numbers(unmarked: list[Story], alice: User) -> None:
    client = staff(superuser=True)
    one = client.get(reverse("admin:stories_user_delete", args=[alice.pk])).content.decode()
    chosen = {"_selected_action": alice.pk, "action": "delete_selected"}
    many = client.post(reverse("admin:stories_user_changelist"), chosen).content.decode()
    for page in (one, many):
        assert SECRET not in page
        assert "alice" in page
        assert "tories" in page
    listed = client.get(reverse("admin:stories_user_changelist")).content.decode()
    assert SECRET not in listed
    assert "field-stories" in listed


def test_what_is_marked_is_shown(unmarked: list[Story]) -> None:
    """The walk above would see the words, were they there."""
    client, never = staff(superuser=False), unmarked[0]
    library.set_good(never, True)
    listed = client.get(reverse("admin:stories_story_changelist"), {"q": PART})
    assert SECRET in listed.content.decode()
    assert "1 of 3 are of stories" in listed.content.decode()
    for name in ("admin:stories_story_change", "finetuning:read_story"):
        assert SECRET in client.get(reverse(name, args=[never.pk])).content.decode(), name
    by = reverse("admin:stories_storysettings_change", args=[never.settings_id])
    assert SECRET in client.get(by).content.decode()
    # A generation's texts are nobody's marked ones.
    Story.objects.update(title="Plain title")
    generation = never.generations.get()
    for url in (
        reverse("admin:stories_generation_changelist"),
        reverse("admin:stories_generation_change", args=[generation.pk]),
    ):
        page = client.get(url).content.decode()
        assert "Plain title" in page
        assert SECRET not in page
    Story.objects.update(title=SECRET)
    examples = reverse("admin:finetuning_trainingexample_changelist")
    assert client.get(examples).context["cl"].result_count == 2
    assert client.get(examples, {"q": PART}).context["cl"].result_count == 0, "nor guessed"
    library.set_good(unmarked[1], True)
    Story.objects.filter(pk=unmarked[1].pk).update(curation=Curation.APPROVED, curated_version=1)
    library.undelete_story(unmarked[2])
    Story.objects.filter(pk=unmarked[2].pk).update(curation=Curation.APPROVED, curated_version=1)
    for url in must_answer():
        assert f"{SECRET} candidate" in client.get(url).content.decode()
    library.delete_story(unmarked[2])
    found = client.get(examples, {"q": PART})
    assert found.context["cl"].result_count == 1
    assert SECRET in found.content.decode()
