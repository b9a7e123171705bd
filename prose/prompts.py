"""The prompts' fixed wording, and the rules by which a person's text becomes part of one.

The wording is a contract: approved stories are trained on it, so that a changed word here makes
every earlier training example a different task. Imports nothing of ours.
"""

import math
import re
import unicodedata
from typing import Protocol

MIN_WORDS = 20
MAX_WORDS = 5_000
# Characters of a free-text field that reach the prompt.
MAX_FIELD_LENGTH = 300
# Characters of what a writer asks of a rewrite.
MAX_INSTRUCTION_LENGTH = 500

_CHAT_TOKEN = re.compile(r"<\|[^<>|]{0,64}\|>")
_WHITE_SPACE = re.compile(r"\s+")


class PromptSettings(Protocol):
    """What a prompt is made of; `stories.models.StorySettings` has this shape."""

    main_characters: str
    keywords: str
    genre: str
    register: str
    child_friendly: bool
    max_words: int
    final_twist: bool


def clean_text(text: str) -> str:
    """Return `text` without what a prompt must not carry; line breaks and tabs stay.

    Removes chat-template tokens (`<|…|>`: a character's name must not open a new role), control
    and format characters other than the joiners that emoji and scripts need, and lone surrogates.
    Removal is repeated until nothing is left to remove, since taking one token out can join the
    halves of another.
    """
    text = "".join(character for character in text if _is_allowed(character))
    while (stripped := _CHAT_TOKEN.sub("", text)) != text:
        text = stripped
    return text


def _is_allowed(character: str) -> bool:
    if character in "\n\t\u200c\u200d":
        return True
    return unicodedata.category(character) not in {"Cc", "Cs", "Cf", "Co"}


def clean_list(text: str) -> str:
    """Return a comma-separated field tidied: one line, no empty or repeated entries."""
    entries: dict[str, None] = {}
    for entry in _WHITE_SPACE.sub(" ", clean_text(text)).split(","):
        if entry.strip():
            entries.setdefault(entry.strip())
    return ", ".join(entries)


def split_list(text: str) -> list[str]:
    """Return the entries of a comma-separated field."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def story_prompt(settings: PromptSettings) -> str:
    """Return the prompt that asks for a whole story."""
    prompt = (
        "You are a writer. Write a story, without extra comments or questions, of maximum "
        f"{settings.max_words} words, where the main characters names are "
        f"{settings.main_characters}. The story genre is {settings.genre} and you have to use a "
        f"{settings.register} register. The keywords of the story are {settings.keywords}. "
        "The story must have an introduction, a development and a conclusion."
    )
    if settings.final_twist:
        prompt += " The finale of the story must have a twist."
    if settings.child_friendly:
        prompt += " The content must be child-friendly. The story might not involve children."
    return prompt


def rewrite_prompt(settings: PromptSettings, initial_part: str, final_part: str) -> str:
    """Return the prompt that asks for a story between two parts that must not change."""
    return (
        f"{story_prompt(settings)} It is important that the story starts with this part "
        f"unchanged: {initial_part} and finishes with this part unchanged: {final_part}"
    )


# What is asked of a passage beyond being written again.
_WISHES = {
    "expand": "longer, with more detail",
    "shorten": "much shorter, keeping what matters",
    "vivid": "more vivid, with what can be seen, heard and felt",
    "dialogue": "with more dialogue",
    "register": "in a {register} register",
}


def rewrite_wish(mode: str, register: str, instruction: str, passage: str) -> str:
    """Return what follows the rewrite prompt when more is asked than the passage again.

    It shows the model the passage as it reads now. Empty for a plain rewrite, whose prompt is the
    fixed wording and nothing else.
    """
    wish = _WISHES.get(mode, "").format(register=register)
    if not wish and not instruction:
        return ""
    task = f"Write that part again, {wish}." if wish else "Write that part again."
    if instruction:
        task += f" {instruction}"
    return f"\n\nThe part between these two now reads: {passage}\n\n{task}"


def estimate_tokens(text: str) -> int:
    """Return an upper estimate of the tokens in `text`.

    The server's tokenizer is out of reach, so this counts bytes: English runs at four to five
    bytes a token with Llama 3.2 and about three and a half with the pocket model; other scripts
    take more bytes and more tokens alike.
    """
    return math.ceil(len(text.encode()) / 3)


def token_limit(max_words: int) -> int:
    """Return how many tokens a story of `max_words` words may take before it is cut."""
    return 2 * max_words + 64
