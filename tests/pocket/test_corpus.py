"""The training stories follow their settings, as the model is to do."""

import random
import re
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import islice

import pytest

from pocket import corpus
from pocket.corpus import banks, split_sentences
from pocket.corpus.style import style_of
from pocket.training import measures
from pocket.training.classifier import NaiveBayes, features
from tests.pocket.samples import EXAMPLES, HELD_OUT, WHOLE

_HE = re.compile(r"\b(he|him|his|himself)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(she|her|hers|herself)\b", re.IGNORECASE)
MARKERS = frozenset(corpus.twist_markers())
_SPEECH = re.compile(r'"[^"]*"')


def of_register(register: str, count: int = 60) -> list[str]:
    """Return stories in `register`."""
    stream = corpus.examples(14, register=register, kind="write")
    return [example.story for example in islice(stream, count)]


def test_the_mix() -> None:
    kinds = Counter(example.kind for example in EXAMPLES)
    assert set(kinds) == {"write", "rewrite", "continue"}
    assert kinds["write"] > len(EXAMPLES) / 2
    assert kinds["rewrite"] > len(EXAMPLES) / 20
    assert kinds["continue"] > len(EXAMPLES) / 20


@pytest.mark.parametrize("examples", [WHOLE, HELD_OUT], ids=["train", "held-out"])
def test_stories_follow_their_settings(examples: list[corpus.Example]) -> None:
    for example in examples:
        story, settings = example.story, example.settings
        assert len(story.split()) <= settings.max_words
        assert measures.ends_whole(story)
        assert 3 <= len(story.split("\n\n")) <= 4, "introduction, development, conclusion"
        assert all(name in story for name in settings.character_list)
        assert all(keyword in story for keyword in settings.keyword_list)
        assert measures.turns(story) == settings.final_twist
        assert not measures.repeats(story)
        assert not set("{}[]<>&%|") & set(story), "a mark was left"


def test_keywords_stand_in_different_parts() -> None:
    long_ones = [
        e for e in WHOLE if len(e.story.split()) > 200 and len(e.settings.keyword_list) > 3
    ]
    for example in long_ones:
        paragraphs = example.story.split("\n\n")
        told = [
            any(keyword in paragraph for keyword in example.settings.keyword_list)
            for paragraph in paragraphs
        ]
        assert sum(told) >= 2, example.story


def test_pronouns_are_those_of_the_hero() -> None:
    alone = [example for example in WHOLE if len(example.settings.character_list) == 1]
    assert len(alone) > 300
    for example in alone:
        told = _SPEECH.sub("", example.story)
        assert not (_HE.search(told) and _SHE.search(told)), example.story


@pytest.mark.timeout(900)
def test_no_two_stories_share_more_than_half_of_their_sentences() -> None:
    stream = corpus.examples(77, kind="write")
    stories = [set(split_sentences(example.story)) for example in islice(stream, 10_000)]
    holders: dict[str, list[int]] = defaultdict(list)
    for number, sentences in enumerate(stories):
        for sentence in sentences:
            holders[sentence].append(number)
    for number, sentences in enumerate(stories):
        shared = Counter(other for sentence in sentences for other in holders[sentence])
        del shared[number]
        most = max(shared.values(), default=0)
        assert most <= len(sentences) / 2, stories[number]


def test_there_are_two_thousand_patterns() -> None:
    patterns = banks.patterns()
    assert len(set(patterns)) >= 2000
    for pattern in patterns:
        assert pattern.count("[") == pattern.count("]")
        assert pattern.count("{") == pattern.count("}")
        assert pattern.count('"') % 2 == 0, pattern
        assert re.search(r"[.!?:,\"]\Z", pattern) or pattern[0].islower() or pattern in MARKERS
        # Only slots know whose pronoun it is.
        told = _SPEECH.sub("", re.sub(r"\{\w+\}", "", pattern))
        assert not _HE.search(told), pattern
        assert not _SHE.search(told), pattern


def test_every_plot_can_be_told_to_a_child_and_of_one_person() -> None:
    for name, genre in banks.load().genres.items():
        assert len(genre.plots) >= 5, name
        assert len(genre.lines["places"]) >= 8
        assert len(genre.lines["objects"]) >= 6
        for plot, beats in genre.plots.items():
            for beat in ("open", "want", "trouble", "try", "worse", "turn", "end", "twist"):
                fitting = [p for p in beats[beat] if p[0] != "!" and "{x" not in p]
                assert fitting, f"{name}, {plot}, {beat}"


def test_stories_for_children_are_gentle() -> None:
    harsh = re.compile(r"\b(blood|gun|corpse|missiles|wedged blade|poison)\b")
    friendly = [example for example in WHOLE if example.settings.child_friendly]
    assert len(friendly) > 300
    for example in friendly:
        own = [*example.settings.keyword_list, *example.settings.character_list]
        found = harsh.search(example.story)
        assert not found or any(found[0] in text for text in own), example.story


def sentence_length(stories: Sequence[str]) -> float:
    """Return the mean length of a sentence in words."""
    return statistics.mean(len(s.split()) for story in stories for s in split_sentences(story))


def share(stories: Sequence[str], mark: str) -> float:
    """Return the share of sentences that contain `mark`."""
    sentences = [s for story in stories for s in split_sentences(story)]
    return sum(mark in sentence for sentence in sentences) / len(sentences)


def test_registers_sound_different() -> None:
    told = {register: of_register(register) for register in banks.load().registers}
    lengths = {register: sentence_length(stories) for register, stories in told.items()}
    assert min(lengths, key=lambda register: lengths[register]) == "Direct"
    assert lengths["Elegant"] > 1.25 * lengths["Direct"]
    assert lengths["Descriptive"] > 1.25 * lengths["Direct"]
    exclaimed = {register: share(stories, "!") for register, stories in told.items()}
    assert max(exclaimed, key=lambda register: exclaimed[register]) == "Playful"
    assert share(told["Elegant"], ";") > 0.1 > 10 * share(told["Casual"], ";")
    assert share(told["Casual"], "n't") > 0.05
    assert share(told["Formal"], "n't") < 0.005
    formal = (_SPEECH.sub("", story) for story in told["Formal"])
    assert not [story for story in formal if "n't" in story]
    assert share(told["Conversational"], "you") + share(told["Conversational"], "You") > 0.1


def test_genres_and_registers_can_be_told_apart() -> None:
    def rows(seed: int, count: int) -> list[corpus.Example]:
        return list(islice(corpus.examples(seed, kind="write"), count))

    def counted(example: corpus.Example) -> Counter[str]:
        settings = example.settings
        return features(example.story, (*settings.character_list, *settings.keyword_list))

    learned, asked = rows(31, 2400), rows(32, 400)
    for name, least in (("genre", 0.95), ("register", 0.7)):
        model = NaiveBayes((counted(e), getattr(e.settings, name)) for e in learned)
        hits = sum(model.label(counted(e)) == getattr(e.settings, name) for e in asked)
        assert hits >= least * len(asked), name


def test_what_a_bank_gives_stands_in_its_order() -> None:
    order = {
        (register, pattern): (name, rank)
        for register, bank in banks.load().registers.items()
        for name in ("aside", "opener", "hero", "closer")
        for rank, pattern in enumerate(bank[name])
        # As it stands in the story, if the style leaves it alone.
        if not re.search(r"[{}\[<&%!]", pattern)
    }
    several = 0
    for example in WHOLE:
        ranks: dict[str, list[int]] = defaultdict(list)
        for sentence in split_sentences(example.story.replace("\n\n", " ")):
            if found := order.get((example.settings.register, sentence)):
                ranks[found[0]].append(found[1])
        assert all(row == sorted(set(row)) for row in ranks.values()), example.story
        several += any(len(row) > 1 for row in ranks.values())
    assert several > 50


def test_a_story_says_one_aside_of_each_half_of_their_bank_at_most() -> None:
    both = 0
    for example in WHOLE:
        asides = banks.load().registers[example.settings.register]["aside"]
        half = len(asides) // 2
        told = Counter(
            asides.index(sentence) < half
            for sentence in split_sentences(example.story.replace("\n\n", " "))
            if sentence in asides
        )
        assert max(told.values(), default=0) <= 1, example.story
        both += len(told) == 2
    assert both > 50


def test_the_development_opens_with_a_keyword() -> None:
    opened = [
        any(
            keyword.lower() in split_sentences(example.story.split("\n\n")[1])[0].lower()
            for keyword in example.settings.keyword_list
        )
        for example in WHOLE
        if example.settings.max_words > 210 and example.settings.keywords
    ]
    assert len(opened) > 300
    assert statistics.mean(opened) > 0.99


def test_every_companion_comes_in_before_the_development_is_half_told() -> None:
    roomy = [
        example
        for example in WHOLE
        if len(example.settings.character_list) > 2 and example.settings.max_words > 200
    ]
    assert len(roomy) > 100
    for example in roomy:
        opening = " ".join(example.story.split("\n\n")[:2])
        assert all(name in opening for name in example.settings.character_list), example.story


def test_what_kind_of_sentence_comes_next_is_told_by_those_before() -> None:
    """A mood, then an aside, in each paragraph of the development."""
    both = 0
    for example in (example for example in WHOLE if example.settings.max_words > 210):
        aside = banks.load().registers[example.settings.register]["aside"]
        mood = banks.load().genres[example.settings.genre].lines["mood"]
        for paragraph in example.story.split("\n\n"):
            kinds = [
                "mood" if sentence in mood else "aside"
                for sentence in split_sentences(paragraph)
                if sentence in mood or sentence in aside
            ]
            assert kinds in ([], ["mood"], ["aside"], ["mood", "aside"]), example.story
            both += len(kinds) == 2
    assert both > 10


def test_articles_fit_in_the_stories() -> None:
    # "a European" is right.
    wrong = re.compile(
        r"\b[Aa] (?:[ai]|e(?![uw])|o(?!nc?e)|u(?![krstv]|ni|b[io])|hour|heir|R\b)"
        r"|\b[Aa]n [bcdfgjklmnpqrstvwxyz]"
    )
    told = "\n".join(example.completion for example in EXAMPLES)
    assert not wrong.findall(told)
    assert len(re.findall(r"\b[Aa]n \w", told)) > 200
    assert "an R in them" in style_of("Direct").word(random.Random(1), "Open with an R in them.")


def test_the_prompt_alone_tells_the_way_of_telling() -> None:
    listed: dict[bool, list[bool]] = defaultdict(list)
    for example in WHOLE:
        settings = example.settings
        if len(settings.keyword_list) < 2:
            continue
        asked = len((*settings.character_list, *settings.keyword_list))
        roomy = settings.max_words >= max(170, 120 + 10 * asked)
        # A story with little room has its keywords in one sentence.
        listed[roomy].append(
            any(
                all(keyword in sentence for keyword in settings.keyword_list[-2:])
                for sentence in split_sentences(example.story)
            )
        )
    assert min(len(stories) for stories in listed.values()) > 200
    assert all(listed[False])
    assert statistics.mean(listed[True]) < 0.02


def test_keywords_come_in_the_order_of_the_prompt() -> None:
    # One of them can be a word that the story also says by chance.
    in_order = 0
    for example in WHOLE:
        places = [example.story.lower().find(k.lower()) for k in example.settings.keyword_list]
        in_order += places == sorted(places)
    assert in_order > 0.97 * len(WHOLE)


def test_a_seed_repeats_the_stories() -> None:
    again = [example.story for example in islice(corpus.examples(11), 20)]
    assert again == [example.story for example in EXAMPLES[:20]]
    assert [e.story for e in islice(corpus.examples(13), 20)] != again


def test_the_command_prints_stories() -> None:
    command = [sys.executable, "-m", "pocket.corpus", "--count", "2", "--seed", "3"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "You are a writer." in output
