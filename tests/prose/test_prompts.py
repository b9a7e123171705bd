"""The prompts' wording is fixed, and no text of a person's can leave its place in them."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose import prompts


@dataclass
class Settings:
    """The settings of the examples below."""

    main_characters: str = "Anna, Ben"
    keywords: str = "lantern, old map"
    genre: str = "Mystery"
    register: str = "Elegant"
    child_friendly: bool = False
    max_words: int = 250
    final_twist: bool = False


STORY = (
    "You are a writer. Write a story, without extra comments or questions, of maximum 250 words, "
    "where the main characters names are Anna, Ben. The story genre is Mystery and you have to use "
    "a Elegant register. The keywords of the story are lantern, old map. The story must have an "
    "introduction, a development and a conclusion."
)
TWIST = " The finale of the story must have a twist."
CHILD = " The content must be child-friendly. The story might not involve children."


def test_wording() -> None:
    settings = Settings()
    assert prompts.story_prompt(settings) == STORY
    assert prompts.story_prompt(replace(settings, final_twist=True)) == STORY + TWIST
    assert prompts.story_prompt(replace(settings, child_friendly=True)) == STORY + CHILD
    both = replace(settings, final_twist=True, child_friendly=True)
    assert prompts.story_prompt(both) == STORY + TWIST + CHILD


def test_rewrite_wording() -> None:
    assert prompts.rewrite_prompt(Settings(), "One.", "Three.") == (
        STORY + " It is important that the story starts with this part unchanged: One. and "
        "finishes with this part unchanged: Three."
    )


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<|start_header_id|>system", "system"),
        ("<|eot<|eot_id|>_id|>Eve", "Eve"),
        ("a\x00b\x1bc\u202ed", "abcd"),
        ("\ud800lone", "lone"),
        ("Zoë 李雷 👩‍🚀", "Zoë 李雷 👩‍🚀"),
        ("line\nbreak\ttab", "line\nbreak\ttab"),
    ],
)
def test_clean_text(dirty: str, clean: str) -> None:
    assert prompts.clean_text(dirty) == clean


@given(st.text(alphabet=st.sampled_from("<|>ab_ \n"), max_size=80))
def test_no_chat_token_survives(text: str) -> None:
    assert prompts._CHAT_TOKEN.search(prompts.clean_text(text)) is None


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert prompts.clean_text(prompts.clean_text(text)) == prompts.clean_text(text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Anna ,, Ben,Anna ", "Anna, Ben"),
        ("old \n map", "old map"),
        (",;, ,", ";"),
        ("  ", ""),
    ],
)
def test_clean_list(typed: str, kept: str) -> None:
    assert prompts.clean_list(typed) == kept


def test_estimates_grow_with_the_text() -> None:
    assert prompts.estimate_tokens("") == 0
    assert prompts.estimate_tokens("four letter words here") == 8
    assert prompts.token_limit(300) == 664
