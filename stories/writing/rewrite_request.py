"""What is asked of the model for a passage: the budget, the prompt that fits, where to stop."""

import re
from dataclasses import dataclass

from modelserver import PromptTooLongError
from prose import prompts, sentences
from prose.passage import Passage
from stories.models import Generation

NOTHING = "The model left the passage out. Try again, or ask for something else."

# The budget, in parts of the passage's words.
_FACTORS = {Generation.Mode.SHORTEN: 0.6, Generation.Mode.EXPAND: 2.5}
_USUAL_FACTOR = 1.5
# Words that a sentence may need, however short the one was that it replaces.
_LEAST_WORDS, _LEAST_SHORTENED = 12, 6
_LEAST_MORE = 2  # inside a sentence
# Tokens that a context shortened to the utmost still tells of the story.
_LEAST_CONTEXT = 96
_TEMPLATE_TOKENS = 8  # a message
# A stop string that is shorter could stand in any story.
_LEAST_STOP, _MOST_STOP = 12, 48  # characters
_SENTENCE_START = re.compile(r"(?<=[.!?…\"'”’»)])\s+(?=\S)|\n+")


@dataclass(frozen=True)
class Request:
    """One rewrite as it is sent; `context` tells what of the story the model gets to see."""

    prompt: str
    prefill: str
    num_predict: int
    stop: list[str]
    context: dict[str, int]

    @property
    def messages(self) -> list[dict[str, str]]:
        """The chat; the story up to the passage is the beginning of the assistant's answer."""
        chat = [{"role": "user", "content": self.prompt}]
        if self.prefill:
            chat.append({"role": "assistant", "content": self.prefill})
        return chat


def word_budget(passage: Passage, mode: str) -> int:
    """Return how many words the replacement may have."""
    words = passage.words
    budget = int(words * _FACTORS.get(Generation.Mode(mode), _USUAL_FACTOR))
    if not passage.ends_sentence:
        return max(budget, words + _LEAST_MORE)
    return max(budget, _LEAST_SHORTENED if mode == Generation.Mode.SHORTEN else _LEAST_WORDS)


def word_goal(passage: Passage, mode: str) -> int:
    """Return with how many words the replacement has said enough, at the end of a sentence.

    Two thirds of the budget: the length of the passage itself, for a plain rewrite. The rest of
    the budget is for the sentence that is not at its end there.
    """
    return word_budget(passage, mode) * 2 // 3


def full_prompt(generation: Generation, passage: Passage) -> str:
    """Return the prompt with the whole story in it."""
    return _prompt(generation, passage, passage.left, passage.right)


def _prompt(generation: Generation, passage: Passage, before: str, after: str) -> str:
    before, after = (prompts.clean_text(part).strip() for part in (before, after))
    if passage.is_whole_story:
        prompt = prompts.story_prompt(generation.settings)
    else:
        prompt = prompts.rewrite_prompt(generation.settings, before, after)
    return prompt + prompts.rewrite_wish(
        generation.mode,
        generation.register,
        prompts.clean_text(generation.instruction),
        prompts.clean_text(passage.core),
    )


def request(generation: Generation, passage: Passage, num_ctx: int) -> Request:
    """Return what is sent to a model that reads `num_ctx` tokens.

    A story that does not fit is shortened to what is nearest to the passage, in whole sentences;
    `context` then has the words before and after it, of how many. Raises `PromptTooLongError`
    with the numbers when not even that leaves room for the answer.
    """
    budget = word_budget(passage, generation.mode)
    fixed = prompts.estimate_tokens(_prompt(generation, passage, "", "")) + 2 * _TEMPLATE_TOKENS
    wanted = prompts.token_limit(budget)
    least = min(wanted, max(prompts.estimate_tokens(passage.core), prompts.token_limit(0)))
    before, after = passage.left.strip(), passage.right.strip()
    whole = 2 * prompts.estimate_tokens(before) + prompts.estimate_tokens(after)
    room = num_ctx - fixed - wanted
    if whole > room:
        room = max(room, min(whole, _LEAST_CONTEXT, num_ctx - fixed - least))
        if room < min(whole, _LEAST_CONTEXT):
            raise _too_long(passage, fixed + least + _LEAST_CONTEXT, num_ctx)
        before, after = _nearest(before, after, room)
    sent = 2 * prompts.estimate_tokens(before) + prompts.estimate_tokens(after)
    return Request(
        prompt=_prompt(generation, passage, before, after),
        prefill=prompts.clean_text(before),
        num_predict=min(wanted, num_ctx - fixed - sent),
        stop=_stop_strings(passage),
        context=_context(passage, before, after) if whole > room else {},
    )


def _too_long(passage: Passage, needed: int, num_ctx: int) -> PromptTooLongError:
    return PromptTooLongError(
        f"A passage of {passage.words:,} words takes about {needed:,} tokens to rewrite and the "
        f"model reads {num_ctx:,}. Select less.",
        hint="A larger STORY_NUM_CTX helps if the model allows it.",
    )


def _nearest(before: str, after: str, room: int) -> tuple[str, str]:
    """Return the end of `before`, which is sent twice, and the beginning of `after`."""
    after_room = min(prompts.estimate_tokens(after), room // 3)
    before_room = min(2 * prompts.estimate_tokens(before), room - after_room)
    after_room = room - before_room
    return _last_sentences(before, before_room // 2), _first_sentences(after, after_room)


def _last_sentences(text: str, tokens: int) -> str:
    if prompts.estimate_tokens(text) <= tokens:
        return text
    text = _last_bytes(text, tokens * 3)
    start = _SENTENCE_START.search(text)
    # No sentence begins in it: at least no word is cut.
    return text[start.end() :] if start else text.partition(" ")[2]


def _first_sentences(text: str, tokens: int) -> str:
    if prompts.estimate_tokens(text) <= tokens:
        return text
    text = text.encode()[: tokens * 3].decode(errors="ignore")
    return sentences.whole_sentences(text.rpartition(" ")[0], len(text))


def _last_bytes(text: str, count: int) -> str:
    return text.encode()[-count:].decode(errors="ignore") if count > 0 else ""


def _context(passage: Passage, before: str, after: str) -> dict[str, int]:
    return {
        "before": len(before.split()),
        "before_of": len(passage.left.split()),
        "after": len(after.split()),
        "after_of": len(passage.right.split()),
    }


def _stop_strings(passage: Passage) -> list[str]:
    """Return how the text after the passage begins, for the server to stop at.

    The words are compared here as well; this saves the tokens up to there.
    """
    following = passage.right.strip()[:_MOST_STOP]
    if len(following) == _MOST_STOP and " " in following:
        following = following.rpartition(" ")[0]
    return [following] if passage.ends_sentence and len(following) >= _LEAST_STOP else []
