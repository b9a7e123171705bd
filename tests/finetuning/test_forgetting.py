"""Stories that are withdrawn or gone: out of a resumed run, and out of the files of ended ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from finetuning import driver
from finetuning.demo.demonstrations import MARKED_STORIES
from finetuning.models import TrainingExample, TrainingRun
from finetuning.pipeline.export import export
from finetuning.pipeline.material import datastories
from finetuning.pipeline.run_folder import SIDES, read_rows, write_json, write_rows
from finetuning.services import exchange, forgetting, lineage, states
from stories.history import library
from stories.models import Curation, Story, User
from tests.finetuning.conftest import TINY

pytestmark = pytest.mark.django_db
State = TrainingRun.State


@pytest.fixture(autouse=True)
def _environment(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.STORY_MODEL = "pocket"


def prepared() -> TrainingRun:
    """Return a run that a worker holds, with its first stage done."""
    created = TrainingRun.objects.create(recipe=TINY.to_dict())
    return prepare(created)


def prepare(queued: TrainingRun) -> TrainingRun:
    run = states.claim(queued.pk)
    assert run is not None
    driver._prepare(driver._Drive(run, print))
    export(run.folder, TINY)
    driver._after(driver._Drive(run, print), "export")
    return run


def resumed(run: TrainingRun) -> TrainingRun:
    states.resume(run)
    return prepare(run)


def exported(run: TrainingRun) -> set[int]:
    paths = (run.folder.train, run.folder.held_out)
    return {row["story"] for path in paths for row in read_rows(path)}


def texts(run: TrainingRun) -> str:
    files = (path for path in run.folder.path.rglob("*") if path.is_file())
    return "".join(path.read_text(encoding="utf-8") for path in files)


def opening(text: str) -> str:
    """Return what stands in this story alone; the marked ones share their sentences."""
    return text.split("\n")[0]


# ---- A resumed run ----


def test_a_resumed_run_leaves_out_what_was_withdrawn_or_deleted_meanwhile(approved: int) -> None:
    run = prepared()
    assert len(exported(run)) == approved
    run.folder.made("train")
    states.finish(run, State.FAILED, "The model server is down.")
    withdrawn, gone = Story.objects.approved()[:2]
    library.set_good(withdrawn, False)
    left = exported(run) - {withdrawn.pk, gone.pk}
    gone.delete()
    run = resumed(run)
    assert exported(run) == left
    assert not run.folder.has_weights, "what had learned from them is gone"
    assert set(run.examples.values_list("story", flat=True)) == left


def test_a_resumed_run_goes_on_when_nothing_was_withdrawn(approved: int) -> None:
    run = prepared()
    run.folder.made("train")
    states.finish(run, State.FAILED, "The model server is down.")
    assert resumed(run).folder.has_weights


def test_a_story_that_goes_while_it_trains_is_counted_as_withdrawn(approved: int) -> None:
    run = prepared()
    taught = read_rows(run.folder.train)[0]["story"]
    Story.objects.get(pk=taught).delete()
    for _ in range(2):
        driver._after(driver._Drive(run, print), "export")
    assert run.examples.count() == approved
    assert run.examples.filter(story=None, side="train").count() == 1


# ---- The files of ended runs ----


def evaluated(run: TrainingRun) -> TrainingRun:
    """Give the run an evaluation with a pair for each held-out story, as the steps leave it."""
    held_out = read_rows(run.folder.held_out)
    run.folder.made("evaluate")
    sides: dict[str, list[Any]] = {
        side: [
            {"prompt": row["prompt"], "text": f"{side} of {index}.", "settings": row["settings"]}
            for index, row in enumerate(held_out)
        ]
        for side in SIDES
    }
    for side, rows in sides.items():
        write_rows(run.folder.written(side), rows)
    pairs = [
        {
            side: {
                **{name: row[name] for name in ("prompt", "text")},
                "report": {"characters_missing": row["settings"]["main_characters"]},
            }
            for side, row in (("candidate", one), ("service", other))
        }
        for one, other in zip(sides["candidate"], sides["service"], strict=True)
    ]
    write_json(run.folder.pairs, pairs)
    states.finish(run, State.DONE)
    return run


def test_nothing_of_a_story_that_is_gone_stays_in_a_run(approved: int) -> None:
    run = evaluated(prepared())
    rows = read_rows(run.folder.train)[:1]
    rows += read_rows(run.folder.held_out)[:1]
    pairs = len(run.folder.read_pairs())
    assert all(opening(row["text"]) in texts(run) for row in rows)
    assert forgetting.forget_gone_stories() == 0
    for row in rows:
        Story.objects.get(pk=row["story"]).delete()
    assert forgetting.forget_gone_stories() == 2
    found = texts(run)
    for row in rows:
        assert opening(row["text"]) not in found
        assert row["prompt"] not in found
    assert len(exported(run)) == approved - 2
    kept = run.folder.read_pairs()
    assert len(kept) == pairs, "the votes know the pairs by their places"
    assert [pair["service"]["text"] for pair in kept].count("") == 1
    assert run.examples.count() == approved
    assert forgetting.forget_gone_stories() == 0


def test_an_account_that_is_deleted_takes_its_stories_out_of_the_runs(
    approved: int, curator: User
) -> None:
    run = evaluated(prepared())
    curator.delete()
    forgetting.forget_gone_stories()
    assert "Draw close and listen." not in texts(run)


def take_mark_back(story: Story) -> None:
    library.set_good(story, False)


def take_approval_back(story: Story) -> None:
    Story.objects.filter(pk=story.pk).update(curation=Curation.WAITING)


def approve_another_version(story: Story) -> None:
    version = library.save_text(story, story.owner, "Another text.", story.version)
    Story.objects.filter(pk=story.pk).update(curated_version=version)


WITHDRAWALS = (take_mark_back, take_approval_back, approve_another_version, library.delete_story)


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_a_story_that_is_withdrawn_leaves_the_files_of_ended_runs(
    approved: int, withdraw: Callable[[Story], None]
) -> None:
    run = evaluated(prepared())
    story = Story.objects.approved()[0]
    text = opening(story.text)
    assert text in texts(run)
    withdraw(story)
    assert forgetting.forget_gone_stories() == 1
    assert text not in texts(run)
    assert forgetting.forget_gone_stories() == 0
    assert len(exported(run)) == approved - 1


def test_an_edit_after_the_approval_withdraws_nothing(approved: int) -> None:
    evaluated(prepared())
    story = Story.objects.approved()[0]
    library.save_text(story, story.owner, "A later thought.", story.version)
    assert forgetting.forget_gone_stories() == 0


def test_a_run_that_stopped_begins_anew_and_an_active_one_is_left_alone(approved: int) -> None:
    run = prepared()
    story = Story.objects.approved()[0]
    text = story.text
    story.delete()
    assert forgetting.forget_gone_stories() == 0, "its worker has the files"
    states.finish(run, State.CANCELLED)
    assert forgetting.forget_gone_stories() == 1
    assert opening(text) not in texts(run)
    assert len(exported(resumed(run))) == approved - 1


def test_a_run_that_waits_is_cleaned_too(approved: int) -> None:
    run = prepared()
    states.finish(run, State.FAILED, "The model server is down.")
    states.resume(run)
    story = Story.objects.approved()[0]
    text = opening(story.text)
    story.delete()
    assert forgetting.forget_gone_stories() == 1
    assert text not in texts(run)


@pytest.mark.parametrize("state", [State.DONE, State.FAILED])
def test_what_a_killed_process_was_writing_goes_too(approved: int, state: State) -> None:
    run = prepared()
    states.finish(run, state)
    story = Story.objects.approved()[0]
    text = opening(story.text)
    drafts = [run.folder.path / "stories.jsonl.part", run.folder.train.with_suffix(".jsonl.part")]
    for draft in drafts:
        draft.write_text(text)
    story.delete()
    assert forgetting.forget_gone_stories() == 1
    assert text not in texts(run)


@pytest.mark.parametrize("state", [State.DONE, State.FAILED])
def test_cleaning_that_is_interrupted_anywhere_is_done_again(
    approved: int, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    """Every change of a file may be the last: the sweep after it finds what is left to do."""
    run = prepared()
    states.finish(run, state)
    story = Story.objects.approved()[0]
    text = opening(story.text)
    story.delete()
    replace, unlink, left = Path.replace, Path.unlink, 0

    def dying(real: Any) -> Any:
        def change(path: Path, *arguments: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return real(path, *arguments, **more)

        return change

    for steps in range(20):
        left = steps
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", dying(replace))
            patched.setattr(Path, "unlink", dying(unlink))
            try:
                done = forgetting.forget_gone_stories()
            except KeyboardInterrupt:
                continue
        break
    assert steps > 2
    assert done == 1
    assert text not in texts(run)


def test_a_model_that_nobody_decided_on_leaves_the_model_server(
    approved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[str] = []

    async def delete(_: Any, model: str) -> None:
        deleted.append(model)

    monkeypatch.setattr("modelserver.delete", delete)
    run = prepared()
    # Its step was killed after the server's answer: there is no manifest.
    driver._choose_name(run)
    name = run.folder.read_names()["model"]
    states.finish(run, State.FAILED)
    Story.objects.approved()[0].delete()
    assert forgetting.forget_gone_stories() == 1
    assert deleted == [name]


# ---- What counts as new, and what is kept ----


def test_duplicates_are_not_new_for_ever(approved: int, curator: User) -> None:
    # In capitals they are other stories to the import, and the same ones to the export.
    entries = datastories.read_csv(MARKED_STORIES.read_bytes())
    capitals = datastories.write_csv((entry.prompt, entry.story.upper()) for entry in entries)
    exchange.take_in(capitals.encode(), curator, approve=True)
    assert lineage.newly_approved() == 2 * approved
    run = prepared()
    states.finish(run, State.DONE)
    assert lineage.newly_approved() == 0
    assert run.examples.filter(side=TrainingExample.Side.LEFT_OUT).count() == approved


def test_a_version_that_taught_is_never_thinned(approved: int) -> None:
    run = prepared()
    states.finish(run, State.DONE)
    story = Story.objects.approved()[0]
    example = run.examples.get(story=story)
    for number in range(70):
        library.save_text(story, story.owner, f"Edit {number}.", story.version)
    Story.objects.filter(pk=story.pk).update(curated_version=story.version)
    library.save_text(story, story.owner, "The last edit.", story.version)
    assert story.versions.count() < 70
    assert story.versions.filter(number=example.version).exists()
