"""Stories that are brought in: counted before the database is locked, and once."""

import pytest
from django.db import connection

from prose import words
from stories.errors import Refused
from stories.history.imports import Written, add_stories
from stories.history.versions import MAX_TEXT_LENGTH
from stories.models import Story, User


@pytest.mark.django_db(transaction=True)
def test_texts_are_read_before_the_transaction(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, count = [], words.count

    def noted(text: str) -> int:
        locked.append(connection.in_atomic_block)
        return count(text)

    monkeypatch.setattr(words, "count", noted)
    written = [Written("One", "Anna ran."), Written("Two", "She came\r\nback, late.")]
    stories = add_stories(alice, written, "Drama", "Vivid")
    assert locked == [False, False]
    assert [story.word_count for story in stories] == [2, 4]
    assert [*Story.objects.order_by("pk").values_list("text", "word_count")] == [
        ("Anna ran.", 2),
        ("She came\nback, late.", 4),
    ]


@pytest.mark.django_db
def test_one_that_is_too_long_keeps_all_out(alice: User) -> None:
    long = Written("Long", "x" * (MAX_TEXT_LENGTH + 1))
    with pytest.raises(Refused, match="400,001 characters"):
        add_stories(alice, [Written("One", "Anna ran."), long], "Drama", "Vivid")
    assert not Story.objects.exists()
