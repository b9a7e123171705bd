"""What of the held-out settings stands in training stories."""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pocket.measuring import clashes, held_out
from pocket.measuring.clashes import Learned
from prose import prompts
from prose.settings import Settings

TRAINED = Settings(
    "Captain Ana Lúcia, Ottokar", "brass key, tides", "War", "Vivid", False, 90, False
)
STORY = "Ana's rope broke. Old Brandt, who loved bread, let the rain in."
LEARNED = [Learned(TRAINED, STORY)]


def chosen(names: str, keywords: str = "") -> list[Settings]:
    return [replace(TRAINED, main_characters=names, keywords=keywords)]


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("Ana Pope", ["Ana"]),
        ("Doctor Brandt", ["Brandt"]),  # he is in the text alone
        ("Ottokar-Lúcia", ["Lúcia", "Ottokar"]),
        ("Captain Old Zed", []),  # titles are nobody's
        ("Anabel", []),  # whole words
        ("Rain", []),  # no capital
    ],
)
def test_a_name_clashes_by_its_own_words(name: str, own: list[str]) -> None:
    assert clashes.names(chosen(name), LEARNED) == ({name: own} if own else {})


def test_a_keyword_clashes_with_keywords_alone() -> None:
    asked = chosen("Zed", "Brass keys, tide, key, bread")
    assert clashes.keywords(asked, LEARNED) == ["Brass keys", "tide"]


def write(path: Path, prompt: str) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("Prompt", "Story"), (prompt, STORY)])
    return path


def test_a_training_file_is_read(tmp_path: Path) -> None:
    assert clashes.read(write(tmp_path / "a.csv", prompts.story_prompt(TRAINED))) == LEARNED


def test_what_is_no_training_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(clashes.TrainingFileError, match="1 of 1 prompts"):
        clashes.read(write(tmp_path / "a.csv", "Tell me a story."))
    with pytest.raises(clashes.TrainingFileError, match="no Prompt,Story file"):
        clashes.read(tmp_path / "none.csv")


def test_the_command_tells_what_clashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", prompts.story_prompt(TRAINED))
    monkeypatch.setattr(sys, "argv", ["clashes", str(path)])
    monkeypatch.setattr(held_out, "settings", lambda: chosen("Ana Pope", "brass key"))
    with pytest.raises(SystemExit) as ended:
        clashes.main()
    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert "names: 1 of them in 1 training stories\n  Ana Pope (Ana)\n" in told
    assert "keywords: 1 of them in 1 training stories\n  brass key\n" in told
