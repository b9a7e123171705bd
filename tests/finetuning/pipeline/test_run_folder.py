"""The files of a run keep their names: runs of older versions open, and writing is all or none."""

from pathlib import Path

import pytest

from finetuning.pipeline import STAGES, STEPS
from finetuning.pipeline.run_folder import RunFolder, read_rows, write_json, write_rows
from finetuning.pipeline.telling import CancelledError, StageError

NAMES = {
    "recipe": "recipe.json",
    "stories": "stories.jsonl",
    "choices": "choices.jsonl",
    "marks": "marks.jsonl",
    "service": "service.json",
    "names": "name.json",
    "log": "log.txt",
    "cancel": "cancel",
    "csv": "export/datastories.csv",
    "train": "export/train.jsonl",
    "held_out": "export/held-out.jsonl",
    "adapter": "train/adapter",
    "trained": "train/adapter",
    "preferred": "preferences/adapter",
    "choices_train": "preferences/train.jsonl",
    "choices_held_out": "preferences/held-out.jsonl",
    "chosen": "preferences/chosen.json",
    "adapter_gguf": "convert/adapter.gguf",
    "merged": "convert/merged",
    "merged_gguf": "convert/merged.gguf",
    "refused": "register/refused.json",
    "modelfile": "register/Modelfile",
    "calls": "register/calls.json",
    "losses": "evaluate/losses.json",
    "pairs": "evaluate/stories.json",
}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run-1")


def test_files_are_called_what_they_were(run: RunFolder) -> None:
    found = {
        name: getattr(run, name)
        for name, value in vars(RunFolder).items()
        if isinstance(value, property)
    }
    paths = {name: path for name, path in found.items() if isinstance(path, Path)}
    beside = {paths.pop(name).relative_to(run.path.parent) for name in ("bases", "lock")}
    assert beside == {Path("bases"), Path("trainer.lock")}
    # Not with the runs, which are in backups.
    assert paths.pop("converters") == run.path.parents[1] / "llama.cpp"
    assert {name: str(path.relative_to(run.path)) for name, path in paths.items()} == NAMES
    assert run.checkpoints("train") == run.path / "train" / "checkpoints"
    assert run.written("service") == run.path / "evaluate" / "service.jsonl"
    assert run == RunFolder.of_adapter(run.adapter)
    run.complete("export", {})
    assert (run.path / "export" / "manifest.json").is_file()


def test_a_stage_is_complete_with_its_manifest(run: RunFolder) -> None:
    run.made("train")
    assert run.manifest("train") is None
    with pytest.raises(StageError, match="train is not complete"):
        run.need("train")
    run.complete("train", {"steps": 4})
    assert run.need("train") == {"steps": 4}


def test_without_an_adapter_the_base_is_in_service(run: RunFolder) -> None:
    run.path.mkdir()
    assert run.service_adapter is None
    write_json(run.service, {"adapter": None, "model": "pocket"})
    assert run.service_adapter is None
    write_json(run.service, {"adapter": "/else/train/adapter", "model": "tuned"})
    assert run.service_adapter == Path("/else/train/adapter")


def test_a_cancelled_run_says_so(run: RunFolder) -> None:
    run.path.mkdir()
    run.check_cancelled()
    run.cancel.touch()
    with pytest.raises(CancelledError):
        run.check_cancelled()


def test_what_is_cleared_is_gone_but_for_the_log(run: RunFolder) -> None:
    for stage in STAGES:
        run.complete(stage, {})
    for path in (run.recipe, run.stories, run.service, run.names, run.log):
        path.write_text("")
    assert run.has_weights
    run.remove_weights()
    assert not run.has_weights
    assert run.manifest("register") == {}
    run.clear()
    assert list(run.path.iterdir()) == [run.log]


def test_rows_end_at_line_feeds_and_nowhere_else(run: RunFolder) -> None:
    rows = [{"text": "One\u2028two\x85three\nfour"}, {"text": ""}]
    run.path.mkdir()
    write_rows(run.stories, rows)
    assert read_rows(run.stories) == rows


def test_every_step_of_a_stage_is_one() -> None:
    of_stages = {step for steps in STAGES.values() for step in steps}
    assert of_stages | {"merge"} == set(STEPS)


def test_the_adapter_is_that_of_the_last_stage_that_trained(run: RunFolder) -> None:
    run.complete("preferences", {"skipped": "Too few."})
    assert run.adapter == run.trained
    run.complete("preferences", {"skipped": ""})
    assert run.adapter == run.preferred
    run.remove_weights()
    assert run.adapter == run.trained
