"""The training stories follow their settings, as the model is to do."""

import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from itertools import islice
from types import SimpleNamespace

import pytest

from pocket import corpus
from stories import prompts

EXAMPLES = list(islice(corpus.examples(11), 1500))
WHOLE = [example for example in EXAMPLES if example.kind == "write"]
HELD_OUT = list(islice(corpus.examples(12, vocabulary="held-out", kind="write"), 300))


def test_the_mix() -> None:
    kinds = Counter(example.kind for example in EXAMPLES)
    assert set(kinds) == {"write", "rewrite", "continue"}
    assert kinds["write"] > len(EXAMPLES) / 2


def test_every_genre_and_register_is_there() -> None:
    assert len({example.settings.genre for example in WHOLE}) == 15
    assert len({example.settings.register for example in WHOLE}) == 10


@pytest.mark.parametrize("examples", [WHOLE, HELD_OUT], ids=["train", "held-out"])
def test_stories_follow_their_settings(examples: list[corpus.Example]) -> None:
    for example in examples:
        story, settings = example.story, example.settings
        assert len(story.split()) <= settings.max_words
        assert story.rstrip()[-1] in '.!?…"”'
        assert story.count("\n\n") >= 2, "introduction, development, conclusion"
        lowered = story.lower()
        for name in settings.characters:
            assert name.lower() in lowered
        for keyword in settings.keywords:
            assert keyword.lower() in lowered


def test_the_prompt_is_the_apps() -> None:
    for example in WHOLE[:100]:
        settings = example.settings
        names, keywords = ", ".join(settings.characters), ", ".join(settings.keywords)
        apps = SimpleNamespace(
            **{**asdict(settings), "main_characters": names, "keywords": keywords}
        )
        assert example.prompt == prompts.story_prompt(apps)
        rewrite = prompts.rewrite_prompt(apps, "One.", "Three.")
        assert settings.rewrite_prompt("One.", "Three.") == rewrite


def test_rewrites_and_continuations_join() -> None:
    for example in EXAMPLES:
        if example.kind == "continue":
            assert example.story == example.prefill + example.completion
        if example.kind == "rewrite":
            assert example.completion in example.story
            assert "It is important that the story starts with this part" in example.prompt


def test_held_out_names_are_in_no_training_story() -> None:
    trained = {name for e in EXAMPLES for name in e.settings.characters}
    held_out = {name for e in HELD_OUT for name in e.settings.characters}
    assert not trained & held_out


def test_a_seed_repeats_the_stories() -> None:
    again = [example.story for example in islice(corpus.examples(11), 20)]
    assert again == [example.story for example in EXAMPLES[:20]]
    assert [e.story for e in islice(corpus.examples(13), 20)] != again
    assert corpus.corpus_hash() == corpus.corpus_hash()


def test_the_command_prints_stories() -> None:
    command = [sys.executable, "-m", "pocket.corpus", "--count", "2", "--seed", "3"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "You are a writer." in output
