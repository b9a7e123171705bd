"""What is asked of the model for a passage: the budget, the prompt that fits, where to stop; and
what is asked of it for every text.

A `Rewrite` is made once, where it is asked for, and handed on to whoever writes it. Who takes it
over from another process makes it of the row.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from modelserver import PromptTooLongError, counter
from prose import cleaning, prompts, replacement, said, wishes, words
from prose.excerpts import TokenCount, first_sentences, last_sentences
from prose.passage import Passage, cut
from prose.settings import Settings
from stories.models import Generation
from stories.writing.servers.health import server_of

NOTHING = said("The model left the passage out. Try again, or ask for something else.")

# Tokens that a context shortened to the utmost still tells of the story.
_LEAST_CONTEXT = 96
_TEMPLATE_TOKENS = 8  # a message
# In the text of a rewrite, what stands before it is of earlier attempts.
ANEW = "\f"
# Words of a passage that another attempt takes no more than seconds for.
_MOST_ASKED_AGAIN = 150
# A stop string that is shorter could stand in any story.
_LEAST_STOP, _MOST_STOP = 12, 48  # characters


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


@dataclass(frozen=True)
class Rewrite:
    """What a rewrite was asked to be, and its passage in the text that it was asked for in."""

    generation: Generation
    passage: Passage

    @property
    def budget(self) -> int:
        """How many words the replacement may have."""
        asked = self.generation
        return wishes.most_words(self.passage, asked.mode, asked=bool(asked.instruction))

    @property
    def goal(self) -> int:
        """With how many words the replacement has said enough, at the end of a sentence."""
        return wishes.enough_words(self.budget)

    def request(self, num_ctx: int) -> Request:
        """Return what is sent to a model that reads `num_ctx` tokens.

        A story that does not fit is shortened to what is nearest to the passage, in whole
        sentences; `context` then has the words before and after it, of how many. Raises
        `PromptTooLongError` with the numbers when not even that leaves room for the answer.
        """
        passage, count = self.passage, token_count(self.generation)
        fixed = count(self._prompt("", "")) + 2 * _TEMPLATE_TOKENS
        wanted = prompts.token_limit(self.budget, passage.core)
        least = min(wanted, max(count(passage.core), prompts.token_limit(0)))
        before, after = passage.left.strip(), passage.right.strip()
        whole = 2 * count(before) + count(after)
        room = num_ctx - fixed - wanted
        if whole > room:
            room = max(room, min(whole, _LEAST_CONTEXT, num_ctx - fixed - least))
            if room < min(whole, _LEAST_CONTEXT):
                raise _too_long(passage, fixed + least + _LEAST_CONTEXT, num_ctx)
            before, after = _nearest(before, after, room, count)
        sent = 2 * count(before) + count(after)
        prompt = self._prompt(before, after)
        # A small model may go on with what it was asked, where no text follows.
        own = [prompts.PASSAGE_NOW.strip()] if prompts.PASSAGE_NOW in prompt else []
        return Request(
            prompt=prompt,
            prefill=cleaning.clean_text(before),
            num_predict=min(wanted, num_ctx - fixed - sent),
            stop=_stop_strings(passage) + own,
            context=_context(passage, before, after) if whole > room else {},
        )

    def full_prompt(self) -> str:
        """Return the prompt with the whole story in it, whatever the model reads."""
        return self._prompt(self.passage.left, self.passage.right)

    def _prompt(self, before: str, after: str) -> str:
        asked = self.generation
        before, after = (cleaning.clean_text(part).strip() for part in (before, after))
        if self.passage.is_whole_story:
            prompt = asked.settings.prompt
        else:
            prompt = prompts.rewrite_prompt(Settings.of(asked.settings), before, after)
        return prompt + prompts.rewrite_wish(
            asked.mode,
            asked.register,
            cleaning.clean_text(asked.instruction),
            cleaning.clean_text(self.passage.core),
        )

    def replacement(self, text: str, *, cut_short: bool) -> str:
        """Return what Keep puts in the place of the passage when the model wrote `text`.

        Empty when that is as good as nothing; `cut_short` as in `prose.replacement.fitted`.
        """
        return replacement.fitted(
            text,
            self.passage,
            self.budget,
            cut_short=cut_short,
            keeps_quotes=self.generation.mode == Generation.Mode.DIALOGUE,
        )

    def kept_of(self, text: str) -> str:
        """Return the attempt that counts of a streamed text whose writing broke off.

        The last whole one that says something, or what there is of the last.
        """
        *whole, last = text.split(ANEW)
        for attempt in reversed(whole):
            if not self.is_nothing(self.replacement(attempt, cut_short=True)):
                return attempt
        return last

    def is_nothing(self, replaced: str) -> bool:
        """Tell whether a replacement is empty, or the passage again word by word."""
        return not replaced or self._core(replaced).split() == self.passage.core.split()

    def ignores_wish(self, replaced: str) -> bool:
        """Tell whether a replacement does not do what was asked, so that another one is worth it.

        One of a long passage takes too long for that, and a part of a sentence has little room.
        """
        if self.passage.words > _MOST_ASKED_AGAIN or not self.passage.ends_sentence:
            return False
        core = self._core(replaced)
        return wishes.are_kept(self.generation.mode, self.passage, core) is False

    def _core(self, replaced: str) -> str:
        return replaced.removeprefix(self.passage.head).removesuffix(self.passage.tail)


def token_count(generation: Generation) -> TokenCount:
    """Return what counts the tokens of a text for the model that writes `generation`."""
    return counter(server_of(generation), generation.model).estimate


def rewrite_of(generation: Generation) -> Rewrite:
    """Return the rewrite that a stored row tells of; for whoever did not open it."""
    base = generation.story.versions.get(number=generation.base_version).text
    return Rewrite(generation, cut(base, generation.start or 0, generation.end or 0))


def _too_long(passage: Passage, needed: int, num_ctx: int) -> PromptTooLongError:
    return PromptTooLongError(
        said(
            "A passage of %(words)s words takes about %(needed)s tokens to rewrite and the model "
            "reads %(most)s. Select less.",
            words=f"{passage.words:,}",
            needed=f"{needed:,}",
            most=f"{num_ctx:,}",
        ),
        hint=said("A larger STORY_NUM_CTX helps if the model allows it."),
    )


def _nearest(before: str, after: str, room: int, count: TokenCount) -> tuple[str, str]:
    """Return the end of `before`, which is sent twice, and the beginning of `after`."""
    after_room = min(count(after), room // 3)
    before_room = min(2 * count(before), room - after_room)
    after_room = room - before_room
    return (
        last_sentences(before, before_room // 2, count),
        first_sentences(after, after_room, count),
    )


def _context(passage: Passage, before: str, after: str) -> dict[str, int]:
    return {
        "before": words.count(before),
        "before_of": words.count(passage.left),
        "after": words.count(after),
        "after_of": words.count(passage.right),
    }


def _stop_strings(passage: Passage) -> list[str]:
    """Return how the text after the passage begins, for the server to stop at.

    The words are compared here as well; this saves the tokens up to there.
    """
    following = passage.right.strip()[:_MOST_STOP]
    if len(following) == _MOST_STOP and " " in following:
        following = following.rpartition(" ")[0]
    return [following] if passage.ends_sentence and len(following) >= _LEAST_STOP else []


def context_size(context_length: int | None) -> int:
    """Return the context to ask for, of a model that reads `context_length` tokens (or unknown)."""
    return min(settings.STORY_NUM_CTX, context_length or settings.STORY_NUM_CTX)


def sampling(generation: Generation, num_ctx: int, num_predict: int) -> dict[str, Any]:
    """Return Ollama's `options` for `generation`."""
    options: dict[str, Any] = {
        "num_ctx": num_ctx,
        "num_predict": num_predict,
        "seed": generation.seed,
    }
    if (chosen := generation.options.get("temperature")) is not None:
        options["temperature"] = chosen
    elif settings.STORY_TEMPERATURE is not None:
        options["temperature"] = settings.STORY_TEMPERATURE
    return options
