"""Where the loop stands, and what is the next sensible step of whom."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings

from finetuning.models import BlindVote, TrainingExample, TrainingRun
from finetuning.pipeline.run_folder import write_json, write_rows
from finetuning.recipes import RECIPES
from finetuning.services.teaching import loop
from finetuning.services.teaching.loop import Kind
from stories.history import curation, library
from stories.models import Story, User, WriterModel
from tests.conftest import story_settings
from tests.finetuning.conftest import SCORES, TINY
from tests.finetuning.test_promotion import candidate

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.STORY_MODEL = tmp_path, "pocket"


@pytest.fixture
def staff() -> User:
    """A curator without permissions of their own."""
    return User.objects.create_user("staff", password="x", is_staff=True)


def step_of(user: User) -> loop.Step:
    return loop.next_step(loop.stand(), User.objects.get(pk=user.pk))


def good(owner: User, count: int) -> list[Story]:
    stories = []
    for number in range(count):
        story = library.create_story(owner, story_settings())
        library.save_text(story, owner, f"Story {number}.", 0)
        library.set_good(story, True)
        stories.append(story)
    return stories


def better(alice: User) -> TrainingRun:
    """Return a run whose model waits to be judged, with two pairs."""
    run = TrainingRun.objects.get(model=candidate("one"))
    run.scores = SCORES
    run.save()
    common = {"genre": "War", "register": "Vivid", "prompt": "P"}
    run.folder.made("evaluate")
    sides = ("service", "candidate")
    write_json(run.folder.pairs, [{s: {**common, "text": f"{s} {n}"} for s in sides} for n in "ab"])
    shown = {"version": 1, "prompt": "P", "text": "T", "settings": {}}
    stories = Story.objects.approved().values_list("pk", flat=True)
    write_rows(run.folder.stories, [{"story": story, **shown} for story in stories])
    return run


def test_the_way_from_an_empty_library_to_a_model_in_service(
    alice: User, staff: User, curator: User
) -> None:
    assert step_of(curator) == loop.Step(Kind.MARK, count=10)
    stories = good(alice, 11)
    assert step_of(staff) == loop.Step(Kind.APPROVE, count=11)
    assert step_of(alice).kind == Kind.MARK, "writers mark"
    for story in stories:
        curation.approve(story, staff, 1)
    assert step_of(staff).kind == Kind.MARK, "only who may starts a run"
    step = step_of(curator)
    assert (step.kind, step.count) == (Kind.TEACH, 11)
    assert step.minutes >= 1
    active = TrainingRun.objects.create(recipe=TINY.to_dict())
    assert step_of(staff) == step_of(curator) == loop.Step(Kind.WATCH, run=active.pk)
    active.delete()
    run = better(alice)
    for story in stories:
        TrainingExample.objects.create(run=run, story=story, version=1, side="train")
    assert step_of(curator) == loop.Step(Kind.COMPARE, count=2, run=run.pk)
    for pair in range(2):
        BlindVote.objects.create(run=run, pair=pair, voter=curator, preferred="candidate")
    assert step_of(curator) == loop.Step(Kind.PROMOTE, run=run.pk, model=run.model_id or 0)
    assert step_of(staff).kind == Kind.COMPARE
    TrainingRun.objects.update(verdict="no better")
    assert step_of(curator) == loop.Step(Kind.ADVICE, run=run.pk)
    WriterModel.objects.update(state="rejected")
    assert step_of(curator).kind == Kind.MARK
    found = loop.stand()
    assert (found.marked, found.approved, found.new, found.taught) == (11, 11, 0, 11)


def test_what_people_like_less_is_not_offered(alice: User, curator: User) -> None:
    run = better(alice)
    for number in range(10):
        BlindVote.objects.create(run=run, pair=number, voter=alice, preferred="service")
    assert step_of(curator).kind == Kind.ADVICE


def test_a_run_is_estimated_by_those_before_it(alice: User) -> None:
    recipe = RECIPES["pocket"]
    first = loop.minutes_of(recipe, 300)
    run = better(alice)
    run.dataset = {"train": 40, "held_out": 10}
    run.started_at = run.created_at
    run.finished_at = run.created_at + timedelta(minutes=15)
    run.save()
    assert loop.minutes_of(recipe, 300) == 90 != first
    assert loop.minutes_of(RECIPES["llama3.2-3b"], 300) == 0, "nobody knows"
    gentle, strong = (loop.minutes_of(RECIPES["smollm2"], 300, one) for one in ("gentle", "strong"))
    assert gentle < strong


def test_a_writer_sees_their_own_part_and_takes_a_story_back(
    alice: User, staff: User, client: Client
) -> None:
    approved, rejected, waiting = good(alice, 3)
    version = curation.mend(approved, staff, 1, "Story zero.")
    curation.approve(approved, staff, version)
    curation.reject(rejected, staff, 1, "Too short.")
    run = better(alice)
    TrainingExample.objects.create(run=run, story=approved, version=1, side="train")
    client.force_login(alice)
    page = client.get("/teach/").content.decode()
    for told in ("Approved.", "It taught one.", "Too short.", "Waits for a curator.", "corrected"):
        assert told in page, told
    assert "Next step" not in page
    client.post(f"/teach/back/{approved.pk}/")
    assert not Story.objects.approved().exists()
    other = User.objects.create_user("other", password="x")
    client.force_login(other)
    assert client.post(f"/teach/back/{waiting.pk}/").status_code == 404
    assert "None yet." in client.get("/teach/").content.decode()


def test_each_sees_the_buttons_that_are_theirs(alice: User, staff: User, client: Client) -> None:
    better(alice)
    client.force_login(staff)
    assert "Roll back" not in client.get("/teach/").content.decode()
    WriterModel.objects.update(state="active")
    assert "Roll back" not in client.get("/teach/").content.decode()
    staff.user_permissions.set(Permission.objects.filter(codename="change_writermodel"))
    assert "Roll back" in client.get("/teach/").content.decode()
    client.logout()
    assert client.get("/teach/").status_code == 302


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/compare/", "/teach/compare/"),
        ("/admin/finetuning/trainingrun/", "/teach/runs/"),
        ("/admin/finetuning/trainingrun/7/change/", "/teach/runs/7/"),
        ("/admin/stories/writermodel/3/change/", "/teach/models/3/"),
        ("/admin/stories/waitingstory/", "/teach/read/"),
    ],
)
def test_old_addresses_lead_on(client: Client, old: str, new: str) -> None:
    assert client.get(old)["Location"] == new
