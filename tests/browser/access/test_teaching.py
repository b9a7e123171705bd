"""The pages of teaching have no fault that axe-core knows of."""

from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from finetuning.models import OwnPair, TrainingExample, TrainingRun
from finetuning.pipeline.run_folder import write_json, write_rows, write_text
from stories.history import library
from stories.models import Story, User
from tests.browser.access.scanning import Faults
from tests.browser.access.test_pages import TEXT, sign_in
from tests.conftest import story_settings
from tests.finetuning.conftest import SCORES, TINY
from tests.finetuning.test_promotion import candidate

CURVE = [[1, 1.9, None], [2, 1.5, None], [2, None, 1.4], [3, 1.2, None], [4, None, 1.6]]


@pytest.fixture
def boss(page: Page, live_server: LiveServer) -> User:
    """An administrator who is signed in."""
    boss = User.objects.create_superuser("boss", password="boss's-long-password")
    sign_in(page, boss, live_server)
    return boss


@pytest.fixture
def waiting(alice: User) -> list[Story]:
    """Two stories that wait, almost the same."""
    stories = [library.create_story(alice, story_settings()) for _ in range(2)]
    for story in stories:
        library.save_text(story, alice, TEXT, 0)
        library.set_good(story, True)
    return stories


@pytest.fixture
def run(settings: Settings, tmp_path: Path, story: Story) -> TrainingRun:
    """A run that is done, with its model, its evaluation and its log."""
    settings.DATA_DIR, settings.STORY_MODEL = tmp_path, "pocket"
    settings.TRAIN_PYTHON = settings.TRAIN_PYTHON or "python3"
    library.save_text(story, story.owner, TEXT, 0)
    library.set_good(story, True)
    Story.objects.filter(pk=story.pk).update(curation="approved", curated_version=1)
    found: TrainingRun = TrainingRun.objects.get(model=candidate("one", "no better"))
    found.scores, found.dataset, found.curve = SCORES, {"train": 48, "held_out": 12}, CURVE
    found.save()
    write_text(found.folder.log, "Step 1\nVerdict: no better\n")
    told = {"genre": "Mystery", "register": "Vivid", "prompt": "Write."}
    checks = {"names": True, "words": False}
    side = {**told, "model": "one", "text": TEXT, "checks": checks, "copied": False}
    other = {**side, "text": f"{TEXT} So.", "copied": True, "copied_share": 0.9}
    found.folder.made("evaluate")
    write_json(found.folder.pairs, [{"service": side, "candidate": other}])
    row = {"story": story.pk, "version": 1, "prompt": "Write.", "text": TEXT, "settings": {}}
    write_rows(found.folder.stories, [row])
    TrainingExample.objects.create(run=found, story=story, version=1, side="train")
    return found


def test_reading(page: Page, live_server: LiveServer, boss: User, waiting: list[Story]) -> None:
    faults, teach = Faults(), f"{live_server.url}/teach"
    faults.visit(page, f"{teach}/", f"{teach}/read/")
    page.get_by_role("button", name="Reject…").click()
    faults.look(page, "why not")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Correct…").click()
    faults.look(page, "a correction")
    page.get_by_label("Correct slips only").fill("Something else. " * 20)
    page.get_by_role("button", name="Keep the correction").click()
    page.get_by_role("alert").wait_for()
    faults.look(page, "a refused correction")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Take it back").wait_for()
    faults.look(page, "the next one, with a message")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Nothing waits").wait_for()
    faults.look(page, "an empty queue")
    assert not faults, str(faults)


def test_teaching(page: Page, live_server: LiveServer, boss: User, run: TrainingRun) -> None:
    faults, teach = Faults(), f"{live_server.url}/teach"
    faults.visit(page, f"{teach}/", f"{teach}/runs/", f"{teach}/runs/{run.pk}/")
    page.get_by_text("Numbers and log").click()
    faults.look(page, "numbers")
    faults.visit(page, f"{teach}/runs/{run.pk}/evaluation/", f"{teach}/runs/new/")
    page.get_by_text("More", exact=True).click()
    faults.look(page, "all values")
    faults.visit(page, f"{teach}/models/", f"{teach}/models/{run.model_id}/", f"{teach}/files/")
    TrainingRun.objects.create(
        recipe=TINY.to_dict(), state="running", stage="train", curve=CURVE, error="It broke."
    )
    faults.visit(page, f"{teach}/runs/{run.pk + 1}/", f"{teach}/")
    assert not faults, str(faults)


def test_comparing(page: Page, live_server: LiveServer, alice: User, run: TrainingRun) -> None:
    faults, teach = Faults(), f"{live_server.url}/teach"
    sign_in(page, alice, live_server)
    faults.visit(page, f"{teach}/", f"{teach}/compare/", f"{teach}/compare/own/")
    page.goto(f"{teach}/compare/")
    page.get_by_role("button", name="The first").click()
    page.get_by_text("nothing is left").wait_for()
    faults.look(page, "nothing left")
    texts = {"candidate": TEXT, "service": TEXT}
    pair = OwnPair.objects.create(run=run, voter=alice, prompt="W.", max_words=9, seed=1, **texts)
    faults.visit(page, f"{teach}/compare/own/{pair.pk}/")
    page.get_by_role("button", name="The second").click()
    page.get_by_role("link", name="Once more").wait_for()
    faults.look(page, "who wrote which")
    assert not faults, str(faults)
