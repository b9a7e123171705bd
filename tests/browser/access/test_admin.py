"""The admin's pages have no fault that axe-core knows of: ours, and those that Unfold makes."""

from pathlib import Path

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.run_folder import write_json, write_text
from stories.history import library, links
from stories.models import Generation, Story, User
from tests.browser.access.scanning import Faults
from tests.browser.access.test_pages import TEXT, sign_in
from tests.finetuning.conftest import SCORES, TINY
from tests.finetuning.test_promotion import candidate


@pytest.fixture
def boss(page: Page, live_server: LiveServer, alice: User) -> User:
    """An administrator who is signed in and has done something."""
    boss = User.objects.create_superuser("boss", password="boss's-long-password")
    LogEntry.objects.log_actions(boss.pk, [alice], CHANGE, "Changed.", single_object=True)
    sign_in(page, boss, live_server)
    return boss


@pytest.fixture
def good(story: Story) -> Story:
    """Alice's story, marked as good, with a link to read."""
    library.save_text(story, story.owner, TEXT, 0)
    library.set_good(story, True)
    links.make_link(story)
    return story


@pytest.fixture
def run(settings: Settings, tmp_path: Path, story: Story) -> TrainingRun:
    """A run that is done, with its model, its evaluation and its log."""
    settings.DATA_DIR, settings.STORY_MODEL = tmp_path, "pocket"
    settings.TRAIN_PYTHON = settings.TRAIN_PYTHON or "python3"
    model = candidate("one")
    found: TrainingRun = TrainingRun.objects.get(model=model)
    found.scores, found.dataset = SCORES, {"train": 48, "held_out": 12}
    found.curve = [[1, 1.9, None], [2, 1.5, None], [2, None, 1.4], [3, 1.2, None]]
    found.save()
    write_text(found.folder.log, "Step 1\nVerdict: better\n")
    told = {"genre": "Mystery", "register": "Vivid", "prompt": "Write.", "text": TEXT}
    side = {**told, "model": "one", "checks": {"names": True, "words": False}, "copied": False}
    found.folder.made("evaluate")
    write_json(
        found.folder.pairs,
        [{"service": side, "candidate": {**side, "copied": True, "copied_share": 0.9}}],
    )
    TrainingExample.objects.create(run=found, story=story, version=1, side="train")
    return found


def test_curation(page: Page, live_server: LiveServer, boss: User, good: Story) -> None:
    faults, admin = Faults(), f"{live_server.url}/admin"
    waiting = f"{admin}/stories/waitingstory/"
    faults.visit(page, f"{admin}/", waiting, f"{waiting}{good.pk}/change/")
    page.get_by_role("button", name="Approve for training").click()
    faults.look(page, "the decision")
    page.get_by_role("button", name="Approve for training").click()
    page.get_by_text("1 approved.").wait_for()
    faults.look(page, "an empty queue, with a message")
    faults.visit(page, f"{admin}/stories/story/", f"{admin}/stories/story/{good.pk}/change/")
    faults.visit(page, f"{admin}/stories/sharedstory/", f"{admin}/stories/preferencepair/")
    assert not faults, str(faults)


def test_library(page: Page, live_server: LiveServer, boss: User, good: Story) -> None:
    faults, admin = Faults(), f"{live_server.url}/admin/stories"
    made = Generation.objects.create(
        story=good, settings=good.settings, kind="write", status="done", model="m", seed=1
    )
    Story.objects.filter(pk=good.pk).update(good_version=good.version)
    faults.visit(page, f"{admin}/generation/", f"{admin}/storysettings/")
    faults.visit(page, f"{live_server.url}/admin/stories/", f"{admin}/generation/{made.pk}/change/")
    assert not faults, str(faults)


def test_users(page: Page, live_server: LiveServer, boss: User, alice: User) -> None:
    faults, users = Faults(), f"{live_server.url}/admin/stories/user/"
    faults.visit(page, users, f"{users}add/", f"{users}{alice.pk}/history/")
    faults.visit(page, f"{users}{alice.pk}/password/", f"{users}{alice.pk}/delete/")
    page.goto(f"{users}{alice.pk}/change/")
    faults.look(page, "a user")
    page.get_by_role("button", name="Make a link to set a new password").click()
    faults.look(page, "a link for a user")
    assert not faults, str(faults)


def test_training(page: Page, live_server: LiveServer, boss: User, run: TrainingRun) -> None:
    faults, admin = Faults(), f"{live_server.url}/admin"
    runs, models = f"{admin}/finetuning/trainingrun/", f"{admin}/stories/writermodel/"
    faults.visit(
        page, runs, f"{runs}add/", f"{runs}{run.pk}/change/", f"{runs}{run.pk}/evaluation/"
    )
    faults.visit(page, models, f"{models}{run.model_id}/change/")
    faults.visit(page, f"{admin}/finetuning/trainingexample/")
    TrainingRun.objects.create(recipe=TINY.to_dict(), state="running", stage="train")
    faults.visit(page, f"{runs}{run.pk + 1}/change/")
    assert not faults, str(faults)
