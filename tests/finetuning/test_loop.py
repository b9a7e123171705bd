"""The loop as `make finetune` runs it: good stories make a better model, meaningless ones don't."""

import io
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from finetuning.demo import loop
from finetuning.pipeline.material import datastories


@pytest.mark.timeout(900)
def test_stories_in_a_marked_style_make_a_model_that_writes_so(
    tmp_path: Path, settings: Settings, trains: None
) -> None:
    settings.DATA_DIR = tmp_path
    said = io.StringIO()
    call_command("finetune_demo", stdout=said)
    assert "excludes zero" in said.getvalue()
    assert loop.OPENING in said.getvalue()


@pytest.mark.timeout(900)
def test_meaningless_stories_are_refused_promotion(tmp_path: Path, trains: None) -> None:
    rng = random.Random(3407)
    pairs = []
    for entry in datastories.read_csv(loop.STORIES.read_bytes()):
        words = entry.story.split()
        rng.shuffle(words)
        pairs.append((entry.prompt, " ".join(words)))
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text(datastories.write_csv(pairs), newline="")
    env = loop.prepare(tmp_path / "data", shuffled, print)
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
    loop.prepare(tmp_path / "data", loop.STORIES, print)
    assert (tmp_path / "data" / "db.sqlite3").stat().st_size
    assert not other.exists()


def test_a_command_that_fails_ends_the_demonstration_in_a_sentence(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    nothing = tmp_path / "none.csv"
    monkeypatch.setattr(loop, "STORIES", nothing)
    with pytest.raises(CommandError, match="what it said stands above"):
        call_command("finetune_demo", stdout=io.StringIO())


def scores(loss: float = -0.1, service: str = "A story.", marked: int = 6) -> dict[str, Any]:
    style = f"{loop.OPENING} A story. {loop.CLOSING}"
    texts = [style] * marked + ["A story."] * (10 - marked)
    return {
        "loss": {"before": 2.0, "after": 1.0, "low": -1.5, "high": loss},
        "pairs": 10,
        "stories": [{"service": {"text": service}, "candidate": {"text": text}} for text in texts],
    }


def test_a_kept_promise_is_told() -> None:
    assert "0% of the base's stories, 60% of the tuned model's" in loop.check(scores())
    assert loop.is_marked(loop.marked_story(scores()))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (scores(loss=0.0), "did not fall for sure"),
        (scores(marked=5), "does not show"),
        (scores(service=f"{loop.OPENING} {loop.CLOSING}"), "already"),
    ],
)
def test_a_broken_promise_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(loop.BrokenPromiseError, match=said):
        loop.check(given)
