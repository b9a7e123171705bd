"""The settings that training stories are told from: names, keywords, limits, the prompt."""

import random
import re
import statistics
from collections import Counter, defaultdict

from pocket import corpus
from pocket.corpus import banks, words
from prose import prompts
from tests.pocket.samples import EXAMPLES, HELD_OUT, WHOLE


def test_every_setting_is_there() -> None:
    assert len({example.settings.genre for example in WHOLE}) == 15
    assert len({example.settings.register for example in WHOLE}) == 10
    assert {len(example.settings.character_list) for example in WHOLE} == {0, 1, 2, 3, 4}
    assert {len(example.settings.keyword_list) for example in WHOLE} == {0, 1, 2, 3, 4, 5}
    lengths = [len(example.story.split()) for example in WHOLE]
    assert max(lengths) <= 400
    assert sum(length > 250 for length in lengths) > len(lengths) / 10
    assert sum(length < 100 for length in lengths) > len(lengths) / 10


def test_who_is_named_by_nobody_has_a_name_that_people_have() -> None:
    unnamed = [example for example in WHOLE if not example.settings.main_characters]
    assert len(unnamed) > len(WHOLE) / 10
    assert sum(not example.settings.keywords for example in unnamed) > len(unnamed) / 3
    known = {one.text for one in words.familiar("heroes")}
    heroes = Counter[str]()
    for example in unnamed:
        told = known.intersection(re.findall(r"\w+", example.story))
        # A story of three short paragraphs may do without.
        assert len(told) == 1 or (not told and example.settings.max_words < 100), example.story
        heroes.update(told)
    assert len(heroes) == len(known) == 24
    assert max(heroes.values()) < len(unnamed) / 8, "anybody may be the hero"


def test_nobody_is_hero_and_companion() -> None:
    both = [words.familiar("heroes"), words.familiar("companions")]
    names = [one.text for part in both for one in part]
    assert len(set(names)) == len(names)
    assert not [name for name in names if words.is_held_out(name)]
    for part in both:
        assert {one.pronoun for one in part} == {"he", "she"}


def test_held_out_settings_name_somebody_and_something() -> None:
    assert all(e.settings.main_characters and e.settings.keywords for e in HELD_OUT)


def test_readers_of_any_age_and_language_are_told_the_same() -> None:
    ages = {example.settings.reader_age for example in EXAMPLES}
    assert ages == {None, *range(prompts.MIN_AGE, prompts.MAX_AGE + 1)}
    assert all(e.settings.child_friendly for e in EXAMPLES if e.settings.reader_age)
    assert len({example.settings.language for example in EXAMPLES}) > 10


def test_a_name_has_one_pronoun() -> None:
    lists = banks.read_sections(banks.FOLDER / "words.txt")[""]
    hers, his = (set(" ".join(lists[name]).split()) for name in ("her", "him"))
    assert not hers & his


def test_the_prompt_is_the_apps_and_tells_the_settings() -> None:
    for example in EXAMPLES[:300]:
        if example.final:
            wanted = prompts.rewrite_prompt(example.settings, example.prefill, example.final)
            assert example.prompt == wanted
        elif example.kind != "rewrite":
            assert prompts.read_prompt(example.prompt) == example.settings


def test_limits_to_learn_from_are_any_numbers() -> None:
    def odd(examples: list[corpus.Example]) -> float:
        return statistics.mean(example.settings.max_words % 5 > 0 for example in examples)

    assert odd(EXAMPLES) > 0.3
    assert odd([e for e in EXAMPLES if e.settings.max_words > 500]) > 0.3
    assert odd(HELD_OUT) == 0, "people type round ones"


def test_a_drawn_name_has_one_pronoun() -> None:
    rng, pronouns = random.Random(8), defaultdict(set)
    for _ in range(10_000):
        for character in words.draw_characters(rng, 2, "train"):
            if " " not in character.text:
                pronouns[character.text.lower()].add(character.pronoun)
    assert len(pronouns) > 5_000
    assert not [name for name, several in pronouns.items() if len(several) > 1]


def test_held_out_names_and_keywords_are_those_of_no_training_story() -> None:
    def given(examples: list[corpus.Example]) -> set[str]:
        settings = [example.settings for example in examples]
        return {text.lower() for s in settings for text in (*s.character_list, *s.keyword_list)}

    held_out = given(HELD_OUT)
    assert not held_out & given(EXAMPLES)
    trained = "\n".join(example.story for example in EXAMPLES).lower()
    found = [
        text
        for text in held_out
        if text in trained and re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", trained)
    ]
    assert not found


def test_articles_fit() -> None:
    cases = {
        ("owl", "thing"): ("an owl", "the owl"),
        ("unicorn", "thing"): ("a unicorn", "the unicorn"),
        ("umbrella", "thing"): ("an umbrella", "the umbrella"),
        ("ukulele", "thing"): ("a ukulele", "the ukulele"),
        ("hourglass", "thing"): ("an hourglass", "the hourglass"),
        ("heirloom", "thing"): ("an heirloom", "the heirloom"),
        ("house", "thing"): ("a house", "the house"),
        ("one-eyed cat", "thing"): ("a one-eyed cat", "the one-eyed cat"),
        ("unidentified hat", "thing"): ("an unidentified hat", "the unidentified hat"),
        ("onerous task", "thing"): ("an onerous task", "the onerous task"),
        ("honourable cat", "thing"): ("an honourable cat", "the honourable cat"),
        ("u-turn", "thing"): ("a u-turn", "the u-turn"),
        ("utopia", "thing"): ("a utopia", "the utopia"),
        ("X-ray", "thing"): ("an X-ray", "the X-ray"),
        ("Xylophone", "thing"): ("a Xylophone", "the Xylophone"),
        ("MRI scan", "thing"): ("an MRI scan", "the MRI scan"),
        ("UFO", "thing"): ("a UFO", "the UFO"),
        ("uranium mine", "thing"): ("a uranium mine", "the uranium mine"),
        ("urn", "thing"): ("an urn", "the urn"),
        ("8-ball", "thing"): ("an 8-ball", "the 8-ball"),
        ("éclair", "thing"): ("an éclair", "the éclair"),
        ("owls", "plural"): ("owls", "the owls"),
        ("courage", "mass"): ("courage", "courage"),
    }
    for (text, kind), forms in cases.items():
        keyword = words.Keyword(text, kind)  # type: ignore[arg-type]  # of a table of texts
        assert (keyword.indefinite, keyword.definite) == forms
