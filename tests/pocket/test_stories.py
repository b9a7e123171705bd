"""What SmolLM2 is tuned on: each story keeps to its settings, and no two are alike."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from finetuning.pipeline.material import lessons
from pocket.measuring import clashes, held_out
from prose import passage, prompts, report, words
from prose.settings import Settings
from stories.models import Genre, Register

FOLDER = Path("pocket/stories")
STORIES = [(row["prompt"], row["text"]) for row in lessons.stories(FOLDER)]
REWRITES = list(lessons.rewrites(FOLDER))
CONTINUATIONS = list(lessons.continuations(FOLDER))
# How long a replacement is, in parts of the passage, by what is asked.
LENGTHS = {"expand": (1.4, 2.5), "shorten": (0.2, 0.67)}
USUAL = (0.3, 2.5)
# Signs that a page shows as they are, and a story in plain text never needs.
MARKDOWN = re.compile(r"[*#_`|]|\]\(")


def settings_of(prompt: str) -> Settings:
    found = prompts.read_prompt(prompt)
    assert found is not None
    return found


def first_words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower())[:5])


def last_words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower())[-5:])


def test_there_are_enough_of_every_kind() -> None:
    assert len(STORIES) >= 1_000
    assert len(REWRITES) >= 600
    assert len(CONTINUATIONS) >= 150
    asked = [settings_of(prompt) for prompt, _ in STORIES]
    for kinds, chosen in ((Genre, "genre"), (Register, "register")):
        counts = Counter(getattr(one, chosen) for one in asked)
        assert set(counts) == set(kinds.values)
        assert max(counts.values()) < 1.5 * min(counts.values())
    for flag in ("child_friendly", "final_twist"):
        assert 0.3 < sum(getattr(one, flag) for one in asked) / len(asked) < 0.5
    assert any(not one.keywords for one in asked)
    lengths = [words.count(text) for _, text in STORIES]
    assert min(lengths) < 70
    assert max(lengths) > 450


def test_each_story_keeps_to_its_settings() -> None:
    for prompt, text in STORIES:
        asked = settings_of(prompt)
        found = report.story_report(text, asked)
        missing = (found["characters_missing"], found["keywords_missing"])
        assert missing == ([], []), text
        assert 0.7 * asked.max_words <= found["words"] <= asked.max_words, text
        assert found["whole_end"], text
        assert not found["repeated_sentences"], text
        assert not MARKDOWN.search(text), text


@pytest.mark.parametrize("words_of", [first_words, last_words])
def test_no_two_open_or_end_alike(words_of: Callable[[str], tuple[str, ...]]) -> None:
    counts = Counter(words_of(text) for _, text in STORIES)
    assert [found for found, count in counts.items() if count > 1] == []


def test_no_rewrite_is_of_another_story_or_of_another_length() -> None:
    stories = set(STORIES)
    for one in REWRITES:
        assert (one["prompt"], one["text"]) in stories
        part = passage.cut(one["text"], one["start"], one["end"])
        assert not part.is_whole_story
        assert one["replacement"] != part.core
        least, most = LENGTHS.get(one["mode"], USUAL)
        assert least <= words.count(one["replacement"]) / part.words <= most, one["replacement"]
        assert one["mode"] != "dialogue" or '"' in one["replacement"]
        assert (one["mode"] == "register") == (one["register"] in Register.values)
    kinds = Counter((one["mode"], bool(one["instruction"])) for one in REWRITES)
    assert set(kinds) == {
        *(("expand", False), ("shorten", False), ("vivid", False), ("dialogue", False)),
        *(("register", False), ("rewrite", False), ("rewrite", True)),
    }


def test_each_continuation_goes_on_from_a_story() -> None:
    stories = set(STORIES)
    for one in CONTINUATIONS:
        assert (one["prompt"], one["text"]) in stories
        assert 40 <= words.count(one["continuation"]) <= 130
        assert one["continuation"] not in one["text"]


def test_what_is_measured_with_was_not_learned() -> None:
    trained = clashes.read(FOLDER / lessons.STORIES)
    chosen = held_out.settings()
    assert clashes.names(chosen, trained) == {}
    assert clashes.keywords(chosen, trained) == []
    assert clashes.names([letter.settings for letter in held_out.letters()], trained) == {}
