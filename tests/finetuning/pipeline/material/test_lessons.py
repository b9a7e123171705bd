"""Lessons of the base's own: rewrites as the app asks for them, and which are learned again."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from finetuning.pipeline import export
from finetuning.pipeline.material import datastories, lessons
from finetuning.pipeline.material.lessons import Rewrite
from finetuning.pipeline.run_folder import Row
from finetuning.recipes import RECIPES
from prose import prompts
from prose.settings import Settings

SETTINGS = Settings("Ana", "bell", "War", "Direct", True, 60, False)
PROMPT = prompts.story_prompt(SETTINGS)
TEXT = "Ana rang the bell.\n\nNobody came. She rang again, and the rope broke."


def rewrite(passage: str, **values: Any) -> Rewrite:
    start = TEXT.index(passage)
    row = Rewrite(
        prompt=PROMPT,
        text=TEXT,
        start=start,
        end=start + len(passage),
        mode="rewrite",
        register="",
        instruction="",
        replacement="NEW",
    )
    return cast("Rewrite", {**row, **values})


@pytest.mark.parametrize(
    ("passage", "given", "text", "is_open"),
    [
        ("Ana rang the bell.", "", "NEW\n\nNobody came.", True),
        ("Nobody came.", TEXT[:18], "\n\nNEW She rang again, and the rope broke.", True),
        ("Nobody came. ", TEXT[:18], "\n\nNEW She rang again, and the rope broke.", True),
        ("She rang again, and the rope broke.", TEXT[:32], " NEW", False),
    ],
)
def test_a_rewrite_is_learned_from_where_the_app_begins_it(
    passage: str, given: str, text: str, is_open: bool
) -> None:
    row = lessons.rewrite_row(rewrite(passage))
    place = row["given"]
    assert (row["text"][:place], row["text"][place:]) == (given, text)
    assert row["is_open"] is is_open


def test_a_rewrite_is_asked_for_in_the_fixed_wording() -> None:
    row = lessons.rewrite_row(rewrite("Nobody came.", mode="expand", instruction="Add a dog."))
    assert row["prompt"] == (
        f"{PROMPT} It is important that the story starts with this part unchanged: Ana rang the "
        "bell. and finishes with this part unchanged: She rang again, and the rope broke.\n\n"
        "The part between these two now reads: Nobody came.\n\n"
        "Write that part again, longer, with more detail. Add a dog."
    )
    with pytest.raises(ValueError, match="no prompt of ours"):
        lessons.rewrite_row({**rewrite("Nobody came."), "prompt": "Write."})


def test_a_continuation_is_learned_from_its_paragraph_on() -> None:
    row = lessons.continuation_row({"prompt": PROMPT, "text": TEXT, "continuation": "She left."})
    place = row["given"]
    assert (row["text"][:place], row["text"][place:]) == (f"{TEXT}\n\n", "She left.")
    assert "is_open" not in row


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve stories, and a rewrite and a continuation of the first."""
    pairs = [(PROMPT, f"Story {number} of the house. It has an end.") for number in range(11)]
    csv = datastories.write_csv([(PROMPT, TEXT), *pairs])
    (tmp_path / lessons.STORIES).write_bytes(csv.encode())
    line = json.dumps(rewrite("Nobody came."))
    (tmp_path / lessons.REWRITES).write_text(f"{line}\n")
    on = json.dumps({"prompt": PROMPT, "text": TEXT, "continuation": "She left."})
    (tmp_path / lessons.CONTINUATIONS).write_text(f"{on}\n")
    return tmp_path


def test_what_is_held_out_is_not_learned_again(folder: Path) -> None:
    texts = {row["text"] for row in lessons.replayed(folder, set(), {TEXT}, 100)}
    assert len(texts) == 11
    assert not any("NEW" in text or text.startswith(TEXT) for text in texts)
    # A story that is learned anyway is not learned twice; its rewrite is another lesson.
    texts = {row["text"] for row in lessons.replayed(folder, {TEXT}, set(), 100)}
    assert len(texts) == 13
    assert TEXT not in texts


def test_the_same_lessons_are_chosen_each_time(folder: Path) -> None:
    some = lessons.replayed(folder, set(), set(), 5)
    assert [row["text"] for row in lessons.replayed(folder, set(), set(), 8)[:5]] == [
        row["text"] for row in some
    ]


def test_a_share_of_what_is_learned_is_replayed(folder: Path) -> None:
    recipe = RECIPES["smollm2"].changed({"replay": 0.2})
    rows = [Row(story=n, version=1, prompt=PROMPT, text=str(n), settings={}) for n in range(20)]
    values = {**recipe.to_dict(), "lessons": str(folder)}
    again = export.replayed(rows[:16], rows[16:], recipe.from_dict(values))
    assert len(again) == 4
    assert export.replayed(rows, [], recipe.from_dict({**values, "replay": 0.0})) == []
