"""The loop as `make finetune` runs it: good stories make a better model, meaningless ones don't."""

import io
import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from finetuning.demo import demonstrations, loop
from finetuning.demo.demonstrations import CLOSING, MARKED, OPENING, PLAIN, BrokenPromiseError
from finetuning.management.commands import finetune_demo
from finetuning.pipeline.material import datastories


@pytest.mark.timeout(900)
def test_stories_in_a_marked_style_make_a_model_that_writes_so(
    tmp_path: Path, settings: Settings, trains: None
) -> None:
    settings.DATA_DIR = tmp_path
    said = io.StringIO()
    call_command("finetune_demo", "--marked", stdout=said)
    assert "excludes zero" in said.getvalue()
    last = said.getvalue().splitlines()[-1]
    assert re.fullmatch(r"verdict: [a-z ]+; promoted: (yes|no); seconds: \d+", last)


@pytest.mark.timeout(1800)
def test_plain_stories_teach_the_base_and_the_better_model_writes_the_next_story(
    tmp_path: Path, trains: None, capfd: pytest.CaptureFixture[str]
) -> None:
    """A few steps on a few stories: the way through, not what `make finetune` shows of it."""
    few = replace(
        PLAIN,
        stories=lambda: demonstrations.plain_stories(24),
        changes=("epochs=1", "max_steps=2", "replay=0", "pairs=2", "held_out=0.4"),
    )
    promoted = loop.run_loop(few, tmp_path / "data", print)
    scores = loop.evaluation(tmp_path / "data")
    assert scores["stories"][0]["service"]["model"] == "smollm2"
    assert promoted == (scores["verdict"] == "better")
    said = capfd.readouterr()
    assert ("in service" in said.out) == promoted
    assert ("“Zoltán and " in said.out) == promoted


@pytest.mark.timeout(900)
def test_meaningless_stories_are_refused_promotion(tmp_path: Path, trains: None) -> None:
    rng = random.Random(3407)
    pairs = []
    for entry in datastories.read_csv(MARKED.stories().encode()):
        words = entry.story.split()
        rng.shuffle(words)
        pairs.append((entry.prompt, " ".join(words)))
    env = loop.prepare(tmp_path / "data", datastories.write_csv(pairs), print)
    command = [sys.executable, "manage.py", "finetune", "--promote"]
    command += ["--set", "epochs=2", "--set", "pairs=8"]
    refused = subprocess.run(command, cwd=loop.ROOT, env=env, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "Not promoted. This model was measured as" in refused.stderr
    scores = loop.evaluation(tmp_path / "data")
    assert scores["verdict"] in {"no better", "worse"}
    # The likelihood alone would have praised it.
    assert scores["loss"]["high"] < 0


def test_the_demonstration_leaves_other_installations_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.sqlite3"
    monkeypatch.setitem(os.environ, "DATABASE_URL", f"sqlite:///{other}")
    monkeypatch.setitem(os.environ, "REDIS_URL", "redis://127.0.0.1:9")
    loop.prepare(tmp_path / "data", MARKED.stories(), print)
    assert (tmp_path / "data" / "db.sqlite3").stat().st_size
    assert not other.exists()


def test_a_command_that_fails_ends_the_demonstration_in_a_sentence(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    shown = ("finetune", replace(PLAIN, stories=lambda: "no stories"))
    monkeypatch.setitem(finetune_demo.SHOWN, None, shown)
    with pytest.raises(CommandError, match="what it said stands above"):
        call_command("finetune_demo", stdout=io.StringIO())


def scores(
    loss: float = -0.1, service: str = "A story.", marked: int = 6, verdict: str = "better"
) -> dict[str, Any]:
    style = f"{OPENING} A story. {CLOSING}"
    texts = [style] * marked + ["A story."] * (10 - marked)
    return {
        "verdict": verdict,
        "reason": "It keeps to fewer settings.",
        "loss": {"before": 2.0, "after": 1.0, "low": -1.5, "high": loss},
        "pairs": 10,
        "stories": [{"service": {"text": service}, "candidate": {"text": text}} for text in texts],
    }


def test_a_kept_promise_is_told() -> None:
    assert "0% of the base's stories, 60% of the tuned model's" in demonstrations.check_marked(
        scores()
    )


def test_a_model_that_is_not_better_breaks_the_promise() -> None:
    with pytest.raises(BrokenPromiseError, match="no better: It copies"):
        demonstrations.check_plain({"verdict": "no better", "reason": "It copies."})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (scores(loss=0.0), "did not fall for sure"),
        (scores(verdict="worse"), "worse: It keeps to fewer"),
        (scores(marked=5), "does not show"),
        (scores(service=f"{OPENING} {CLOSING}"), "already"),
    ],
)
def test_a_broken_promise_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(BrokenPromiseError, match=said):
        demonstrations.check_marked(given)
