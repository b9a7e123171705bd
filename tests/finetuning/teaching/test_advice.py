"""A run that came out no better says why, and what would help."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from finetuning.models import BlindVote, TrainingExample, TrainingRun
from finetuning.pipeline.run_folder import write_rows
from finetuning.services.teaching.advice import Remedy, advice
from stories.history.versions import add_version
from stories.models import Generation, Story, StoryVersion, User
from tests.finetuning.conftest import SCORES
from tests.finetuning.test_promotion import candidate

pytestmark = pytest.mark.django_db
LEARNED = [[step, 2.0 / step, None] for step in range(1, 5)]


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> TrainingRun:
    """A run that came out no better, with nothing that stands out."""
    settings.DATA_DIR = tmp_path
    found = TrainingRun.objects.get(model=candidate("one", "no better"))
    found.scores, found.dataset = SCORES, {"train": 100, "held_out": 25, "approved": 125}
    return found


def remedies(run: TrainingRun) -> list[Remedy]:
    return [one.remedy for one in advice(run)]


def scores(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = SCORES
    return {name: {**known[name], **values} for name, values in changes.items()}


def test_without_scores_there_is_nothing_to_say(run: TrainingRun) -> None:
    run.scores = {}
    assert advice(run) == []


def test_nothing_that_stands_out_is_said_too(run: TrainingRun) -> None:
    [one] = advice(run)
    assert one.remedy == Remedy.MARK
    assert "Nothing stands out" in one.why


def test_a_better_model_is_for_people_to_judge(run: TrainingRun) -> None:
    run.verdict = "better"
    assert remedies(run) == [Remedy.JUDGE]


def test_what_people_like_less_comes_first(run: TrainingRun, alice: User) -> None:
    run.verdict = "better"
    for number in range(9):
        BlindVote.objects.create(run=run, pair=number, voter=alice, preferred="service")
    assert "liked its stories less" in advice(run)[0].why


@pytest.mark.parametrize(
    ("changes", "says", "remedy"),
    [
        ({"dataset": {"train": 9, "held_out": 3}}, "Only 9 stories", Remedy.APPROVE),
        (
            {"dataset": {"train": 60, "approved": 90, "dropped": {"near_duplicate": [1] * 30}}},
            "much alike",
            Remedy.MARK,
        ),
        ({"curve": [*LEARNED, [2, None, 1.0], [4, None, 1.3]]}, "too long", Remedy.GENTLE),
        ({"curve": [*LEARNED, [2, None, 1.9], [4, None, 1.8]]}, "by heart", Remedy.GENTLE),
        (
            {"curve": [[1, 2.0, None], [2, 1.5, None], [1, None, 2.0], [2, None, 1.6]]},
            "still getting better",
            Remedy.STRONG,
        ),
        ({"scores": {**SCORES, **scores(drift={"difference": 1.5})}}, "forgotten", Remedy.GENTLE),
        ({"scores": {**SCORES, **scores(compliance={"high": -0.1})}}, "settings", Remedy.APPROVE),
        ({"scores": {**SCORES, **scores(copies={"candidate": 4})}}, "repeats", Remedy.GENTLE),
    ],
)
def test_each_reason_is_told(
    run: TrainingRun, changes: dict[str, Any], says: str, remedy: Remedy
) -> None:
    for name, value in changes.items():
        setattr(run, name, value)
    [one] = advice(run)
    assert says in one.why
    assert one.remedy == remedy


def test_stories_of_one_kind_are_told(run: TrainingRun) -> None:
    kinds = ["War"] * 9 + ["Mystery"]
    rows = [{"settings": {"genre": kind, "register": "Vivid"}} for kind in kinds]
    write_rows(run.folder.train, rows)
    assert "much alike" in advice(run)[0].why
    write_rows(run.folder.train, [*rows, *rows[-1:] * 5])
    assert "much alike" not in advice(run)[0].why


def test_stories_that_the_model_wrote_itself_are_told(run: TrainingRun, story: Story) -> None:
    run.dataset = {"train": 1}
    run.scores = {**SCORES, **scores(loss={"groups": 8})}
    generation = Generation.objects.create(
        story=story, settings=story.settings, kind="write", seed=1, model="pocket", status="done"
    )
    written = StoryVersion.Origin.WRITE
    version = add_version(story, "Once.", written, expected_version=0, generation=generation)
    example = TrainingExample.objects.create(
        run=run, story=story, version=1, side="train", text_version=version
    )
    assert "written by the model in service" in advice(run)[1].why
    example.text_version = add_version(
        story, "Once more.", StoryVersion.Origin.EDIT, expected_version=1
    )
    example.save()
    assert len(advice(run)) == 1
