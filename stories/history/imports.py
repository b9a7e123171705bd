"""Stories that were written elsewhere and brought in: theirs is the first version."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from prose import prompts, words
from prose.languages.offered import offered
from prose.languages.recognition import language_of
from stories.history import library
from stories.history.versions import add_version, storable
from stories.models import Story, StorySettings, StoryVersion, User

# What a story of so many words is said to have been asked for.
_ROUND = 50


class Written(NamedTuple):
    """A story that is there already."""

    title: str
    text: str


def add_stories(user: User, written: Sequence[Written], genre: str, register: str) -> list[Story]:
    """Open a story for each of `written`: all of them, or none.

    Their settings name nobody and no keywords, which their writer may add; the language is the one
    that the text is in. Raises what `storable`
    does.
    """
    texts = [storable(each.text) for each in written]
    languages = [offered(language_of(text)) for text in texts]
    # Counted before the transaction, in which nobody else can write on SQLite.
    counts = [words.count(text) for text in texts]
    with transaction.atomic():
        return [
            _add(user, Written(each.title, text), count, (genre, register, language))
            for each, text, count, language in zip(written, texts, counts, languages, strict=True)
        ]


def _add(user: User, written: Written, word_count: int, kind: tuple[str, str, str]) -> Story:
    genre, register, language = kind
    rounded = -(-word_count // _ROUND) * _ROUND
    settings = StorySettings(
        genre=genre,
        register=register,
        max_words=min(max(rounded, prompts.MIN_WORDS), prompts.MAX_WORDS),
        language=language,
    )
    story = library.create_story(user, settings)
    library.set_title(story, written.title)
    add_version(
        story,
        written.text,
        StoryVersion.Origin.IMPORT,
        expected_version=0,
        editor=user,
        word_count=word_count,
    )
    return story
