"""The cleaner on the stream: what waits, for how long, and what is told of it."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prose.answers.cleaner import AnswerCleaner
from prose.answers.taken import MOST_CHARACTERS, MOST_PIECES
from prose.answers.task import Task
from tests.prose.answers.corpus import clean
from tests.prose.answers.test_corpus import CUTS, pieces_at

STORY = "Anna climbed the lighthouse with Old Ben. The silver key was cold.\n\nThey smiled."
BASE = (
    "Anna climbed the lighthouse. The lamp was cold, and colder was the stair. Nobody had been "
    "there since the autumn, when the keeper left with his three geese and his chart of the shoals "
    "and the boy who could not speak. They had never come back, and no letter ever did.\n\n"
    "On the third day it rained."
)


def shown(text: str, task: Task | None = None) -> str:
    """Return what is shown of `text`, the beginning of an answer, in pieces of a letter."""
    return "".join(map(AnswerCleaner(task or Task()).feed, text))


@pytest.mark.parametrize("text", ["A", "The fog", "Ben ", "Herein", "Nobody", "小", "他说"])
def test_a_story_is_shown_from_its_first_letters_on(text: str) -> None:
    assert shown(text) in {text, text[:-1]}
    assert shown(text + "x y") == text + "x y"


@pytest.mark.parametrize(
    "text",
    ["Sure", "Sure! Here", "The rew", "here is the new version", "**The Sil", "<thi", "I'm sorry"],
)
def test_what_may_be_taken_off_waits(text: str) -> None:
    assert shown(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        *("Sure" + ", sure" * 200, '"' * 2_000, "*" * 2_000, "#" * 2_000, "`" * 2_000, "<" * 500),
        *(
            "Here is " + "a very " * 200,
            "I'm sorry, but I can't write " * 60,
            "Title: " + "x" * 999,
        ),
        *("<|" + "x" * 500, "[" * 500, "- " * 900, "I can't write a story " + "so " * 900),
    ],
)
def test_nobody_waits_for_ever(text: str) -> None:
    assert len(shown(text)) > len(text) - 1_000


def test_in_the_middle_only_half_a_sign_waits() -> None:
    cleaner = AnswerCleaner(Task())
    assert cleaner.feed(STORY) == STORY
    assert cleaner.feed(" It was <") == " It was "
    assert cleaner.feed(" 3, and _") == "< 3, and "
    assert cleaner.feed("very_ *cold*") == "very *cold*"
    assert cleaner.feed(" Here is your story: Sure!") == " Here is your story: Sure!"


def test_an_emphasis_that_never_ends_gets_its_sign_back() -> None:
    cleaner = AnswerCleaner(Task())
    given = cleaner.feed("One _two three.\nFour _five_ six.") + cleaner.rest()
    assert given == "One two three.\nFour five six."
    assert cleaner.final(given) == "One _two three.\nFour five six."
    assert cleaner.final(given[:7]) == "One _two"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("It was *so* **cold**.\n\nHe *ran.", "It was *so* **cold**.\n\nHe *ran."),
        ("**It was cold.**\n\n***They ran.***", "It was cold.\n\nThey ran."),
        ("*It was cold.*\n\n*They ran.*", "It was cold.\n\nThey ran."),
        ("**One**\n\n*It was cold.*\n\nThey ran.", "One\n\n*It was cold.*\n\nThey ran."),
        ("**It** was **cold**.", "**It** was **cold**."),
    ],
)
def test_bold_and_italic_stay_but_around_all_of_a_line(answer: str, text: str) -> None:
    assert clean(Task(), [answer]).text == text


def test_markdown_of_the_writers_own_stays() -> None:
    task = Task(base="She was *very* late.")
    assert clean(task, [" He was *not*, of course."]).text == " He was *not*, of course."


def test_thinking_is_told_while_it_lasts() -> None:
    cleaner = AnswerCleaner(Task())
    told = [(cleaner.feed(piece), cleaner.thinking) for piece in ("<thi", "nk>", "Plan. ", "</th")]
    assert told == [("", False), ("", True), ("", True), ("", True)]
    assert cleaner.feed("ink>\n\nAnna.") == "Anna."
    assert not cleaner.thinking
    assert [(piece.kind, piece.text) for piece in cleaner.removed] == [("thoughts", "Plan.")]


def test_thoughts_without_a_beginning_are_taken_back() -> None:
    cleaner = AnswerCleaner(Task())
    given = cleaner.feed("The user wants a story. ") + cleaner.feed("So be it.</think>\n\nAnna.")
    given += cleaner.rest()
    assert cleaner.restarts == 1
    assert cleaner.final(given) == "Anna."
    assert cleaner.removed[0].text == "The user wants a story. So be it."


def test_a_token_ends_the_answer() -> None:
    cleaner = AnswerCleaner(Task())
    assert cleaner.feed("They smiled.<|eot") == "They smiled."
    assert not cleaner.ended
    assert cleaner.feed("_id|>Another story.") == ""
    assert cleaner.ended
    assert cleaner.feed("More.") == cleaner.rest() == ""


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["One \ud83d", "\ude42 two"], "One 🙂 two"),
        (["One \ud83d", "", "\ude42"], "One 🙂"),
        (["One\ud83d", " two\ude42."], "One two."),
        (["\ud83d\ude42", "\ud83d"], "🙂"),
        (["One\r", "\n", "two\x00"], "One\ntwo"),
    ],
)
def test_halves_are_joined_and_what_a_story_never_has_is_left_out(
    pieces: list[str], text: str
) -> None:
    assert clean(Task(), pieces).text == text


def test_a_continuation_keeps_the_white_space_at_its_seam() -> None:
    assert clean(Task(base=BASE), [" ", "Then it", " rained."]).text == " Then it rained."
    assert clean(Task(base=BASE), ["\n\nThen"]).text == "\n\nThen"
    assert clean(
        Task(base=BASE), [f"Sure! Here is the continuation:\n\n{BASE}\n\nBen came."]
    ).text == ("\n\nBen came.")


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        # Its last sentences, or all of it, in whatever signs.
        ("On the third day it rained. On the fourth, too.", " On the fourth, too."),
        (f"{BASE.upper()}\n\nBen came.", "\n\nBen came."),
        # All of the beginning, and then another story: what is the same is not told twice.
        (f"{BASE[:-40]} ever. Ben came.", None),
        # Not the sentence, though it begins so; and too little to be sure.
        ("On the third day it rained so hard.", "On the third day it rained so hard."),
        ("Anna climbed the lighthouse again.", "Anna climbed the lighthouse again."),
        ("It rained.", "It rained."),
    ],
)
def test_what_is_there_already_is_not_told_twice(answer: str, left: str | None) -> None:
    text = clean(Task(base=BASE), list(answer)).text
    if left is None:
        assert "Anna climbed" not in text
        assert text.endswith("Ben came.")
    else:
        assert text == left


def test_a_heading_of_a_continuation_is_its_own_unless_it_starts_over() -> None:
    assert clean(Task(base=BASE), ["**Part Two**\n\nBen came."]).text == "Part Two\n\nBen came."
    again = clean(Task(base=BASE), [f"**The Tower**\n\n{BASE}\n\nBen came."])
    assert again.text == "\n\nBen came."


def test_a_passage_that_refuses_may_be_written_anew() -> None:
    said = "I'm sorry, but I can't help you with this."
    kept = clean(Task(passage="I'm sorry, but I can't help with that request."), [said])
    assert (kept.text, kept.refused) == (said, False)
    assert clean(Task(passage="Ben held the map."), [said]).refused


def test_what_was_taken_away_is_kept_and_bounded() -> None:
    cleaner = AnswerCleaner(Task())
    given = cleaner.feed(f"<think>{'plan ' * 9_000}</think>Sure! Here is your story:\n\n{STORY}")
    given += cleaner.feed("\n\nI hope you enjoyed this story!") + cleaner.rest()
    assert cleaner.final(given) == STORY
    kinds = [str(piece.kind) for piece in cleaner.removed]
    assert kinds == ["thoughts", "greeting", "afterword"]
    assert max(len(piece.text) for piece in cleaner.removed) == MOST_CHARACTERS
    assert json.dumps([piece.kind for piece in cleaner.removed])
    many = AnswerCleaner(Task())
    many.feed("<think>x</think>\n" * 500)
    assert len(many.removed) == MOST_PIECES


SIGNS = st.sampled_from(
    [
        *("*", "**", "_", "#", "# ", "> ", "```", "\n", "\n\n", " ", "<", "<think>", "</think>"),
        *("<|", "|>", "<|eot_id|>", "[INST]", "a", "Anna ", "字", "。", ". ", ": ", "! ", "Sure"),
        *("Sure! ", "Here is your story", "Title: ", "I'm sorry, but I can't write that"),
        *(
            "好的，",
            "以下是故事：",
            "Once there was ",
            "a road.",
            "\ud83d",
            "\ude42",
            "\r",
            "<story>",
        ),
        *("<|im_start|>", "assistant", "<|channel|>", "analysis", "<|message|>", "(", "Voici "),
    ]
)


@given(st.lists(SIGNS, max_size=30).map("".join), CUTS, st.booleans())
@example("**a***b*** c", [1, 4, 9], False)
@example("```\nOne\n``` two", [2], False)
@example("x <|[INST]|> y", [1, 4, 9], False)
@settings(max_examples=1_500, deadline=None)
def test_any_text_is_the_same_in_any_pieces(text: str, cuts: list[int], goes_on: bool) -> None:
    task = Task(base="Once there was a road.") if goes_on else Task()
    whole = clean(task, [text])
    assert clean(task, pieces_at(text, cuts)) == whole
    assert clean(task, list(text)) == whole
