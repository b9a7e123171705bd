"""Approved stories into training data: what is left out, what is held out, what is refused."""

from pathlib import Path
from typing import Any

import pytest

from finetuning.pipeline.export import export, split
from finetuning.pipeline.material import similar
from finetuning.pipeline.run_folder import RunFolder, read_rows
from finetuning.pipeline.telling import StageError
from finetuning.recipes import RECIPES
from tests.finetuning.conftest import facts, laid_out, marked_rows

RECIPE = RECIPES["pocket"]


def exported(folder: Path, rows: list[dict[str, Any]], **changes: Any) -> Any:
    recipe = RECIPE.changed(changes)
    run = laid_out(folder, recipe, rows)
    export(run, recipe)
    return facts(run, "export/manifest.json")


def test_the_files_hold_every_story_once(tmp_path: Path) -> None:
    rows = marked_rows()
    manifest = exported(tmp_path, rows)
    train = read_rows(tmp_path / "export" / "train.jsonl")
    held_out = read_rows(tmp_path / "export" / "held-out.jsonl")
    assert (len(train), len(held_out)) == (manifest["train"], manifest["held_out"]) == (48, 12)
    assert {row["story"] for row in train + held_out} == {row["story"] for row in rows}
    assert not {row["prompt"] for row in train} & {row["prompt"] for row in held_out}
    assert (tmp_path / "export" / "datastories.csv").read_bytes().startswith(b'"Prompt","Story"')


@pytest.mark.parametrize(("count", "held_out"), [(10, 5), (16, 8), (30, 8), (60, 12)])
def test_enough_are_held_out_to_tell_something(count: int, held_out: int) -> None:
    assert len(split(marked_rows(count), RECIPE)[1]) == held_out


def test_the_same_stories_have_the_same_hash_and_split(tmp_path: Path) -> None:
    rows = marked_rows()
    one, other = exported(tmp_path / "a", rows), exported(tmp_path / "b", rows[::-1])
    assert one["hash"] == other["hash"]
    rows[0] = {**rows[0], "text": rows[0]["text"] + " Or not."}
    assert exported(tmp_path / "c", rows)["hash"] != one["hash"]


def test_a_complete_stage_is_not_done_again(tmp_path: Path) -> None:
    exported(tmp_path, marked_rows())
    (tmp_path / "stories.jsonl").unlink()
    export(RunFolder(tmp_path), RECIPE)


def test_duplicates_empty_and_endless_stories_are_left_out(tmp_path: Path) -> None:
    rows = marked_rows()
    first = rows[0]["text"]
    more = [
        {**rows[1], "story": 101, "text": first.upper().replace(" ", "\n ")},
        {**rows[2], "story": 102, "text": first.replace("little", "few") + " Truly so."},
        {**rows[3], "story": 103, "text": " \n "},
        {**rows[4], "story": 104, "text": "word " * 20_000},
    ]
    dropped = exported(tmp_path, rows + more)["dropped"]
    assert dropped == {
        "duplicate": [101],
        "near_duplicate": [102],
        "empty": [103],
        "too_long": [104],
    }


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "no approved stories"), (7, "3 more are needed"), (9, "1 more is needed")],
)
def test_too_few_stories_are_refused_with_their_number(
    tmp_path: Path, count: int, said: str
) -> None:
    with pytest.raises(StageError, match=said):
        exported(tmp_path, marked_rows(count))
    assert RunFolder(tmp_path).manifest("export") is None


def test_related_stories_stay_on_one_side(tmp_path: Path) -> None:
    rows = marked_rows(20)
    # Half of each of the next twenty repeats one of the first.
    for index, row in enumerate(marked_rows(40)[20:]):
        words, other = row["text"].split(), rows[index]["text"].split()
        text = " ".join(other[: len(other) * 3 // 4] + words[len(words) * 3 // 4 :])
        rows.append({**row, "text": text})
    train, held_out = split(rows, RECIPE)
    sides = {row["story"]: "train" for row in train} | {row["story"]: "held" for row in held_out}
    assert held_out
    assert all(sides[number] == sides[number + 20] for number in range(1, 21))


@pytest.mark.parametrize("held_out", [0.1, 0.2, 0.3, 0.4, 0.5])
def test_a_story_stays_with_one_that_contains_it(held_out: float) -> None:
    rows = marked_rows(20)
    whole = "\n\n".join(row["text"] for row in rows[:4])
    longer = {**rows[0], "story": 999, "text": whole, "prompt": rows[1]["prompt"] + " "}
    sides = split([rows[0], longer, *rows[5:]], RECIPE.changed({"held_out": held_out}))
    for side in sides:
        assert len({row["story"] for row in side} & {1, 999}) in {0, 2}


def test_what_taught_the_model_in_service_is_never_held_out() -> None:
    rows = [{**row, "taught": row["story"] <= 30} for row in marked_rows()]
    _, held_out = split(rows, RECIPE)
    assert len(held_out) == 12
    assert min(row["story"] for row in held_out) > 30
    with pytest.raises(StageError, match="can be held out"):
        split([{**row, "taught": True} for row in rows], RECIPE)


def test_what_tested_it_before_is_held_out_again() -> None:
    tested = {50, 51, 52, 53, 54}
    _, held_out = split([{**r, "tested": r["story"] in tested} for r in marked_rows()], RECIPE)
    assert tested <= {row["story"] for row in held_out}


def test_similarity_is_counted_in_shared_sequences() -> None:
    texts = ["one two three four five", "one two three four six", "seven eight nine ten eleven"]
    assert [(a, b) for a, b, _ in similar.pairs(texts, 0.1)] == [(0, 1)]
    assert [round(s, 2) for _, _, s in similar.pairs(texts, 0.1)] == [0.5]
    source = similar.shingles(texts[0], 3)
    assert similar.copied_share(texts[0], source, 3) == 1
    assert similar.copied_share(texts[2], source, 3) == 0
    assert similar.groups(5, [(3, 1), (4, 3)]) == [0, 1, 2, 1, 1]
