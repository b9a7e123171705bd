"""The real steps on pocket: training, both ways into the server, and what breaks them."""

import operator
import shutil
from pathlib import Path

import httpx
import pytest
from pytest_django import Settings

from finetuning import step_process
from finetuning.pipeline.run_folder import RunFolder, write_json
from finetuning.pipeline.telling import StageError, disk_errors
from finetuning.recipes import RECIPES
from modelserver import Server
from tests.finetuning.conftest import TINY, Step, facts, laid_out, marked_rows
from tests.finetuning.pipeline.llama import GGUF, llama_greedy
from tests.finetuning.pipeline.trainer_scripts import by_trainer

# Each starts torch, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run's folder with a tiny adapter, converted; copied by those who change it."""
    run = laid_out(tmp_path_factory.mktemp("runs") / "run-1", TINY, marked_rows(12))
    for step in ("export", "train", "convert"):
        with step_process.running(step, run) as process:
            list(process.events(1.0))
    return run


@pytest.fixture
def own(tuned: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of the tuned run, for the test to do as it likes with."""
    return RunFolder(shutil.copytree(tuned.path.parent, tmp_path / "runs") / tuned.path.name)


# ---- Training ----


def test_a_base_with_an_adapter_of_its_own_is_trained_as_it_is_served(
    tuned: RunFolder, tmp_path: Path
) -> None:
    folders = [GGUF, base_of(tuned), tuned.adapter_gguf, tuned.adapter, tmp_path / "base"]
    away, tuned_by = by_trainer("added.py", *map(str, folders))
    assert away < 1e-5, "the factors are f16 in the GGUF file"
    assert tuned_by > 1e-3


def test_our_loss_and_its_gradient_are_trls(tuned: RunFolder) -> None:
    ours, theirs = by_trainer("same_loss.py", str(base_of(tuned)), str(tuned.train))
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert ours[1] > 0


def base_of(run: RunFolder) -> Path:
    """Return the unpacked base."""
    return next(run.bases.iterdir())


def test_training_reports_and_leaves_an_adapter_and_nothing_else(tuned: RunFolder) -> None:
    manifest = facts(tuned, "train/manifest.json")
    assert manifest["steps"] == 4
    assert manifest["tokens"] > 0
    assert (tuned.adapter / "adapter_model.safetensors").is_file()
    assert not tuned.checkpoints("train").exists()
    assert not list(tuned.path.rglob("*.bin"))


def test_a_cancelled_training_goes_on_where_it_stopped(
    tmp_path: Path, trains: None, step: Step
) -> None:
    recipe = TINY.changed({"max_steps": 12, "checkpoint_steps": 50})
    run = laid_out(tmp_path / "run-1", recipe, marked_rows(12))
    step("export", run)
    with pytest.raises(step_process.StepCancelledError):
        cancel_at_step(3, run)
    run.cancel.unlink()
    events = step("train", run)
    steps = [event["step"] for event in events if event.get("loss") is not None]
    assert 3 < steps[0] <= 12
    assert steps[-1] == 12
    assert "Going on from step" in run.log.read_text()


def cancel_at_step(number: int, run: RunFolder) -> None:
    with step_process.running("train", run) as process:
        for event in process.events(0.2):
            if event and event["event"] == "progress" and event["step"] >= number:
                run.cancel.touch()


def test_a_loss_that_is_no_number_ends_the_training(own: RunFolder, step: Step) -> None:
    recipe = TINY.changed({"learning_rate": 0.05, "max_steps": 30, "alpha": 512, "rank": 1})
    run = laid_out(own.path.with_name("run-2"), recipe, marked_rows(12))
    step("export", run)
    # A base with a weight that is no number, as a broken download has.
    poison(base_of(run) / "model.safetensors")
    with pytest.raises(step_process.StepFailedError, match="no number any more at step"):
        step("train", run)


def poison(path: Path) -> None:
    import numpy as np
    from safetensors.numpy import load_file, save_file

    tensors = load_file(path)
    tensors["model.norm.weight"] = np.full_like(tensors["model.norm.weight"], np.nan)
    save_file(tensors, path, metadata={"format": "pt"})


def test_a_story_longer_than_the_context_is_refused(tmp_path: Path, step: Step) -> None:
    rows = marked_rows(12)
    rows[3] = {**rows[3], "text": "A long road goes on. " * 1000}
    run = laid_out(tmp_path / "run-1", TINY, rows)
    step("export", run)
    with pytest.raises(step_process.StepFailedError, match="with its prompt and the base reads"):
        step("train", run)


def test_the_backend_is_refused_where_it_cannot_run(tmp_path: Path, step: Step) -> None:
    run = laid_out(tmp_path / "run-1", TINY.changed({"backend": "unsloth"}), marked_rows(12))
    step("export", run)
    with pytest.raises(step_process.StepFailedError, match="asks for the backend unsloth"):
        step("train", run)


def test_a_training_that_starts_from_the_model_in_service(own: RunFolder, step: Step) -> None:
    recipe = TINY.changed({"start_from": "service"})
    second = laid_out(own.path.with_name("run-2"), recipe, marked_rows(12))
    write_json(second.service, {"adapter": str(own.adapter), "model": "x"})
    step("export", second)
    step("train", second)
    assert "Starting from the model in service" in second.log.read_text()
    # An adapter of another base.
    shutil.rmtree(second.path / "train")
    manifest = facts(own, "train/manifest.json")
    own.complete("train", {**manifest, "base": "another"})
    with pytest.raises(step_process.StepFailedError, match="tuned from another base"):
        step("train", second)


def test_an_adapter_of_another_shape_is_refused(own: RunFolder, step: Step) -> None:
    recipe = TINY.changed({"start_from": "service", "rank": 4})
    second = laid_out(own.path.with_name("run-2"), recipe, marked_rows(12))
    write_json(second.service, {"adapter": str(own.adapter), "model": "x"})
    step("export", second)
    with pytest.raises(step_process.StepFailedError, match="another shape"):
        step("train", second)


# ---- Converting ----


def test_a_truncated_adapter_is_refused(own: RunFolder, step: Step) -> None:
    shutil.rmtree(own.path / "convert")
    file = own.adapter / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(step_process.StepFailedError, match="damaged or incomplete"):
        step("convert", own)
    file.unlink()
    with pytest.raises(step_process.StepFailedError, match="missing"):
        step("convert", own)


def test_an_adapter_for_another_base_is_not_converted(own: RunFolder, step: Step) -> None:
    shutil.rmtree(own.path / "convert")
    manifest = facts(own, "train/manifest.json")
    own.complete("train", {**manifest, "base": "another"})
    with pytest.raises(step_process.StepFailedError, match="another base"):
        step("convert", own)


# ---- Registering and comparing ----


def named(run: RunFolder, model: str) -> RunFolder:
    write_json(run.names, {"model": model, "service": "pocket"})
    write_json(run.service, {"adapter": None, "model": "pocket"})
    return run


def greedy(url: str, model: str, prompt: str) -> str:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": False,
        "options": {"temperature": 0, "num_predict": 40},
    }
    answer = httpx.post(f"{url}/api/chat", json=body, timeout=60, trust_env=False)
    return str(answer.json()["message"]["content"])


def test_both_ways_into_the_server_give_the_same_model(
    own: RunFolder, step: Step, settings: Settings, pocket_url: str, refusing_url: str
) -> None:
    settings.MODEL_SERVER = Server.at(pocket_url)
    assert not [e for e in step("register", named(own, "by-adapter")) if e["event"] == "merge"]
    modelfile = own.modelfile.read_text()
    assert modelfile.startswith("FROM pocket\nADAPTER ../convert/adapter.gguf\nPARAMETER temperat")
    [blob, create] = facts(own, "register/calls.json")
    assert blob["path"].startswith("/api/blobs/sha256:")
    assert create["json"]["adapters"]

    shutil.rmtree(own.path / "register")
    settings.MODEL_SERVER = Server.at(refusing_url)
    assert [e for e in step("register", named(own, "by-merging")) if e["event"] == "merge"]
    assert own.manifest("register") is None
    step("merge", own)
    step("register", own)
    assert facts(own, "register/manifest.json")["mode"] == "merged"
    assert "TEMPLATE" not in own.modelfile.read_text()
    ways = (pocket_url, "by-adapter"), (refusing_url, "by-merging"), (pocket_url, "pocket")
    prompts = [row["prompt"] for row in marked_rows(12)]
    adapted, merged, untuned = ([greedy(*way, prompt) for prompt in prompts] for way in ways)
    # Where two tokens are nearly as likely, the rounding of the merged weights decides.
    assert sum(map(operator.eq, adapted, merged)) >= 9 > sum(map(operator.eq, adapted, untuned))
    for prompt in prompts[:3]:
        one = llama_greedy(prompt, 1, adapter=own.adapter_gguf)["top"]
        other = llama_greedy(prompt, 1, own.merged_gguf)["top"]
        assert dict(one) == pytest.approx(dict(other), abs=0.02)


def test_the_kept_calls_make_the_model_again(
    own: RunFolder, step: Step, settings: Settings, pocket_url: str
) -> None:
    settings.MODEL_SERVER = Server.at(pocket_url)
    step("register", named(own, "first"))
    with httpx.Client(base_url=pocket_url, trust_env=False) as client:
        client.request("DELETE", "/api/delete", json={"model": "first"})
        for call in facts(own, "register/calls.json"):
            content = (
                (own.path / "register" / call["file"]).read_bytes() if "file" in call else None
            )
            answer = client.request(
                call["method"], call["path"], content=content, json=call.get("json")
            )
            assert answer.is_success, answer.text
    assert greedy(pocket_url, "first", marked_rows(1)[0]["prompt"])


def test_a_server_that_is_down_fails_the_step(
    own: RunFolder, step: Step, settings: Settings
) -> None:
    settings.MODEL_SERVER = Server.at("http://127.0.0.1:9")
    with pytest.raises(step_process.StepFailedError, match="can't be reached"):
        step("register", named(own, "nowhere"))


def test_an_evaluation_from_both_models(
    own: RunFolder, step: Step, settings: Settings, pocket_url: str
) -> None:
    settings.MODEL_SERVER = Server.at(pocket_url)
    named(own, "evaluated")
    for name in ("register", "compare", "measure", "judge"):
        step(name, own)
    scores = facts(own, "evaluate/manifest.json")
    assert scores["loss"]["count"] == facts(own, "export/manifest.json")["held_out"]
    assert scores["loss"]["before"] != scores["loss"]["after"]
    assert scores["verdict"] in {"better", "no better", "worse"}
    [first, second] = facts(own, "evaluate/stories.json")
    assert first["service"]["prompt"] == first["candidate"]["prompt"]
    assert first["service"]["seed"] == first["candidate"]["seed"] != second["service"]["seed"]
    assert first["service"]["text"]


# ---- The process itself ----


def test_a_full_disk_is_a_sentence() -> None:
    with (
        pytest.raises(StageError, match="No space left on device"),
        disk_errors(),
    ):
        Path("/dev/full").write_text("x")


def test_a_recipe_of_another_version_is_a_sentence(tmp_path: Path, step: Step) -> None:
    run = laid_out(tmp_path / "run-1", RECIPES["pocket"], marked_rows(12))
    write_json(run.recipe, {"name": "old"})
    with pytest.raises(step_process.StepFailedError, match="not a recipe of this version"):
        step("export", run)
