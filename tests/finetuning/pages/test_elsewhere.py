"""A run that another machine's worker did: its folder isn't here, and people need no file of it."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from finetuning import driver, tasks
from finetuning.models import BlindVote, EvaluationPair, TrainingRun
from finetuning.pipeline.run_folder import Names, write_json, write_rows
from finetuning.services import blind, forgetting, states
from modelserver import Server
from stories.history import library
from stories.models import Story, User
from tests.conftest import ScriptedServer, story_settings
from tests.finetuning.conftest import SCORES, TINY

pytestmark = pytest.mark.django_db
COMPARE = "/teach/compare/"
LONG = "Once upon a time there was a lamp on the stairs of the tower, and nobody lit it."


def approved(owner: User) -> Story:
    """Return an approved story of somebody's."""
    found = library.create_story(owner, story_settings())
    library.save_text(found, owner, LONG, 0)
    library.set_good(found, True)
    Story.objects.filter(pk=found.pk).update(curation="approved", curated_version=1)
    return found


@pytest.fixture
def told(alice: User) -> list[Story]:
    """The stories that the run knew; the pairs answer to the first and the second."""
    return [approved(alice) for _ in range(3)]


@pytest.fixture
def run(told: list[Story], settings: Settings, tmp_path: Path) -> TrainingRun:
    """A run that its worker has just ended; from now on this is the machine of the pages."""
    settings.DATA_DIR, settings.STORY_MODEL = tmp_path / "worker", "pocket"
    found = states.claim(TrainingRun.objects.create(recipe=TINY.to_dict()).pk)
    assert found is not None
    asked: list[dict[str, str]] = [{"genre": "War"}, {"keywords": "lamp"}, {}]
    folder = found.folder
    for stage, facts in (("register", {"model": "tuned"}), ("evaluate", SCORES)):
        folder.complete(stage, facts)
    common = {"version": 1, "text": LONG}
    rows = [
        {**common, "story": story.pk, "prompt": f"P{place}", "settings": asked[place]}
        for place, story in enumerate(told)
    ]
    rows[0]["text"] = rows[1]["text"] = "Other words."
    write_rows(folder.stories, rows)
    write_json(folder.names, Names(model="tuned", service="pocket"))
    texts = ("A plain one.", "With a lamp.", f"{LONG} Nearly so.\0")
    write_json(
        folder.pairs,
        [
            {
                side: {
                    "model": side,
                    "prompt": prompt,
                    "text": f"{text} {side.upper()}",
                    "genre": "War",
                    "register": "Vivid",
                    "report": {},
                    "checks": {},
                }
                for side in ("service", "candidate")
            }
            for prompt, text in zip(("P0", "P1", "P0"), texts, strict=True)
        ],
    )
    folder.log.write_text("The last thing that it said.\n")
    driver._succeed(driver._Drive(found, print))
    settings.DATA_DIR = tmp_path / "web"
    assert not found.folder.path.exists()
    return TrainingRun.objects.get()


def test_people_compare_what_it_wrote(run: TrainingRun, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    shown = client.get(COMPARE).content.decode()
    assert "A plain one. CANDIDATE" in shown
    assert "2 to compare" in shown, "without the one of another writer's own words"
    client.post(COMPARE, {"run": run.pk, "pair": 0, "choice": "first"})
    assert BlindVote.objects.get().run == run


def test_its_pages_show_pairs_log_and_where_its_files_are(
    run: TrainingRun, curator: User, client: Client
) -> None:
    client.force_login(curator)
    assert blind.left(curator, run) == 3
    place = f"/teach/runs/{run.pk}/"
    assert "With a lamp. SERVICE" in client.get(f"{place}evaluation/").content.decode()
    assert "The last thing that it said." in client.get(place).content.decode()
    assert run.model is not None
    page = client.get(f"/teach/models/{run.model.pk}/").content.decode()
    assert f"on the machine that trained it, in training/run-{run.pk}" in page
    assert 'value="promote"' in page
    card = client.get("/teach/files/download/?form=card").content.decode()
    assert "3 stories that their writers marked" in card


def test_what_tells_of_a_withdrawn_story_goes_at_once_and_for_good(
    run: TrainingRun, told: list[Story], curator: User
) -> None:
    library.set_good(Story.objects.get(pk=told[1].pk), False)
    told[2].delete()  # whose text the last pair repeats
    assert [number for number, _ in blind._open_pairs(run, curator)] == [0]
    assert "lamp" in str(list(EvaluationPair.objects.values_list("stories", flat=True)))
    forgetting.forget_gone_stories()
    kept = [pair.stories["candidate"] for pair in EvaluationPair.objects.all()]
    assert [story["text"] for story in kept] == ["A plain one. CANDIDATE", "", ""]
    assert [story["prompt"] for story in kept] == ["P0", "", ""]


def test_who_wants_its_files_is_told_where_they_are_and_how_they_are_taken_there(
    run: TrainingRun, curator: User, client: Client, tmp_path: Path
) -> None:
    client.force_login(curator)
    page = client.get(f"/teach/runs/{run.pk}/").content.decode()
    assert f"on the machine that trained it, in training/run-{run.pk} of its data" in page
    assert "manage.py export_model tuned tuned<" in page
    answer = client.get(f"/teach/runs/{run.pk}/take/adapter/", follow=True).content.decode()
    assert f"This file is on the machine that trained the model, in training/run-{run.pk}" in answer
    where = f"training/run-{run.pk} of its data folder: call this there"
    with pytest.raises(CommandError, match=where):
        call_command("export_model", "tuned", str(tmp_path / "taken"))
    with pytest.raises(CommandError, match=where):
        call_command("export_stories", str(tmp_path / "learned.jsonl"), "--run", str(run.pk))
    assert not (tmp_path / "learned.jsonl").exists()


def test_the_pages_disk_is_not_asked_for_room_that_the_trainer_needs(settings: Settings) -> None:
    recipe = {**TINY.to_dict(), "disk": 1e9}
    stopped = TrainingRun.objects.create(recipe=recipe, state="failed")
    settings.TRAIN_PYTHON = "python"
    with pytest.raises(states.CannotStartError, match="disk space"):
        states.resume(stopped)
    settings.TRAIN_PYTHON, settings.REDIS_URL = "", "redis://127.0.0.1/0"
    states.resume(stopped)
    assert TrainingRun.objects.get().is_active


def test_the_weights_of_a_model_that_is_out_go_from_the_machine_that_trained_it(
    run: TrainingRun,
    curator: User,
    client: Client,
    settings: Settings,
    scripted_server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = settings.DATA_DIR, settings.DATA_DIR.with_name("worker")
    settings.MODEL_SERVER = Server.at(scripted_server.url)
    settings.DATA_DIR, settings.REDIS_URL = there, "redis://127.0.0.1/0"
    run.folder.adapter.mkdir(parents=True)
    weights, settings.DATA_DIR = run.folder.adapter, here
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.tidy, "apply_async", lambda **options: asked.append(options))
    client.force_login(curator)
    assert run.model is not None
    client.post(f"/teach/models/{run.model.pk}/act/", {"action": "retire"})
    assert asked == [{"retry": False}]
    assert weights.is_dir()
    settings.DATA_DIR = there
    tasks.tidy()
    assert not weights.exists()
