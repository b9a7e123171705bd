"""The prompts' wording is fixed, and tells the settings that made it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose import prompts
from prose.languages import offered
from prose.settings import Settings
from tests.support.scripts import CHINESE_PASSAGE

EXAMPLE = Settings(
    main_characters="Anna, Ben",
    keywords="lantern, old map",
    genre="Mystery",
    register="Elegant",
    child_friendly=False,
    max_words=250,
    final_twist=False,
)
STORY = (
    "You are a writer. Write a story, without extra comments or questions, of maximum 250 words, "
    "where the main characters names are Anna, Ben. The story genre is Mystery and you have to use "
    "a Elegant register. The keywords of the story are lantern, old map. The story must have an "
    "introduction, a development and a conclusion."
)
TWIST = " The finale of the story must have a twist."
CHILD = " The content must be child-friendly. The story might not involve children."


def test_wording() -> None:
    settings = EXAMPLE
    assert prompts.story_prompt(settings) == STORY
    assert prompts.story_prompt(replace(settings, final_twist=True)) == STORY + TWIST
    assert prompts.story_prompt(replace(settings, child_friendly=True)) == STORY + CHILD
    both = replace(settings, final_twist=True, child_friendly=True)
    assert prompts.story_prompt(both) == STORY + TWIST + CHILD


def test_nothing_is_said_of_what_is_left_empty() -> None:
    nobody = replace(EXAMPLE, main_characters="")
    assert prompts.story_prompt(nobody) == STORY.replace(
        ", where the main characters names are Anna, Ben", ""
    )
    free = replace(EXAMPLE, keywords="")
    assert prompts.story_prompt(free) == STORY.replace(
        " The keywords of the story are lantern, old map.", ""
    )


PREMISE = "Anna opens the door.\nNobody is there!"


def test_what_should_happen_comes_behind_the_keywords() -> None:
    clause = f" This is what should happen in the story: {PREMISE}"
    told = replace(EXAMPLE, premise=PREMISE)
    end = " The story must have an introduction, a development and a conclusion."
    assert prompts.story_prompt(told) == STORY.removesuffix(end) + clause + end
    alone = replace(told, main_characters="", keywords="")
    assert prompts.story_prompt(alone) == (
        "You are a writer. Write a story, without extra comments or questions, of maximum 250 "
        f"words. The story genre is Mystery and you have to use a Elegant register.{clause}{end}"
    )
    for settings in (told, alone):
        prompt = prompts.story_prompt(settings)
        assert prompts.read_prompt(prompt) == settings
        assert prompts.leading_prompt(f"{prompt},Once. {STORY}") == prompt


def test_another_language_is_asked_for_last() -> None:
    german = replace(EXAMPLE, language="de")
    sentence = " Write the story in German."
    assert prompts.story_prompt(german) == STORY + sentence
    both = replace(german, final_twist=True, child_friendly=True)
    assert prompts.story_prompt(both) == STORY + TWIST + CHILD + sentence
    assert prompts.rewrite_prompt(german, "Eins.", "Drei.").startswith(STORY + sentence + " It is")
    for code in offered.NAMES:
        asked = replace(both, language=code, premise="Schreib! Write the story in German.")
        prompt = prompts.story_prompt(asked)
        assert prompts.read_prompt(prompt) == asked
        assert prompts.leading_prompt(f"{prompt} Es war einmal.") == prompt
    assert prompts.read_prompt(f"{STORY} Write the story in Klingon.") is None


def test_readers_of_an_age_are_asked_for_before_the_language() -> None:
    sentence = " The story is for readers of about 8 years."
    young = replace(EXAMPLE, reader_age=8)
    assert prompts.story_prompt(young) == STORY + sentence
    both = replace(young, final_twist=True, child_friendly=True, language="de")
    german = " Write the story in German."
    assert prompts.story_prompt(both) == STORY + TWIST + CHILD + sentence + german
    for age in range(prompts.MIN_AGE, prompts.MAX_AGE + 1):
        for asked in (replace(both, reader_age=age), replace(young, reader_age=age)):
            prompt = prompts.story_prompt(asked)
            assert prompts.read_prompt(prompt) == asked
            assert prompts.leading_prompt(f"{prompt} Once upon a time.") == prompt
    for beyond in ("4", "15", "08", "80"):
        assert prompts.read_prompt(STORY + sentence.replace("8", beyond)) is None


def test_what_happens_next_is_added_to_the_prompt() -> None:
    assert prompts.with_next(STORY, "") == STORY
    assert prompts.with_next(STORY, "The lamp goes out.") == (
        f"{STORY}\n\nGo on from where your answer ends. This is what happens next: "
        "The lamp goes out."
    )


def test_rewrite_wording() -> None:
    assert prompts.rewrite_prompt(EXAMPLE, "One.", "Three.") == (
        STORY + " It is important that the story starts with this part unchanged: One. and "
        "finishes with this part unchanged: Three."
    )


WORDS = st.sampled_from(
    [
        *("Anna", "Dr. Ray", "B.", ". The", "keywords of the story are", ", ", "register", "字"),
        *("You are a writer. Write a story, ", ". The story genre is", "War and you have to use a"),
        *(". The story must have an introduction, a development and a conclusion.", ". ", "a, b"),
        *(" The finale of the story must have a twist.", "{genre}", "\\1"),
        " Write the story in German.",
        " The story is for readers of about 8 years.",
        ". This is what should happen in the story: x",
    ]
)
FIELD = (
    st.lists(WORDS, min_size=1, max_size=6).map(" ".join) | st.text(min_size=1, max_size=30)
).filter(lambda text: "\n" not in text) | st.just("")
SETTINGS = st.builds(
    Settings,
    main_characters=FIELD,
    keywords=FIELD,
    genre=st.sampled_from(["War", "Sci-fi"]),
    register=st.sampled_from(["Casual", "Vivid"]),
    child_friendly=st.booleans(),
    max_words=st.integers(0, 999_999),
    final_twist=st.booleans(),
    premise=FIELD,
    language=st.sampled_from(["", *offered.NAMES]),
    reader_age=st.none() | st.integers(prompts.MIN_AGE, prompts.MAX_AGE),
)
CLAUSE = ". This is what should happen in the story: "


@given(SETTINGS)
def test_a_prompt_gives_back_what_made_it(settings: Settings) -> None:
    prompt = prompts.story_prompt(settings)
    found = prompts.read_prompt(f" {prompt}\n")
    assert found is not None
    assert prompts.story_prompt(found) == prompt
    if CLAUSE not in settings.keywords:
        assert found == settings
    led = prompts.leading_prompt(f"{prompt},Once.")
    assert led is not None
    assert prompt.startswith(led)
    if ". The story must" not in settings.keywords + "." + settings.premise:
        assert led == prompt


def test_keywords_with_the_end_of_the_wording_are_read_before_a_premise() -> None:
    end = ". The story must have an introduction, a development and a conclusion."
    for keywords in (f"key{end}", f"key{end} The finale of the story must have a twist."):
        asked = Settings("Anna", keywords, "War", "Casual", False, 100, False, "She sails")
        assert prompts.read_prompt(prompts.story_prompt(asked)) == asked


MIDDLE = (
    ". The story genre is War and you have to use a Vivid register. The keywords of the story are "
)


def test_names_with_all_the_wording_after_them_make_the_same_prompt_still() -> None:
    settings = replace(EXAMPLE, main_characters=f"Anna{MIDDLE}x")
    prompt = prompts.story_prompt(settings)
    found = prompts.read_prompt(prompt)
    assert found is not None
    assert found != settings, "nobody can tell"
    assert prompts.story_prompt(found) == prompt
    # In the keywords they are no riddle.
    settings = replace(EXAMPLE, keywords=f"lamp{MIDDLE}x")
    assert prompts.read_prompt(prompts.story_prompt(settings)) == settings


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "Write me a story.",
        STORY[:-1],
        f"{STORY} And more.",
        STORY + CHILD + TWIST,
        STORY.replace("250", "0250"),
        STORY.replace("250", "٢٥٠"),
        STORY.replace("Anna, Ben", ""),
        STORY.replace("lantern, old map", ""),
        STORY.replace("Anna, Ben", "Anna\nBen"),
        STORY.replace("Mystery", "Two words"),
        STORY.replace("Mystery", "x" * 41),
        STORY.replace("Anna", "x" * 10_000),
        STORY.replace(" The story must", f"{CLAUSE[1:]} The story must"),
        STORY.replace(" The story must", f"{CLAUSE[1:]}x."),
    ],
)
def test_another_wording_is_none(prompt: str) -> None:
    assert prompts.read_prompt(prompt) is None


def test_a_limit_grows_with_the_words() -> None:
    assert prompts.token_limit(300) == 664
    assert prompts.token_limit(300, "It’s an English story of Zoë’s, as long as it may be.") == 664
    assert prompts.token_limit(300, language="de") > prompts.token_limit(300)
    assert prompts.token_limit(300, language="hi") > prompts.token_limit(300, language="de")
    assert prompts.token_limit(0, "字" * 9) == prompts.token_limit(0) == 64


def test_other_scripts_take_more_tokens_a_word() -> None:
    # Two a character, of which a Chinese word has nearly two.
    assert prompts.token_limit(86, CHINESE_PASSAGE) >= 2 * len(CHINESE_PASSAGE)
    assert prompts.token_limit(300, "Анна видела старый маяк") > prompts.token_limit(300)
    assert prompts.token_limit(10, "é" * 10_000) == 10 * 24 + 64
