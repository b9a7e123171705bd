"""The loop as `make finetune` runs it: good stories make a better model, meaningless ones don't."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from finetuning.pipeline import datastories
from tests.finetuning import loop


@pytest.mark.timeout(900)
def test_stories_in_a_marked_style_make_a_model_that_writes_so(
    tmp_path: Path, trains: None
) -> None:
    assert "excludes zero" in loop.check(loop.run_loop(tmp_path / "data"))


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
    env = loop.prepare(tmp_path / "data", shuffled)
    command = [sys.executable, "manage.py", "finetune", "--promote"]
    command += ["--set", "epochs=2", "--set", "pairs=8"]
    refused = subprocess.run(command, cwd=loop.ROOT, env=env, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "Not promoted. This model was measured as" in refused.stderr
    scores = loop.evaluation(tmp_path / "data")
    assert scores["verdict"] in {"no better", "worse"}
    # The likelihood alone would have praised it.
    assert scores["loss"]["high"] < 0
