"""The seams of a replacement: one space, whole words, nothing said twice, no preamble."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prose import replacement
from prose.passage import EmptyPassageError, cut
from tests.prose.rewriting.test_passage import select
from tests.prose.rewriting.test_splice import TEXTS, texts_with_ranges

STORY = (
    "Anna lit the lantern. Ben held the map. The road went down to the sea.\n\n"
    "“Come,” she said, and they left."
)


def rewritten(selected: str, text: str, *, words: int = 40, cut_short: bool = False) -> str:
    """Return the story with `selected` replaced by what is made of the model's `text`."""
    part = select(STORY, selected)
    new = replacement.fitted(text, part, words, cut_short=cut_short)
    return part.before + new + part.after


@pytest.mark.parametrize(
    ("selected", "text", "seam"),
    [
        # White space, of which there is one and no more.
        ("Ben held the map.", "  Ben slept.\n", "lantern. Ben slept. The road"),
        (" Ben held the map. ", "Ben slept.", "lantern. Ben slept. The road"),
        ("The road went down to the sea.", " Night fell.", "map. Night fell.\n\n“Come"),
        # Quotes around all of it.
        ("Ben held the map.", "“Ben slept.”", "lantern. Ben slept. The road"),
        ("Ben held the map.", "“Stop,” he said.", "lantern. “Stop,” he said. The road"),
        ("Ben held the map.", "Here is where it began.", "lantern. Here is where it began. The"),
        # What stands before it or behind it, told again.
        ("Ben held the map.", "Anna lit the lantern. Ben slept.", "lantern. Ben slept. The road"),
        ("Ben held the map.", "Ben slept. The road went down to the", "Ben slept. The road went"),
        ("Ben held the map.", "Ben slept. the road, went down", "lantern. Ben slept. The road"),
        # Sentences begin with a capital and end with a full stop.
        ("Ben held the map.", "ben slept", "lantern. Ben slept. The road"),
        ("Ben held the map.", "Ben slept —", "lantern. Ben slept. The road"),
        # Inside a sentence, neither does the sentence end nor a second one begin.
        ("held", "carried.", "Ben carried the map."),
        ("held", "dropped the map. Then he", "Ben dropped the map. The road"),
        ("held", "The torn", "Ben the torn the map."),
        ("down to", "across the dark hills, and to the sea", "went across the dark hills the sea"),
        ("she said,", "he cried", "“Come,” he cried, and they"),
        # A new paragraph inside of one means that the model went on.
        ("Ben held the map.", "Ben slept.\n\nLater, Anna woke.", "lantern. Ben slept. The road"),
        ("Ben held the map.", "\n\nBen slept.", "lantern. Ben slept. The road"),
        # A word that the selection cuts is carried over.
        ("n held the map.", "slept.", "lantern. Ben slept. The road"),
    ],
)
def test_seams(selected: str, text: str, seam: str) -> None:
    assert seam in rewritten(selected, text)


def test_the_start_the_end_and_the_whole() -> None:
    assert rewritten("Anna lit the lantern.", "It was dark.").startswith("It was dark. Ben held")
    last = "“Come,” she said, and they left."
    assert rewritten(last, "They stayed").endswith("sea.\n\nThey stayed.")
    assert rewritten(STORY, "One.\n\n\n\nTwo.") == "One.\n\nTwo."
    across = rewritten(
        "The road went down to the sea.\n\n“Come,” she said", "It rained.\n\nShe ran"
    )
    assert across.endswith("map. It rained.\n\nShe ran, and they left.")


def test_an_answer_that_was_cut_short_ends_with_a_sentence() -> None:
    long = "Ben slept. He dreamt of a tower that"
    assert "lantern. Ben slept. The road" in rewritten("Ben held the map.", long, cut_short=True)
    assert "lantern. Ben slept. The road" in rewritten("Ben held the map.", long, words=5)
    assert "He dreamt." in rewritten("Ben held the map.", "He dreamt", cut_short=True)


@pytest.mark.parametrize("text", ["", "  \n", "The road went down to the sea."])
def test_nothing_is_made_of_nothing(text: str) -> None:
    part = select(STORY, "Ben held the map.")
    assert replacement.fitted(text, part, 10, cut_short=False) == ""


@given(texts_with_ranges(), TEXTS | st.text(alphabet="ab .,\n“”A", max_size=60), st.booleans())
def test_no_space_is_doubled_or_lost_at_any_seam(
    where: tuple[str, int, int], text: str, cut_short: bool
) -> None:
    story, start, end = where
    try:
        part = cut(story, start, end)
    except EmptyPassageError:
        return
    new = replacement.fitted(text, part, 20, cut_short=cut_short)
    if new:
        core = new.removeprefix(part.head).removesuffix(part.tail)
        assert new == part.head + core + part.tail
        assert core == core.strip()
        assert core
        assert "\r" not in core


@pytest.mark.parametrize(
    ("base", "first", "seam"),
    [
        ("She slept.", " Then", " Then"),
        ("She slept.", "Then", " Then"),
        ("She slept. ", " Then", "Then"),
        ("She slept.\n\n", "\n\nThen", "Then"),
        ("She slept.", "\n\nThen", "\n\nThen"),
        ("the lant", "ern", "ern"),
        ("the boat nestled", "Lantern light", " Lantern light"),
        ("the old O", "NCE", "NCE"),
        ("she said “", "Go", "Go"),
        ("", "Once", "Once"),
    ],
)
def test_a_continuation_meets_its_base(base: str, first: str, seam: str) -> None:
    assert replacement.joined(base, first) == seam


def test_the_model_gets_the_base_without_the_space_at_its_end() -> None:
    assert replacement.prefill("She slept.\n\n ") == "She slept."
    assert replacement.prefill("She<|eot_id|> slept.") == "She slept."


CHINESE = "小明提着灯笼走向海边。海浪拍打着礁石，远处的灯塔一闪一闪。他停下脚步，望着那束光。"


def chinese(selected: str, text: str, *, words: int = 40, cut_short: bool = False) -> str:
    """Return the Chinese story with `selected` replaced by what is made of the model's `text`."""
    part = select(CHINESE, selected)
    return part.before + replacement.fitted(text, part, words, cut_short=cut_short) + part.after


MIDDLE = "海浪拍打着礁石，远处的灯塔一闪一闪。"


@pytest.mark.parametrize(
    ("selected", "text", "seam"),
    [
        (MIDDLE, " 大海睡着了。 ", "海边。大海睡着了。他停下"),
        (MIDDLE, "大海睡着了", "海边。大海睡着了。他停下"),
        (MIDDLE, "大海睡着了，", "海边。大海睡着了。他停下"),
        (MIDDLE, "「大海睡着了。」", "海边。大海睡着了。他停下"),
        # Told again: what stands before, and what stands behind.
        (MIDDLE, "小明提着灯笼走向海边。大海睡着了。", "海边。大海睡着了。他停下"),
        (MIDDLE, "大海睡着了。他停下脚步，望着", "海边。大海睡着了。他停下脚步，望着那束光。"),
        # Inside a sentence, a character of what follows may stand anywhere.
        ("拍打着", "轻轻地拍着礁", "海浪轻轻地拍着礁礁石"),
        ("一闪一闪", "的光亮着。", "灯塔的光亮着。他停下"),
    ],
)
def test_chinese_seams_have_no_space(selected: str, text: str, seam: str) -> None:
    assert seam in chinese(selected, text)


def test_a_chinese_answer_is_cut_at_a_sentence() -> None:
    long = "大海睡着了。月亮升起来了。然后他们"
    assert "海边。大海睡着了。月亮升起来了。他停下" in chinese(MIDDLE, long, cut_short=True)
    assert "海边。大海睡着了。他停下" in chinese(MIDDLE, long, words=4)


@pytest.mark.parametrize(
    ("base", "first", "seam"),
    [
        ("他走了。", "然后", "然后"),
        ("他走了。", " 然后", "然后"),
        ("他说：“走。”", "她笑了", "她笑了"),
        ("他说：“走。”", "Anna笑了", "Anna笑了"),
        ("「走れ！」", "と言った", "と言った"),
        ("เขาพูดว่า “ไป”", "แล้ว", "แล้ว"),
        ("वह गया।", "फिर", " फिर"),
        ("هو ذهب؟", "ثم", " ثم"),
        ("« Va. »", "Elle", " Elle"),
        ("갔다.", "그리고", " 그리고"),
    ],
)
def test_a_continuation_has_a_space_where_the_script_has_one(
    base: str, first: str, seam: str
) -> None:
    assert replacement.joined(base, first) == seam
