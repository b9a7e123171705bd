"""What is sent for a rewrite: the fixed wording, the budget, and a story cut to the context."""

from dataclasses import replace

import pytest

from modelserver import PromptTooLongError
from prose import prompts
from prose.passage import Passage
from prose.settings import Settings
from stories.models import Generation, Story
from stories.writing.rewrite_request import Rewrite, token_count
from tests.conftest import story_settings
from tests.prose.rewriting.test_passage import select
from tests.support.scripts import CHINESE_PASSAGE

SENTENCES = [
    f"This is the sentence of number {number}, and it is a long one." for number in range(90)
]
STORY = " ".join(SENTENCES)
MIDDLE = " ".join(SENTENCES[40:44])
LARGE, SMALL = 8192, 1024


def rewrite(mode: str = "rewrite", **more: str) -> Generation:
    """Return an unsaved rewrite."""
    settings = story_settings()
    return Generation(
        kind=Generation.Kind.REWRITE,
        story=Story(settings=settings),
        settings=settings,
        mode=mode,
        **more,
    )


def middle() -> Passage:
    """Return a passage in the middle of a long story."""
    return select(STORY, MIDDLE)


def test_a_plain_rewrite_asks_in_the_fixed_wording_alone() -> None:
    asked = Rewrite(rewrite(), middle()).request(LARGE)
    before, after = STORY.split(MIDDLE)
    assert asked.prompt == prompts.rewrite_prompt(
        Settings.of(story_settings()), before.strip(), after.strip()
    )
    assert asked.messages[1] == {"role": "assistant", "content": before.strip()}
    assert asked.stop == ["This is the sentence of number 44, and it is a"]
    assert asked.context == {}


@pytest.mark.parametrize(
    ("mode", "more", "words"),
    [
        ("expand", {}, "longer, with more detail."),
        ("shorten", {}, "much shorter"),
        ("vivid", {}, "more vivid"),
        ("dialogue", {}, "more dialogue"),
        ("register", {"register": "Elegant"}, "in a Elegant register."),
        (
            "rewrite",
            {"instruction": "Let <|eot_id|>it rain."},
            "Write that part again. Let it rain.",
        ),
        ("vivid", {"instruction": "Let it rain."}, "felt. Let it rain."),
    ],
)
def test_a_wish_follows_the_fixed_wording(mode: str, more: dict[str, str], words: str) -> None:
    asked = Rewrite(rewrite(mode, **more), middle()).request(LARGE)
    plain = Rewrite(rewrite(), middle()).request(LARGE)
    assert asked.prompt.startswith(plain.prompt)
    wish = asked.prompt.removeprefix(plain.prompt)
    assert MIDDLE in wish
    assert words in wish
    assert asked.prefill == plain.prefill


@pytest.mark.parametrize(
    ("mode", "factor"), [("rewrite", 1.5), ("shorten", 0.6), ("expand", 2.5), ("vivid", 1.5)]
)
def test_the_budget_is_in_parts_of_the_passage(mode: str, factor: float) -> None:
    assert Rewrite(rewrite(mode), middle()).budget == int(factor * middle().words)


def test_what_is_asked_for_in_words_may_be_to_add_something() -> None:
    for mode, factor in (("rewrite", 2.5), ("vivid", 2.5), ("shorten", 0.6)):
        asked = rewrite(mode, instruction="Add a dog.")
        assert Rewrite(asked, middle()).budget == int(factor * middle().words)


def test_short_passages_have_room_for_a_sentence() -> None:
    assert Rewrite(rewrite("rewrite"), select("He ran. She slept.", "He ran.")).budget == 12
    assert Rewrite(rewrite("shorten"), select("He ran. She slept.", "He ran.")).budget == 6
    assert Rewrite(rewrite("rewrite"), select("He ran home. She slept.", "ran")).budget == 3


def test_a_story_too_long_for_the_context_is_shortened_to_what_is_near_and_says_so() -> None:
    asked = Rewrite(rewrite(), middle()).request(SMALL)
    before = asked.messages[1]["content"]
    assert before.startswith("This is the sentence")
    assert before.endswith(SENTENCES[39])
    after = asked.prompt.partition("finishes with this part unchanged: ")[2]
    assert after.startswith(SENTENCES[44])
    assert after.endswith("long one.")
    assert asked.prompt == prompts.rewrite_prompt(Settings.of(story_settings()), before, after)
    assert asked.context == {
        "before": len(before.split()),
        "before_of": 40 * 13,
        "after": len(after.split()),
        "after_of": 46 * 13,
    }
    tokens = sum(map(token_count(rewrite()), (each["content"] for each in asked.messages)))
    assert tokens + asked.num_predict <= SMALL


@pytest.mark.parametrize(
    "part", [SENTENCES[0], SENTENCES[-1], "".join(STORY[:300].rpartition(". ")[:2])]
)
@pytest.mark.parametrize("num_ctx", [SMALL, 4096])
def test_both_ends_of_a_story_fit(part: str, num_ctx: int) -> None:
    asked = Rewrite(rewrite(), select(STORY, part)).request(num_ctx)
    tokens = sum(map(token_count(rewrite()), (each["content"] for each in asked.messages)))
    assert tokens + asked.num_predict <= num_ctx
    assert asked.num_predict >= prompts.token_limit(len(part.split()))


def test_a_passage_too_long_for_the_context_is_refused_with_the_numbers() -> None:
    with pytest.raises(PromptTooLongError, match=r"1,024\. Select less"):
        Rewrite(rewrite(), select(STORY, " ".join(SENTENCES[10:80]))).request(SMALL)


def test_the_server_stops_where_the_model_tells_what_it_was_asked() -> None:
    last = select(STORY, SENTENCES[-1])
    assert Rewrite(rewrite(), last).request(LARGE).stop == []
    asked = Rewrite(rewrite(mode="expand"), last).request(LARGE)
    assert asked.stop == ["The part between these two now reads:"]
    assert asked.stop[0] in asked.prompt
    following, own = Rewrite(rewrite(mode="expand"), middle()).request(LARGE).stop
    assert (following[:8], own) == ("This is ", asked.stop[0])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Rain fell", "Rain fell"),
        ("Rain fell.\fSnow fe", "Rain fell."),
        ("Rain fell.\fSnow fell.\f", "Snow fell."),
        (f"Rain fell.\f{MIDDLE}\fSn", "Rain fell."),
        ("\f \fSnow fe", "Snow fe"),
    ],
)
def test_of_attempts_that_broke_off_the_last_whole_one_counts(text: str, kept: str) -> None:
    assert Rewrite(rewrite(mode="expand"), middle()).kept_of(text) == kept


def test_the_whole_story_is_asked_for_as_a_new_one() -> None:
    asked = Rewrite(rewrite(), select(MIDDLE, MIDDLE)).request(LARGE)
    assert asked.messages == [{"role": "user", "content": story_settings().prompt}]
    assert asked.stop == []


def test_one_paragraph_without_an_end_is_cut_between_words() -> None:
    text = "word " * 4000
    part = replace(select("a b c", "b"), before=text, after=f" {text}")
    asked = Rewrite(rewrite(), part).request(SMALL)
    assert set(asked.prefill.split()) == {"word"}


def test_a_chinese_passage_has_room_for_as_much_and_expand_for_more() -> None:
    whole = select(CHINESE_PASSAGE, CHINESE_PASSAGE)
    plain, longer = Rewrite(rewrite(), whole), Rewrite(rewrite("expand"), whole)
    assert (plain.goal, longer.goal) == (107, 179)
    # Two tokens a character are enough for tokenizers that know little of it.
    assert plain.request(LARGE).num_predict >= 2 * 1.5 * len(CHINESE_PASSAGE)
    assert longer.request(LARGE).num_predict >= 2 * 2.5 * len(CHINESE_PASSAGE)
    answer = CHINESE_PASSAGE.replace("\n\n", "")
    assert plain.replacement(answer, cut_short=False) == answer
    assert longer.replacement(answer * 2, cut_short=False) == answer * 2


def test_a_chinese_story_too_long_is_shortened_to_what_is_near() -> None:
    sentence, part = "小明提着一盏旧灯笼走向海边。", "他看见门真的开了。"
    story = sentence * 100 + part + sentence * 100
    asked = Rewrite(rewrite(), select(story, part)).request(SMALL)
    before = asked.messages[1]["content"]
    assert before.startswith(sentence)
    assert before.endswith(sentence)
    after = asked.prompt.partition("finishes with this part unchanged: ")[2]
    assert after.startswith(sentence)
    assert after.endswith("。")
    assert asked.context["before_of"] == asked.context["after_of"] == 100 * 8
    assert 8 <= asked.context["before"] < 800


@pytest.mark.parametrize("place", ["before", "after"])
def test_without_a_sentence_in_it_the_context_is_whole_words(place: str) -> None:
    # No sentence ends in it: half a word would be told else.
    far, part = "小明提着灯笼走向海边，" * 200, "他看见门真的开了。"
    story = far + part if place == "before" else part + far
    asked = Rewrite(rewrite(), select(story, part)).request(SMALL)
    assert asked.context[place] > 20
