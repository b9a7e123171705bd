"""What SmolLM2 is tuned on: each story keeps to its settings, and no two are alike."""

import re
import statistics
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from finetuning.pipeline.material import lessons
from pocket.measuring import clashes, held_out
from prose import passage, prompts, report, sentences, words
from prose.settings import Settings
from stories.models import Genre, Register

PLAIN, TOLD = Path("pocket/stories/plain"), Path("pocket/stories/told")
STORIES = {
    folder: [(row["prompt"], row["text"]) for row in lessons.stories(folder)]
    for folder in (PLAIN, TOLD)
}
ALL = [story for stories in STORIES.values() for story in stories]
HELD_OUT = Path("pocket/stories/held_out")  # rewrites alone
REWRITES = {folder: list(lessons.rewrites(folder)) for folder in (*STORIES, HELD_OUT)}
CONTINUATIONS = list(lessons.continuations(PLAIN))
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


def test_there_are_enough_in_all() -> None:
    assert len(ALL) >= 2_400
    assert sum(map(len, REWRITES.values())) >= 1_000
    assert len(CONTINUATIONS) >= 150
    lengths = [words.count(text) for _, text in ALL]
    assert min(lengths) < 70
    assert max(lengths) > 450


@pytest.mark.parametrize("folder", STORIES)
def test_there_are_enough_of_every_kind(folder: Path) -> None:
    asked = [settings_of(prompt) for prompt, _ in STORIES[folder]]
    assert len(asked) >= 1_000
    for kinds, chosen in ((Genre, "genre"), (Register, "register")):
        counts = Counter(getattr(one, chosen) for one in asked)
        assert set(counts) == set(kinds.values)
        assert max(counts.values()) < 1.5 * min(counts.values())
    for flag in ("child_friendly", "final_twist"):
        assert 0.25 < sum(getattr(one, flag) for one in asked) / len(asked) < 0.5
    assert any(not one.keywords for one in asked)


def test_the_plain_ones_are_plain() -> None:
    """Their sentences are short and their words common, more so than those of the others."""
    shares, lengths = {}, {}
    for folder, told in STORIES.items():
        counts = Counter(word for _, text in told for word in re.findall(r"[a-z]+", text))
        commonest = sum(count for _, count in counts.most_common(1_000))
        shares[folder] = commonest / counts.total()
        lengths[folder] = statistics.mean(
            words.count(text[start:end])
            for _, text in told
            for start, end in sentences.sentences(text)
        )
    assert shares[PLAIN] > max(0.85, shares[TOLD])
    assert lengths[PLAIN] < min(10, lengths[TOLD])


@pytest.mark.parametrize("folder", STORIES)
def test_each_story_keeps_to_its_settings(folder: Path) -> None:
    for prompt, text in STORIES[folder]:
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
    counts = Counter(words_of(text) for _, text in ALL)
    assert [found for found, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("folder", STORIES)
def test_no_rewrite_is_of_another_story_or_of_another_length(folder: Path) -> None:
    stories = set(STORIES[folder])
    for one in REWRITES[folder]:
        assert (one["prompt"], one["text"]) in stories
        part = passage.cut(one["text"], one["start"], one["end"])
        assert not part.is_whole_story
        assert one["replacement"] != part.core
        least, most = LENGTHS.get(one["mode"], USUAL)
        assert least <= words.count(one["replacement"]) / part.words <= most, one["replacement"]
        assert one["mode"] != "dialogue" or '"' in one["replacement"]
        assert (one["mode"] == "register") == (one["register"] in Register.values)
    kinds = Counter((one["mode"], bool(one["instruction"])) for one in REWRITES[folder])
    assert set(kinds) == {
        *(("expand", False), ("shorten", False), ("vivid", False), ("dialogue", False)),
        *(("register", False), ("rewrite", False), ("rewrite", True)),
    }


def test_each_continuation_goes_on_from_a_story() -> None:
    stories = set(STORIES[TOLD])
    for one in CONTINUATIONS:
        assert (one["prompt"], one["text"]) in stories
        assert 40 <= words.count(one["continuation"]) <= 130
        assert one["continuation"] not in one["text"]


@pytest.mark.parametrize("folder", STORIES)
def test_what_is_measured_with_was_not_learned(folder: Path) -> None:
    trained = clashes.read(folder / lessons.STORIES)
    chosen = held_out.settings()
    assert clashes.names(chosen, trained) == {}
    assert clashes.keywords(chosen, trained) == []
    assert clashes.names([letter.settings for letter in held_out.letters()], trained) == {}
