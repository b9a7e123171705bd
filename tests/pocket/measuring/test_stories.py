"""The figures of stories whose checks are known, and the whole command on a scripted server."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pocket.measuring import __main__ as command
from pocket.measuring import held_out, stories
from pocket.measuring.checks import checked
from pocket.measuring.held_out import Letter
from pocket.measuring.table import table
from prose import prompts
from prose.settings import Settings
from tests.conftest import ScriptedServer
from tests.support.processes import free_port

ASKED = Settings("Zoë", "", "Drama", "Direct", False, 100, False)


def row(number: int, seed: int, text: str, keywords: str = "") -> dict[str, Any]:
    asked = Settings(**{**ASKED.to_dict(), "keywords": keywords})
    return {
        "number": number,
        "seed": seed,
        "settings": asked.to_dict(),
        "shown": text,
        "checks": checked(text, asked, ended=True),
    }


def test_shares_are_counted_where_there_is_something_to_count() -> None:
    twice = "She counted all the geese. She counted all the geese."
    rows = [
        row(0, 1, "Zoë fed the geese in the yard.", "geese"),
        row(1, 1, f"Zoë was tired. {twice}", "bread"),
        row(2, 1, "Nobody came to the farm that year"),
        row(0, 2, "Zoë fed the geese in the yard.", "geese"),
    ]
    found = stories.figures(rows)
    shares = {name: (found[name]["share"], found[name]["count"]) for name in ("names", "keywords")}
    assert shares == {"names": (3 / 4, 4), "keywords": (pytest.approx(2 / 3), 3)}
    assert found["repeated"]["share"] == 1 / 4
    assert found["ends"]["share"] == 3 / 4
    assert found["all_five"]["share"] == 2 / 4
    # A story of another seed is no repetition.
    assert found["openings_twice"] == 0


def test_letters_are_told_by_their_scripts() -> None:
    letters = [Letter(letter, ASKED) for letter in "AÖЖΩ"]
    rows = [row(n, 1, text) for n, text in enumerate(["Zoë.", "Joe.", "Zoë.", "Zoë."])]
    found = stories.letter_figures(letters, rows)
    assert found["letters"]["share"] == 3 / 4
    assert [found[f"letters_{script}"]["share"] for script in stories.SCRIPTS] == [1, 0, 1, 1]
    assert found["letters_missing"] == "Ö"


def test_a_story_is_asked_for_as_the_app_does() -> None:
    asked = stories.asked_for(ASKED, 5)
    assert asked.prompt == prompts.story_prompt(ASKED)
    assert (asked.num_predict, asked.most_words, asked.seed) == (264, 100, 5)


def test_the_table_has_the_promised_order_and_marks_what_is_missing() -> None:
    share = {"share": 0.97, "low": 0.955, "high": 0.98, "count": 900}
    told = table({"house": {"names": share, "first_word_ms": 321.4}, "authored": {"nearest": 0.05}})
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in told.split("\n")]
    assert lines[0] == ["measure", "goal", "house", "authored"]
    assert lines[2:] == [
        ["all names present", "97 %", "97.0 % (95.5 to 98.0)", "-"],
        ["4-grams of the nearest story", "as authored", "-", "5.0 %"],
        ["first word", "<= 400 ms", "321 ms", "-"],
    ]


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["measuring", *map(str, words)])
    command.main()


def test_the_command_prints_the_table_and_keeps_the_stories(
    scripted_server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "deep" / "measured.json"
    words = ["--url", scripted_server.url, "--model", "measured-once", "--settings", 3]
    words += ["--seeds", 1, 2, "--letters", 2, "--timed", 1, "--output", output]
    run(monkeypatch, *words)
    told = capsys.readouterr().out
    measured = json.loads(output.read_text())
    assert [(each["number"], each["seed"]) for each in measured["stories"]] == [
        *((number, 1) for number in range(3)),
        *((number, 2) for number in range(3)),
    ]
    first = measured["stories"][0]
    assert first["settings"] == held_out.settings()[0].to_dict()
    assert first["answer"].startswith("Anna lifted the lantern")
    assert measured["figures"]["names"]["share"] == 0
    assert "| within the limit, ending by itself, whole " in told
    assert "Letters whose name was missing: AB" in told
    asked = len(scripted_server.chats("measured-once"))
    # Again: nothing but what is timed is asked.
    run(monkeypatch, *words, "--beside", output)
    assert len(scripted_server.chats("measured-once")) == asked + 1
    assert "| measured " in capsys.readouterr().out


def test_a_dead_server_ends_it_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SystemExit, match=f"No model server answers at {url}."):
        run(monkeypatch, "--url", url, "--output", tmp_path / "a.json")


def test_an_interrupted_run_says_how_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "Desk", interrupted)
    with pytest.raises(SystemExit, match="Interrupted"):
        run(monkeypatch, "--output", tmp_path / "a.json")


def test_what_is_no_earlier_output_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="is no output of this command"):
        run(monkeypatch, "--beside", tmp_path / "none.json", "--output", tmp_path / "a.json")
