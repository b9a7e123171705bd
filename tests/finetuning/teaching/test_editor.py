"""What the editor learns: none of what measures it, laid out as the trainer takes it."""

import subprocess
import sys
from pathlib import Path

from finetuning.demo import editor
from finetuning.pipeline.material import lessons
from finetuning.pipeline.run_folder import RunFolder, read_json, read_rows
from finetuning.recipes import Recipe


def lay_out(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "finetuning.demo.editor", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_run_is_laid_out_with_nothing_that_measures_it(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "editor"
    done = lay_out(folder)
    assert done.returncode == 0, done.stderr
    run = RunFolder(folder)
    learned, held_out = read_rows(run.train), read_rows(run.held_out)
    assert done.stdout == f"{len(learned)} rows to learn\n"
    assert len(learned) >= 1_000
    assert len(held_out) == len(list(lessons.rewrites(editor.HELD_OUT))) == 90
    texts = {one["text"] for one in lessons.rewrites(editor.HELD_OUT)}
    for row in learned:
        given = row["text"][: row["given"]]
        assert given.strip() not in texts
        assert all(text not in row["text"] and text not in row["prompt"] for text in texts)
    # What is given is never the whole of it: there is something to learn.
    assert all(row["text"][row["given"] :].strip() for row in learned + held_out)
    recipe = Recipe.from_dict(read_json(run.recipe))
    assert (recipe.base_model, recipe.start_from, recipe.replay) == ("smollm2", "base", 0)
    assert run.service_adapter is None
    run.need("export")


def test_it_goes_on_from_an_adapter_of_a_run(tmp_path: Path) -> None:
    before = RunFolder(tmp_path / "house" / "run-1")
    before.trained.mkdir(parents=True)
    refused = lay_out(tmp_path / "editor", "--adapter", before.trained)
    assert refused.returncode == 2
    assert "is not the train/adapter folder of a run" in refused.stderr
    assert not (tmp_path / "editor").exists()
    before.complete("train", {"base": "x"})
    assert lay_out(tmp_path / "editor", "--adapter", before.trained).returncode == 0
    run = RunFolder(tmp_path / "editor")
    assert run.service_adapter == before.trained
    assert Recipe.from_dict(read_json(run.recipe)).start_from == "service"


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    refused = lay_out(tmp_path)
    assert refused.returncode == 2
    assert "is there already" in refused.stderr
    assert list(tmp_path.iterdir()) == []
