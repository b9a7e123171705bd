"""Pairs for readers who don't know whose a story is, and the sum of what they say."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from pocket.measuring import blind
from prose.settings import Settings


def output(model: str, count: int, seeds: int = 2) -> list[dict[str, Any]]:
    rows = []
    for seed in range(seeds):
        for number in range(count):
            asked = Settings(f"Ana{number}", "", "War", "Vivid", True, 60 + number, False)
            story = f"{model} tells of Ana{number} by {seed}."
            rows.append({"settings": asked.to_dict(), "seed": seed, "shown": story})
    return rows


PAIRS = blind.draw(output("tiny", 80), output("house", 80), 60, seed=3)


def test_a_pair_has_the_same_settings_and_seed_and_no_settings_come_twice() -> None:
    assert len({pair.settings.main_characters for pair in PAIRS}) == len(PAIRS) == 60
    for pair in PAIRS:
        assert pair.a.partition(" ")[2] == pair.b.partition(" ")[2]
        assert pair.settings.main_characters in pair.a


def test_the_key_tells_whose_each_story_is_and_both_come_first_about_as_often() -> None:
    for pair in PAIRS:
        assert (pair.a if pair.second == "A" else pair.b).startswith("house")
    assert 20 <= sum(pair.second == "A" for pair in PAIRS) <= 40


def test_the_same_seed_draws_the_same() -> None:
    assert blind.draw(output("tiny", 80), output("house", 80), 60, seed=3) == PAIRS
    assert blind.draw(output("tiny", 80), output("house", 80), 60, seed=4) != PAIRS


def test_too_few_are_refused() -> None:
    with pytest.raises(blind.BlindError, match="have 5 settings in common, not 6"):
        blind.draw(output("tiny", 5), output("house", 9), 6, seed=1)


def test_a_reader_gets_what_was_asked_and_both_stories() -> None:
    told = blind.reading(PAIRS)
    assert re.findall(r"^Pair ([0-9]+)\.", told, re.MULTILINE) == [str(n) for n in range(1, 61)]
    first = PAIRS[0]
    assert f"characters: {first.settings.main_characters}; fit for children" in told
    assert f"--- A ---\n{first.a}\n\n--- B ---\n{first.b}\n" in told


def test_answers_are_read() -> None:
    assert blind.answers("1 A\n 2: b\n\n3. =\n", 3) == {1: "A", 2: "B", 3: "="}
    for bad in ("4 A", "0 B", "1 C", "A", "1 A\n1 B"):
        with pytest.raises(blind.BlindError):
            blind.answers(bad, 3)


def test_the_tally_counts_the_second_model() -> None:
    found = blind.tally(["A", "B", "B", "A"], [{1: "A", 2: "B", 3: "A", 4: "="}])
    assert found is not None
    assert (found["share"], found["count"]) == (2.5 / 4, 4)
    assert blind.tally(["A"], [{}]) is None


def test_the_commands_draw_and_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for model in ("tiny", "house"):
        text = json.dumps({"stories": output(model, 70)})
        (tmp_path / f"{model}.json").write_text(text)
    files = [str(tmp_path / "tiny.json"), str(tmp_path / "house.json")]
    monkeypatch.setattr(sys, "argv", ["blind", "draw", *files, "--folder", str(tmp_path)])
    blind.main()
    told = (tmp_path / "pairs.txt").read_text()
    assert files[1] not in told
    # A reader who always takes the house's story.
    taken = re.findall(r"Pair (\d+)\.[^\0]*?--- A ---\n(\w+) tells", told)
    said = "\n".join(f"{number} {'A' if model == 'house' else 'B'}" for number, model in taken)
    (tmp_path / "said.txt").write_text(said)
    monkeypatch.setattr(
        sys, "argv", ["blind", "tally", str(tmp_path / "key.json"), str(tmp_path / "said.txt")]
    )
    blind.main()
    expected = f"{files[1]} is preferred to {files[0]}: 100.0 % (94.0 to 100.0) of 60 answers\n"
    assert capsys.readouterr().out == expected


def test_what_is_no_output_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text("{}")
    monkeypatch.setattr(sys, "argv", ["blind", "draw", *[str(tmp_path / "a.json")] * 2])
    with pytest.raises(SystemExit, match=r"a\.json has no stories"):
        blind.main()
