"""Preferences on the tiny model: the real steps learn a known taste, go on when cancelled, skip."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from finetuning import step_process
from finetuning.pipeline import preferences
from finetuning.pipeline.run_folder import RunFolder, write_json, write_rows
from finetuning.pipeline.statistics import paired
from finetuning.recipes import Recipe
from tests.finetuning.conftest import TINY, Step, facts, laid_out, marked_rows
from tests.finetuning.pipeline.trainer_scripts import by_trainer

# Each starts torch, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(600)
RECIPE = TINY.changed(
    {"max_steps": 12, "checkpoint_steps": 50, "preference_rate": 1e-3, "preference_epochs": 2}
)
SPOKEN = ('"Is there any soup left?" asked Ann.', '"Then let us go home," said Ben.')


def choices(count: int = 60) -> list[dict[str, Any]]:
    """Return choices by a known taste: a story that ends in speech, over one that doesn't."""
    rows = marked_rows(60)
    return [
        {
            "key": f"import:{at}",
            "story": 0,
            "prompt": row["prompt"],
            "chosen": f"{row['text'].rsplit(chr(10), 1)[0]} {SPOKEN[at % 2]}",
            "rejected": rows[at - 1]["text"],
        }
        for at, row in enumerate(rows[:count])
    ]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run's folder with a tiny adapter of stories; copied by those who go on from there."""
    run = laid_out(tmp_path_factory.mktemp("runs") / "run-1", TINY, marked_rows(12))
    for step in ("export", "train"):
        with step_process.running(step, run) as process:
            list(process.events(1.0))
    return run


@pytest.fixture
def own(taught: RunFolder, tmp_path: Path) -> RunFolder:
    return RunFolder(shutil.copytree(taught.path.parent, tmp_path / "runs") / taught.path.name)


def chosen(run: RunFolder, recipe: Recipe, rows: list[dict[str, Any]], *, marks: bool) -> None:
    write_json(run.recipe, recipe.to_dict())
    write_rows(run.marks if marks else run.choices, rows)
    preferences.choose(run, recipe)


def test_a_known_taste_is_learned_also_after_a_cancel(own: RunFolder, step: Step) -> None:
    chosen(own, RECIPE, choices(), marks=False)
    with pytest.raises(step_process.StepCancelledError):
        cancel_at_step(2, own)
    own.cancel.unlink()
    events = step("prefer", own)
    assert "Going on from step" in own.log.read_text()
    done = facts(own, "preferences/manifest.json")
    assert (done["steps"], done["skipped"], done["method"]) == (12, "", "dpo")
    assert done["train"] + done["held_out"] + sum(done["dropped"].values()) == 60
    assert events[-1]["event"] == "progress"
    assert own.adapter == own.preferred
    assert [path.name for path in own.preferred.iterdir() if path.is_dir()] == []
    assert not own.checkpoints("preferences").exists()
    # Beside the adapter of the stories: what was held out is met more, for sure.
    write_json(own.service, {"model": "taught", "adapter": str(own.trained)})
    own.made("evaluate")
    write_rows(own.written("service"), [])
    step("measure", own)
    met = facts(own, "evaluate/losses.json")["preferences"]
    before, after = ([one[side] for one in met] for side in ("before", "after"))
    assert paired(before, after, 1, [one["group"] for one in met])["low"] > 0


def cancel_at_step(number: int, run: RunFolder) -> None:
    with step_process.running("prefer", run) as process:
        for event in process.events(0.2):
            if event and event["event"] == "progress" and event["step"] >= number:
                run.cancel.touch()


def test_marks_are_learned_by_kto(own: RunFolder, step: Step) -> None:
    marks = [
        {
            "key": f"mark:{at}",
            "story": at + 100,
            "prompt": one["prompt"],
            "text": one["rejected" if at % 3 else "chosen"],
            "good": not at % 3,
        }
        for at, one in enumerate(choices())
    ]
    chosen(own, RECIPE.changed({"preferences": "kto", "max_steps": 3}), marks, marks=True)
    step("prefer", own)
    done = facts(own, "preferences/manifest.json")
    assert (done["method"], done["steps"]) == ("kto", 3)
    assert (own.adapter / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize(
    ("changes", "rows", "told"),
    [
        ({"preferences": "off"}, choices(), "learns no preferences"),
        ({}, choices(39), "39 of 39 say something, and 40 are needed"),
        ({}, [{**one, "prompt": "Write."} for one in choices()], "too few different prompts"),
    ],
)
def test_too_few_are_no_error(
    own: RunFolder, step: Step, changes: Any, rows: list[dict[str, Any]], told: str
) -> None:
    recipe = RECIPE.changed(changes)
    chosen(own, recipe, rows, marks=False)
    assert told in facts(own, "preferences/manifest.json")["skipped"]
    preferences.prefer(own, recipe)  # without torch: there is nothing to do
    assert own.adapter == own.trained


def test_our_loss_and_its_gradient_are_trls(own: RunFolder) -> None:
    chosen(own, RECIPE, choices(), marks=False)
    ours, theirs = by_trainer("same_pair_loss.py", str(own.path))
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert ours[1] > 0
