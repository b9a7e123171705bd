"""Answers as models give them: what is left is the text, in whatever pieces they come."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prose.answers.task import Task
from tests.prose.answers.corpus import LANGUAGES, Answer, answers, clean, stories

ANSWERS = list(answers())
STORIES = list(stories())
_LONGER = (
    "\n\nThe wind turned, and the sea went on counting its stones, one by one, until the morning "
    "came and the lamp was put out, and nobody who had been there said a word about it again."
)


def pieces_at(text: str, cuts: list[int]) -> list[str]:
    """Return `text` cut at `cuts`, which may lie outside of it."""
    places = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(places)]


CUTS = st.lists(st.integers(0, 2_000), max_size=60)


def test_there_are_enough_of_them() -> None:
    assert len(ANSWERS) >= 150
    assert len({answer.name for answer in ANSWERS}) == len(ANSWERS)
    assert len(STORIES) >= 50
    assert {answer.name.split(":")[0] for answer in ANSWERS} == {*LANGUAGES}
    assert {language for language, _ in STORIES} == {*LANGUAGES}


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_what_is_left_is_the_text(answer: Answer) -> None:
    for pieces in ([answer.answer], list(answer.answer)):
        cleaned = clean(answer.task, pieces)
        assert cleaned.text.strip() == answer.text.strip()
        assert (cleaned.title, cleaned.refused) == (answer.title, answer.refused)


@given(st.sampled_from(ANSWERS), CUTS)
@settings(max_examples=600)
def test_the_pieces_make_no_difference(answer: Answer, cuts: list[int]) -> None:
    cleaned = clean(answer.task, pieces_at(answer.answer, cuts))
    assert cleaned == clean(answer.task, [answer.answer])
    assert cleaned.text.strip() == answer.text.strip()


@pytest.mark.parametrize("task", [Task(), Task(base="Once there was a road."), Task(passage="Go.")])
@pytest.mark.parametrize("text", [text for _, text in STORIES])
def test_a_storys_own_words_stay(text: str, task: Task) -> None:
    for story in (text, text + _LONGER):
        for pieces in ([story], list(story)):
            cleaned = clean(task, pieces)
            assert (cleaned.text, cleaned.title, cleaned.refused) == (story, "", False)


@pytest.mark.parametrize("answer", [a for a in ANSWERS if a.refused], ids=lambda a: a.name)
def test_a_refusal_is_never_shown(answer: Answer) -> None:
    assert clean(answer.task, list(answer.answer)).shown == ""
