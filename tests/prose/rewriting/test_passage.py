"""What of a selection is written anew, and what is carried over because it would be cut."""

import pytest
from hypothesis import given

from prose.passage import EmptyPassageError, Passage, cut
from tests.prose.rewriting.test_splice import texts_with_ranges

STORY = "It was late. Anna don’t know. “Go,” she said, 👩‍👩‍👧 laughed.\n\nThe end came."


def select(text: str, part: str) -> Passage:
    """Cut `part` out of `text`, where it stands first."""
    start = text.index(part)
    return cut(text, start, start + len(part))


@given(texts_with_ranges())
def test_the_parts_are_the_text_and_the_core_is_whole(where: tuple[str, int, int]) -> None:
    text, start, end = where
    try:
        part = cut(text, start, end)
    except EmptyPassageError:
        return
    assert part.before + part.head + part.core + part.tail + part.after == text
    assert len(part.before) == start
    assert len(part.after) == len(text) - end
    assert part.core == part.core.strip()
    assert part.words >= 1


@pytest.mark.parametrize(
    ("selected", "head", "core", "tail"),
    [
        ("Anna don’t know.", "", "Anna don’t know.", ""),
        (" Anna don’t know. ", " ", "Anna don’t know.", " "),
        ("na don’t know.", "na ", "don’t know.", ""),
        ("was lat", "", "was", " lat"),
        ("’t know", "’t ", "know", ""),
        ("Anna don", "", "Anna", " don"),
        ("\u200d👩\u200d👧 laughed", "\u200d👩\u200d👧 ", "laughed", ""),
        ("laughed.\n\nThe end", "", "laughed.\n\nThe end", ""),
        ("“Go,”", "", "“Go,”", ""),
    ],
)
def test_cut_words_and_white_space_are_carried_over(
    selected: str, head: str, core: str, tail: str
) -> None:
    part = select(STORY, selected)
    assert (part.head, part.core, part.tail) == (head, core, tail)


@pytest.mark.parametrize("selected", [" ", "\n\n", "nn", "ate", "\u200d"])
def test_less_than_a_word_is_refused(selected: str) -> None:
    with pytest.raises(EmptyPassageError):
        select(STORY, selected)


def test_flags_and_scripts_without_spaces() -> None:
    flags = "From 🇮🇹🇫🇷 with love"
    assert cut(flags, 5, 7).core == "🇮🇹"
    assert cut(flags, 6, 9).core == "🇫🇷"
    assert cut("李雷走进森林。", 2, 4).core == "走进"


@pytest.mark.parametrize(
    ("selected", "starts", "ends", "paragraphs"),
    [
        ("It was late.", True, True, False),
        ("Anna", True, False, False),
        ("late.", False, True, False),
        ("she said", False, False, False),
        ("she said, 👩‍👩‍👧 laughed.", False, True, False),
        ("“Go,”", True, False, False),
        ("Go,", True, False, False),
        ("The end came.", True, True, True),
        ("laughed.\n\nThe end", False, False, True),
        (STORY, True, True, True),
    ],
)
def test_what_a_passage_is(selected: str, starts: bool, ends: bool, paragraphs: bool) -> None:
    part = select(STORY, selected)
    assert part.starts_sentence is starts
    assert part.ends_sentence is ends
    assert part.is_paragraphs is paragraphs
    assert part.is_whole_story is (selected == STORY)


@pytest.mark.parametrize(
    ("text", "selected", "core", "ends"),
    [
        ("เด็กหญิงเดินไป เขามองเห็น", "เดิน", "เดิน", False),
        ("เด็กหญิงเดินไป เขามองเห็น", "เดินไป", "เดินไป", True),
        ("민수는 오래된 등대로 갔다.", "수는 오래된 등", "오래된", False),
        ("민수는 오래된 등대로 갔다.", "오래된", "오래된", False),
        ("他走了。她来了。", "他走了。", "他走了。", True),
        ("वह गया। वह आई।", "वह गया।", "वह गया।", True),
    ],
)
def test_a_passage_of_any_script(text: str, selected: str, core: str, ends: bool) -> None:
    part = select(text, selected)
    assert part.core == core
    assert part.ends_sentence is ends


def test_signs_alone_count_as_a_word() -> None:
    assert cut("Go 🙂 on", 3, 4).words == 1
    assert cut("清晨，渔村还笼罩在薄雾里。", 0, 13).words == 8
