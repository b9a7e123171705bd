"""The training pages: who may see and do what, and what they say."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pages import curve
from finetuning.pipeline.run_folder import write_text
from finetuning.services import states
from modelserver import Server
from stories.history import library
from stories.models import Story, User, WriterModel
from tests.conftest import ScriptedServer
from tests.finetuning.conftest import SCORES, TINY
from tests.finetuning.test_promotion import candidate
from tests.finetuning.test_recipes import form_data

pytestmark = pytest.mark.django_db

RUNS = "/teach/runs/"
MODELS = "/teach/models/"


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path, scripted_server: ScriptedServer) -> None:
    settings.DATA_DIR = tmp_path
    settings.STORY_MODEL = "pocket"
    settings.MODEL_SERVER = Server.at(scripted_server.url)
    settings.TRAIN_PYTHON = settings.TRAIN_PYTHON or "python3"
    settings.CELERY_TASK_ALWAYS_EAGER = False


@pytest.fixture
def staff(client: Client) -> User:
    """A signed-in curator without permissions of their own."""
    user = User.objects.create_user("staff", password="x", is_staff=True)
    client.force_login(user)
    return user


@pytest.fixture
def run() -> TrainingRun:
    """A run that is done, with its model."""
    model = candidate("one")
    found = TrainingRun.objects.get(model=model)
    found.scores, found.service = SCORES, "pocket"
    found.dataset = {"train": 48, "held_out": 12}
    found.curve = [[1, 1.9, None], [2, 1.5, None], [2, None, 1.4], [3, 1.2, None]]
    found.save()
    return found


def test_writers_see_none_of_it(client: Client, alice: User, run: TrainingRun) -> None:
    client.force_login(alice)
    for page in (RUNS, f"{RUNS}new/", f"{RUNS}{run.pk}/", MODELS):
        assert client.get(page).status_code == 404
    assert client.post(f"{MODELS}{run.model_id}/act/", {"action": "promote"}).status_code == 404
    assert not WriterModel.objects.filter(state="active").exists()


def test_staff_watch_and_change_nothing(client: Client, staff: User, run: TrainingRun) -> None:
    for page in (
        RUNS,
        f"{RUNS}{run.pk}/",
        f"{RUNS}{run.pk}/evaluation/",
        MODELS,
        f"{MODELS}{run.model_id}/",
        "/admin/finetuning/trainingexample/",
    ):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "Roll back" not in answer.content.decode()
        assert "Promote</button>" not in answer.content.decode()
    told = client.get(f"{RUNS}{run.pk}/").content.decode()
    assert "<dt>Fewest stories</dt>" in told, "as the form to start a run calls it"
    assert client.get(f"{RUNS}new/").status_code == 403
    assert client.post(f"{RUNS}new/", form_data(TINY)).status_code == 403
    assert client.post(f"{RUNS}{run.pk}/act/", {"action": "retry"}).status_code == 403
    assert client.post(f"{MODELS}{run.model_id}/act/", {"action": "promote"}).status_code == 403
    assert TrainingRun.objects.count() == 1


def test_a_permission_is_enough(client: Client, staff: User, run: TrainingRun) -> None:
    names = ("add_trainingrun", "change_writermodel")
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    assert client.get(f"{RUNS}new/").status_code == 200
    client.post(f"{MODELS}{run.model_id}/act/", {"action": "promote"})
    model = WriterModel.objects.get(name="one")
    assert (model.state, model.promoted_by) == ("active", staff)


def test_a_run_is_started_with_the_values_of_the_form(
    client: Client, curator: User, run: TrainingRun
) -> None:
    client.force_login(curator)
    wrong = client.post(f"{RUNS}new/?recipe=pocket", form_data(TINY, rank="0"))
    assert "Enter a number from 1 to 256." in wrong.content.decode()
    answer = client.post(f"{RUNS}new/?recipe=pocket", form_data(TINY, rank="4"))
    started = TrainingRun.objects.first()
    assert started is not None
    assert answer.headers["Location"] == f"{RUNS}{started.pk}/"
    assert (started.recipe["rank"], started.requested_by) == (4, curator)
    again = client.post(f"{RUNS}new/?recipe=pocket", form_data(TINY))
    assert "one at a time" in again.content.decode()
    assert client.get(f"{RUNS}new/?recipe=../../etc").status_code == 404


def test_the_start_page_warns(client: Client, curator: User) -> None:
    client.force_login(curator)
    page = client.get(f"{RUNS}new/?recipe=llama3.2-3b").content.decode()
    assert "does not write with llama3.2" in page
    assert "asks for 10 stories" in page


def test_a_run_is_cancelled_resumed_and_tried_again(client: Client, curator: User) -> None:
    client.force_login(curator)
    run = states.start(TINY, TrainingRun.Origin.ADMIN)
    act = f"{RUNS}{run.pk}/act/"
    assert client.get(act).status_code == 405
    for action, state in (("cancel", "cancelled"), ("resume", "queued"), ("cancel", "cancelled")):
        client.post(act, {"action": action})
        run.refresh_from_db()
        assert run.state == state
    client.post(act, {"action": "retry"})
    assert TrainingRun.objects.active().get().pk != run.pk
    told = client.post(act, {"action": "resume"}, follow=True).content.decode()
    assert "one at a time" in told
    told = client.post(act, {"action": "explode"}, follow=True).content.decode()
    assert "no such action" in told


def test_the_live_part_ends_with_the_run(client: Client, staff: User, run: TrainingRun) -> None:
    live = f"{RUNS}{run.pk}/live/"
    answer = client.get(live)
    assert answer.status_code == 286, "htmx stops asking"
    assert "<svg" in answer.content.decode()
    TrainingRun.objects.filter(pk=run.pk).update(state="running", stage="train")
    write_text(run.folder.log, "<script>alert(1)</script>\nfine\n")
    answer = client.get(live)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert "&lt;script&gt;" in answer.content.decode()
    assert client.get(f"{RUNS}999/live/").status_code == 404


def test_a_promotion_without_the_gate_needs_a_reason(
    client: Client, curator: User, run: TrainingRun
) -> None:
    client.force_login(curator)
    TrainingRun.objects.filter(pk=run.pk).update(verdict="worse")
    act = f"{MODELS}{run.model_id}/act/"
    told = client.post(act, {"action": "promote"}, follow=True).content.decode()
    assert "needs a reason" in told
    client.post(act, {"action": "promote", "reason": "Nicer."})
    shown = client.get(MODELS).content.decode()
    assert "“Nicer.”" in shown
    assert "Roll back" in shown
    client.post(act, {"action": "roll_back"})
    assert not WriterModel.objects.filter(state="active").exists()
    told = client.post(act, {"action": "explode"}, follow=True).content.decode()
    assert "no such action" in told


def test_lineage_is_shown_both_ways(
    client: Client, staff: User, run: TrainingRun, story: Story
) -> None:
    TrainingExample.objects.create(run=run, story=story, version=1, side="train")
    library.set_good(story, True)
    shown = client.get(f"{MODELS}{run.model_id}/").content.decode()
    assert reverse("admin:stories_story_change", args=[story.pk]) in shown
    assert "1 of the stories that taught it" in shown, "it was never approved"
    found = client.get(f"/admin/finetuning/trainingexample/?q={story.title[:8]}").content.decode()
    assert "one" in found
    story.delete()
    assert "deleted" in client.get(f"{MODELS}{run.model_id}/").content.decode()


def test_the_curve_is_drawn_within_its_picture() -> None:
    svg = curve.picture([[step, 3.0 / step, None] for step in range(1, 50)] + [[49, None, 9.0]])
    points = [
        tuple(map(float, point.split(",")))
        for part in svg.split('points="')[1:]
        for point in part.split('"')[0].split()
    ]
    assert len(points) == 50
    assert all(0 <= x <= curve.WIDTH and 0 <= y <= curve.HEIGHT for x, y in points)
    assert "held-out 9.00 to 9.00" in svg
    assert curve.picture([]) == curve.picture([[1, 2.0, None]]) == ""
    assert "<polyline" in curve.picture([[1, 2.0, None], [2, 2.0, None]])
