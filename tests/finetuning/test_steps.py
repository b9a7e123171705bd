"""The real steps on pocket: base, training, both ways into the server, and what breaks them."""

import json
import operator
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from finetuning import step_process
from finetuning.pipeline import base, register, run_folder
from finetuning.recipes import RECIPES
from tests.finetuning.conftest import TINY, Step, facts, laid_out, marked_rows

# Each starts torch, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(600)
GGUF = Path("pocket/model/pocket.gguf")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with a tiny adapter, converted; copied by those who change it."""
    folder = laid_out(tmp_path_factory.mktemp("runs") / "run-1", TINY, marked_rows(12))
    for step in ("export", "train", "convert"):
        with step_process.running(step, folder, folder / "log.txt") as process:
            list(process.events(1.0))
    return folder


@pytest.fixture
def own(tuned: Path, tmp_path: Path) -> Path:
    """A copy of the tuned run, for the test to do as it likes with."""
    return Path(shutil.copytree(tuned.parent, tmp_path / "runs")) / tuned.name


def test_the_checkpoint_is_the_model_of_the_file(tmp_path: Path) -> None:
    """The unpacked base gives the tokens and logits that llama.cpp gives (greedy, top five)."""
    base.unpack(GGUF, tmp_path / "base")
    script = Path(__file__).with_name("greedy.py")
    command = [django_settings.TRAIN_PYTHON, str(script), str(tmp_path / "base")]
    theirs = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    ours = llama_greedy(theirs["prompt"], len(theirs["ids"]))
    assert ours["ids"] == theirs["ids"]
    for (id_one, one), (id_other, other) in zip(ours["top"], theirs["top"], strict=True):
        assert id_one == id_other
        assert one == pytest.approx(other, abs=0.02)


def test_our_loss_and_its_gradient_are_trls(tuned: Path) -> None:
    script = Path(__file__).with_name("same_loss.py")
    weights = str(next((tuned.parent / "bases").iterdir()))
    rows = str(tuned / "export" / "train.jsonl")
    done = subprocess.run(
        [django_settings.TRAIN_PYTHON, str(script), weights, rows],
        env={**os.environ, **step_process.QUIET, "PYTHONPATH": str(django_settings.BASE_DIR)},
        check=True,
        capture_output=True,
    )
    ours, theirs = json.loads(done.stdout.splitlines()[-1])
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert ours[1] > 0


def llama_greedy(
    prompt: list[int] | str, count: int, weights: Path = GGUF, adapter: Path | None = None
) -> dict[str, Any]:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.verbosity = str(weights), -1
    if adapter:
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
    server = xllamacpp.Server(parameters)
    body = {"prompt": prompt, "n_predict": count, "temperature": 0, "n_probs": 5}
    answer = httpx.post(
        f"{server.listening_address}/completion", json=body, timeout=60, trust_env=False
    ).json()
    tokens = answer["completion_probabilities"]
    top = [(token["id"], token["logprob"]) for token in tokens[0]["top_logprobs"]]
    return {"ids": [token["id"] for token in tokens], "top": top}


@pytest.mark.parametrize("damage", ["cut", "nonsense", "adapter"])
def test_a_base_that_is_none_is_refused(tmp_path: Path, damage: str) -> None:
    whole = GGUF.read_bytes()
    data = {"cut": whole[: len(whole) // 2], "nonsense": b"GGUF" + b"\0" * 100, "adapter": b""}
    (tmp_path / "x.gguf").write_bytes(data[damage])
    with pytest.raises(run_folder.StageError, match="damaged"):
        base.unpack(tmp_path / "x.gguf", tmp_path / "base")
    with pytest.raises(run_folder.StageError, match="missing"):
        base.checkpoint(tmp_path / "run", TINY.from_dict({**TINY.to_dict(), "weights": "no.gguf"}))


# ---- Training ----


def test_training_reports_and_leaves_an_adapter_and_nothing_else(tuned: Path) -> None:
    manifest = facts(tuned, "train/manifest.json")
    assert manifest["steps"] == 4
    assert manifest["tokens"] > 0
    assert (tuned / "train" / "adapter" / "adapter_model.safetensors").is_file()
    assert not (tuned / "train" / "checkpoints").exists()
    assert not list(tuned.rglob("*.bin"))


def test_a_cancelled_training_goes_on_where_it_stopped(
    tmp_path: Path, trains: None, step: Step
) -> None:
    recipe = TINY.changed({"max_steps": 12, "checkpoint_steps": 50})
    folder = laid_out(tmp_path / "run-1", recipe, marked_rows(12))
    step("export", folder)
    with pytest.raises(step_process.StepCancelledError):
        cancel_at_step(3, folder)
    (folder / run_folder.CANCEL_FILE).unlink()
    events = step("train", folder)
    steps = [event["step"] for event in events if event.get("loss") is not None]
    assert 3 < steps[0] <= 12
    assert steps[-1] == 12
    assert "Going on from step" in (folder / "log.txt").read_text()


def cancel_at_step(number: int, folder: Path) -> None:
    with step_process.running("train", folder, folder / "log.txt") as process:
        for event in process.events(0.2):
            if event and event["event"] == "progress" and event["step"] >= number:
                step_process.ask_to_stop(folder)


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path, step: Step) -> None:
    recipe = TINY.changed({"learning_rate": 0.05, "max_steps": 30, "alpha": 512, "rank": 1})
    rows = marked_rows(12)
    folder = laid_out(tmp_path / "run-1", recipe, rows)
    step("export", folder)
    # A base with a weight that is no number, as a broken download has.
    weights = Path(base.checkpoint(folder, recipe))
    poison(weights / "model.safetensors")
    with pytest.raises(step_process.StepFailedError, match="no number any more at step"):
        step("train", folder)


def poison(path: Path) -> None:
    import numpy as np
    from safetensors.numpy import load_file, save_file

    tensors = load_file(path)
    tensors["model.norm.weight"] = np.full_like(tensors["model.norm.weight"], np.nan)
    save_file(tensors, path, metadata={"format": "pt"})


def test_a_story_longer_than_the_context_is_refused(tmp_path: Path, step: Step) -> None:
    rows = marked_rows(12)
    rows[3] = {**rows[3], "text": "A long road goes on. " * 1000}
    folder = laid_out(tmp_path / "run-1", TINY, rows)
    step("export", folder)
    with pytest.raises(step_process.StepFailedError, match="with its prompt and the base reads"):
        step("train", folder)


def test_the_backend_is_refused_where_it_cannot_run(tmp_path: Path, step: Step) -> None:
    folder = laid_out(tmp_path / "run-1", TINY.changed({"backend": "unsloth"}), marked_rows(12))
    step("export", folder)
    with pytest.raises(step_process.StepFailedError, match="asks for the backend unsloth"):
        step("train", folder)


def test_a_training_that_starts_from_the_model_in_service(own: Path, step: Step) -> None:
    recipe = TINY.changed({"start_from": "service"})
    second = laid_out(own.parent / "run-2", recipe, marked_rows(12))
    adapter = own / "train" / "adapter"
    run_folder.write_json(second / "service.json", {"adapter": str(adapter), "model": "x"})
    step("export", second)
    step("train", second)
    assert "Starting from the model in service" in (second / "log.txt").read_text()
    # An adapter of another base.
    shutil.rmtree(second / "train")
    manifest = facts(own, "train/manifest.json")
    run_folder.write_json(own / "train" / "manifest.json", {**manifest, "base": "another"})
    with pytest.raises(step_process.StepFailedError, match="tuned from another base"):
        step("train", second)


def test_an_adapter_of_another_shape_is_refused(own: Path, step: Step) -> None:
    recipe = TINY.changed({"start_from": "service", "rank": 4})
    second = laid_out(own.parent / "run-2", recipe, marked_rows(12))
    adapter = own / "train" / "adapter"
    run_folder.write_json(second / "service.json", {"adapter": str(adapter), "model": "x"})
    step("export", second)
    with pytest.raises(step_process.StepFailedError, match="another shape"):
        step("train", second)


# ---- Converting ----


def test_a_truncated_adapter_is_refused(own: Path, step: Step) -> None:
    shutil.rmtree(own / "convert")
    file = own / "train" / "adapter" / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(step_process.StepFailedError, match="damaged or incomplete"):
        step("convert", own)
    file.unlink()
    with pytest.raises(step_process.StepFailedError, match="missing"):
        step("convert", own)


def test_an_adapter_for_another_base_is_not_converted(own: Path, step: Step) -> None:
    shutil.rmtree(own / "convert")
    manifest = facts(own, "train/manifest.json")
    run_folder.write_json(own / "train" / "manifest.json", {**manifest, "base": "another"})
    with pytest.raises(step_process.StepFailedError, match="another base"):
        step("convert", own)


# ---- Registering and comparing ----


def named(folder: Path, model: str) -> Path:
    run_folder.write_json(folder / register.NAME, {"model": model, "service": "pocket"})
    run_folder.write_json(folder / "service.json", {"adapter": None, "model": "pocket"})
    return folder


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
    own: Path, step: Step, settings: Settings, pocket_url: str, refusing_url: str
) -> None:
    settings.OLLAMA_HOST = pocket_url
    assert not [e for e in step("register", named(own, "by-adapter")) if e["event"] == "merge"]
    modelfile = (own / "register" / "Modelfile").read_text()
    assert modelfile.startswith("FROM pocket\nADAPTER ../convert/adapter.gguf\nPARAMETER temperat")
    [blob, create] = facts(own, "register/calls.json")
    assert blob["path"].startswith("/api/blobs/sha256:")
    assert create["json"]["adapters"]

    shutil.rmtree(own / "register")
    settings.OLLAMA_HOST = refusing_url
    assert [e for e in step("register", named(own, "by-merging")) if e["event"] == "merge"]
    assert run_folder.manifest(own, "register") is None
    step("merge", own)
    step("register", own)
    assert facts(own, "register/manifest.json")["mode"] == "merged"
    assert "TEMPLATE" in (own / "register" / "Modelfile").read_text()
    ways = (pocket_url, "by-adapter"), (refusing_url, "by-merging"), (pocket_url, "pocket")
    prompts = [row["prompt"] for row in marked_rows(12)]
    adapted, merged, untuned = ([greedy(*way, prompt) for prompt in prompts] for way in ways)
    # Where two tokens are nearly as likely, the rounding of the merged weights decides.
    assert sum(map(operator.eq, adapted, merged)) >= 9 > sum(map(operator.eq, adapted, untuned))
    for prompt in prompts[:3]:
        one = llama_greedy(prompt, 1, adapter=own / "convert" / "adapter.gguf")["top"]
        other = llama_greedy(prompt, 1, own / "convert" / "merged.gguf")["top"]
        assert dict(one) == pytest.approx(dict(other), abs=0.02)


def test_the_kept_calls_make_the_model_again(
    own: Path, step: Step, settings: Settings, pocket_url: str
) -> None:
    settings.OLLAMA_HOST = pocket_url
    step("register", named(own, "first"))
    with httpx.Client(base_url=pocket_url, trust_env=False) as client:
        client.request("DELETE", "/api/delete", json={"model": "first"})
        for call in facts(own, "register/calls.json"):
            content = (own / "register" / call["file"]).read_bytes() if "file" in call else None
            answer = client.request(
                call["method"], call["path"], content=content, json=call.get("json")
            )
            assert answer.is_success, answer.text
    assert greedy(pocket_url, "first", marked_rows(1)[0]["prompt"])


def test_a_server_that_is_down_fails_the_step(own: Path, step: Step, settings: Settings) -> None:
    settings.OLLAMA_HOST = "http://127.0.0.1:9"
    with pytest.raises(step_process.StepFailedError, match="can't be reached"):
        step("register", named(own, "nowhere"))


def test_an_evaluation_from_both_models(
    own: Path, step: Step, settings: Settings, pocket_url: str
) -> None:
    settings.OLLAMA_HOST = pocket_url
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
        pytest.raises(run_folder.StageError, match="No space left on device"),
        run_folder.disk_errors(),
    ):
        Path("/dev/full").write_text("x")


def test_a_recipe_of_another_version_is_a_sentence(tmp_path: Path, step: Step) -> None:
    folder = laid_out(tmp_path / "run-1", RECIPES["pocket"], marked_rows(12))
    run_folder.write_json(folder / "recipe.json", {"name": "old"})
    with pytest.raises(step_process.StepFailedError, match="not a recipe of this version"):
        step("export", folder)
