"""Rewrites and continuations to learn from: parts of stories, and how they join."""

import random
import re
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from pocket import corpus
from pocket.corpus import split_sentences
from pocket.corpus.examples import displaced
from pocket.training import measures
from prose.settings import Settings
from tests.pocket.samples import EXAMPLES


def test_continuations_join() -> None:
    for example in EXAMPLES:
        if example.kind == "continue":
            assert example.prefill == example.prefill.rstrip()
            assert re.match(r"(?: |\n\n)\S", example.completion)


def test_rewrites_are_everywhere_and_join() -> None:
    places = Counter[str]()
    for example in (example for example in EXAMPLES if example.kind == "rewrite"):
        _, parts = example.prompt.split(" It is important that the story starts with this part", 1)
        initial, final = parts.removeprefix(" unchanged: ").split(
            " and finishes with this part unchanged: "
        )
        assert initial == example.prefill
        assert final == example.final
        assert example.completion.endswith(final)
        assert not measures.seam_faults(initial, example.completion, final, ended=True)
        passage = example.completion.removesuffix(final).strip()
        places["start"] += not initial
        places["end"] += not final
        places["one sentence"] += len(split_sentences(passage)) == 1
        places["more"] += len(split_sentences(passage)) > 1
    assert all(places[place] >= 10 for place in ("start", "end", "one sentence", "more")), places


def test_a_rewrites_final_part_is_not_always_what_the_plot_has_next() -> None:
    """Its first sentence has to be looked for in the prompt, as the passage does not tell it."""
    for example in islice(corpus.examples(15, kind="rewrite"), 400):
        material = (*example.settings.character_list, *example.settings.keyword_list)
        assert all(text in example.story for text in material), example.story
        assert measures.turns(example.story) == example.settings.final_twist, example.story
        names = tuple(n for name in example.settings.character_list for n in name.split())
        opened = [p for p in example.story.split("\n\n") if p.startswith(names)]
        assert not opened, "no space before a name"
    rng, settings = random.Random(5), EXAMPLES[0].settings
    initial, passage, final = "One.", " Two. ", "Three. Four.\n\nFive. Six."
    settings = replace(settings, main_characters="One", keywords="Six", final_twist=False)
    told = Counter(displaced(rng, settings, initial, passage, final) for _ in range(1000))
    assert set(told) == {
        (passage, final),
        (passage, "Four.\n\nFive. Six."),
        (" Three. ", "Two. Four.\n\nFive. Six."),
    }
    assert min(told.values()) > 100
    settings = replace(settings, keywords="Three")
    told = Counter(displaced(rng, settings, initial, passage, final) for _ in range(200))
    assert set(told) == {(passage, final), (" Three. ", "Two. Four.\n\nFive. Six.")}


@pytest.mark.parametrize(
    ("passage", "final"),
    [
        (" Two. ", "But it was not so. Six."),  # the twist's paragraph
        (' "Two?" ', "Anna asked. Four.\n\nSix."),
        (" Two. ", '"Three?" Anna asked.\n\nSix.'),
        (' "Two. ', 'Three." Four.\n\nSix.'),
        ("\n\nTwo. ", "Anna had come.\n\nSix."),
        ("\n\nTwo. ", "The sun had left her.\n\nSix."),
        (" Two.\n\n", "It was so. Anna left.\n\nSix."),
        (" Two.\n\n", "It was so. The sun had left her.\n\nSix."),
        (" There was Bo Lind. ", "Bo slept.\n\nSix."),
        (" Two. Three. ", "Four.\n\nSix."),
        (" Two. ", "Five.\n\nSix."),
    ],
)
def test_what_needs_its_place_keeps_it(passage: str, final: str) -> None:
    settings = replace(
        EXAMPLES[0].settings,
        main_characters="Anna Berg, Bo Lind",
        keywords="Five",
        final_twist=True,
    )
    initial = "Bo Lind met Anna Berg. Five." if "Bo" not in passage else "Anna Berg came. Five."
    if final.startswith("Five"):
        initial, passage = "Bo Lind met Anna Berg.", f"{passage.rstrip()}\n\n"
    rng = random.Random(5)
    for _ in range(100):
        assert displaced(rng, settings, initial, passage, final) == (passage, final)


def test_a_longer_passage_to_learn_from_goes_on_to_its_paragraphs_end() -> None:
    longer = 0
    for example in EXAMPLES:
        if example.kind != "rewrite":
            continue
        passage = example.completion.removesuffix(example.final)
        if len(split_sentences(passage.strip())) > 1:
            longer += 1
            assert passage.endswith("\n\n") or not example.final, example
    assert longer > 50


def test_a_held_out_rewrite_takes_a_passage_out_of_a_whole_story() -> None:
    stream = corpus.examples(12, vocabulary="held-out", kind="rewrite")
    for example in islice(stream, 200):
        assert all(name in example.story for name in example.settings.character_list)
        assert all(keyword in example.story for keyword in example.settings.keyword_list)


def test_what_the_prompt_gives_is_marked() -> None:
    settings = Settings(
        main_characters="Dr. Fay O'Brien, anna-maria",
        keywords="Lamp On The Hill, owls",
        genre="Fantasy",
        register="Formal",
        child_friendly=False,
        max_words=100,
        final_twist=False,
    )
    completion = " At one o'clock Fay O'Brien went on. Anna-Maria saw Owls on the hill.\n\nThe lamp"
    final = "The lamp"
    example = corpus.Example("rewrite", settings, "", "It rained.", completion, final)
    marked = [completion[start:end] for start, end in example.given()]
    assert marked == ["Fay", "O'Brien", "Anna-Maria", "Owls", "hill"]
    assert [completion[start:end] for start, end in example.seam()] == ["\n\nThe lamp"]
    joints = [completion[start:end] for start, end in example.joints()]
    assert joints == [" ", " A", "\n\nT"]
    whole = corpus.Example("write", settings, "", "", completion)
    assert [completion[start:end] for start, end in whole.given()] == [*marked, "lamp"]
    assert not whole.seam()
