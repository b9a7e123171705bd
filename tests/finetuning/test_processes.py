"""What a step and the command leave behind or run: nothing that they should not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from finetuning import driver, step_process
from finetuning.management.commands import finetune
from finetuning.models import TrainingRun
from finetuning.pipeline import convert
from finetuning.pipeline.run_folder import RunFolder
from finetuning.pipeline.telling import CancelledError
from stories.models import User
from tests.finetuning.conftest import TINY

PATIENCE = 30.0  # seconds


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while alive(process):
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.05)


def test_what_a_killed_step_had_started_is_killed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import subprocess, sys; child = subprocess.Popen(['sleep', '300']); "
        "print(child.pid, flush=True); child.wait()"
    )
    real = subprocess.Popen
    monkeypatch.setattr(
        "finetuning.step_process.subprocess.Popen",
        lambda _, **more: real([sys.executable, "-c", code], **more),
    )
    step = step_process.Trainer("export", RunFolder(tmp_path))
    child = int(step._lines.get(timeout=PATIENCE) or 0)
    os.kill(step.pid, signal.SIGKILL)
    step._process.wait()
    assert alive(child)
    step.close()
    wait_until_gone(child)


def test_the_command_takes_its_model_server_along_when_it_is_ended() -> None:
    def be_ended() -> None:
        with finetune._ending_in_order():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(PATIENCE)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        be_ended()
    assert ended.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("step", [convert.convert, convert.merge])
def test_a_cancelled_run_converts_nothing(tmp_path: Path, step: Any) -> None:
    run = RunFolder(tmp_path)
    run.cancel.touch()
    with pytest.raises(CancelledError):
        step(run, TINY)


@pytest.mark.django_db
def test_a_long_curve_is_thinned(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    state = driver._Drive(TrainingRun.objects.create(recipe=TINY.to_dict()), print)
    for step in range(1, 5001):
        held_out = 2.0 if step % 1000 == 0 else None
        driver._hear_progress(state, {"step": step, "loss": 1.0, "held_out": held_out})
    assert 300 < len(state.curve) <= 1000
    assert state.curve[0][0] == 1
    assert [step for step, _, held_out in state.curve if held_out] == [1000, 2000, 3000, 4000, 5000]


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["resume", "retry"])
def test_a_run_of_another_version_answers_in_a_sentence(
    curator: User, client: Client, action: str, settings: Settings
) -> None:
    settings.TRAIN_PYTHON = "python3"
    run = TrainingRun.objects.create(recipe={"name": "old"}, state=TrainingRun.State.FAILED)
    client.force_login(curator)
    answer = client.post(f"/teach/runs/{run.pk}/act/", {"action": action}, follow=True)
    assert "not a recipe of this version" in answer.content.decode()


@pytest.mark.django_db
def test_looking_at_a_run_announces_nothing(
    curator: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finetuning.services.states.recover", lambda: pytest.fail("by a GET"))
    run = TrainingRun.objects.create(recipe=TINY.to_dict())
    client.force_login(curator)
    assert client.get(f"/teach/runs/{run.pk}/live/").status_code == 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["TORCH_INDEX=https://index.test/cpu"], "--index-url https://index.test/cpu torch=="),
        ([], "--disable-pip-version-check torch=="),
    ],
)
def test_torch_may_come_from_an_index_of_its_own(given: list[str], said: str) -> None:
    command = ["make", "--dry-run", "--always-make", *given, "train-env"]
    environment = {name: value for name, value in os.environ.items() if name != "TORCH_INDEX"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    shown = " ".join(done.stdout.replace("\\\n", " ").split())
    assert said in shown
    assert shown.count("--index-url") == len(given)
