"""What a generation has to write: what is asked, what of the answer counts, and when it is enough.

Made where the generation is opened, of the text as it is then, and handed on to the runner, which
is the same for all of them.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from django.conf import settings

from modelserver import Abilities, PromptTooLongError
from prose import overlap, prompts, replacement, said, sentences, words
from prose.answers.task import Task
from prose.children.gate import Gate
from stories.history import looking
from stories.history.versions import MAX_TEXT_LENGTH
from stories.models import Generation
from stories.writing import long_story, rewrite_request
from stories.writing.answering import Answer
from stories.writing.background import reading
from stories.writing.finishing import Outcome, report_of, tell_of_held
from stories.writing.rewrite_request import ANEW, Rewrite, rewrite_of

# Why no more of an answer is taken in.
_HELD = "held"
# Requests for one rewrite, when the model only tells what is there already, or not what was asked.
_ATTEMPTS = 3
# A long story leaves a continuation this part of what the model reads, where it needs so much.
_ANSWERS_SHARE = 3
# Characters of a story by which its words' tokens are known.
_LIKE = 4_000
# Room that has to be left for the answer, in tokens.
_LEAST_ANSWER = 48
# What the chat template adds to each message.
_TEMPLATE_TOKENS = 8

Chat = list[dict[str, str]]


class Attempt(NamedTuple):
    """One request to the model server: the chat and Ollama's options."""

    chat: Chat
    options: dict[str, Any]
    facts: dict[str, Any]  # more fields of the generation's row


class Assignment(Protocol):
    """What the runner has to know about what it writes.

    Making one, its `attempts`, `falls_short` and `conclude` read whole texts: long ones off the
    event loop.
    """

    generation: Generation
    limit: int  # words
    nothing: str  # what the person is told when nothing came
    has_said: bool  # a request that ended brought something that can be kept

    async def prepare(self, able: Abilities) -> None:
        """Find out what has to be known before the model is asked; raises `ModelServerError`."""

    def attempts(self, context_length: int | None) -> Iterator[Attempt]:
        """Yield what to ask, one after the other while what comes falls short.

        Raises `PromptTooLongError` when the model can't read that much.
        """

    async def take(self, text: str) -> str:
        """Take in a piece of the answer; return what can be shown by now."""

    def passes(self, text: str) -> bool:
        """Tell whether to take in `text` now is the same as to take in pieces of it, in turn."""

    async def rest(self) -> str:
        """Return what was held back, now that an answer has ended."""

    @property
    def ended(self) -> str:
        """Why more of the answer would be of no use; empty while it is of use."""

    @property
    def answer(self) -> Answer:
        """What comes of the present request."""

    @property
    def length(self) -> int:
        """Characters of the story that is read for a request."""

    def falls_short(self) -> bool:
        """Tell whether what came of the present request calls for the next one."""

    def conclude(self, outcome: Outcome) -> None:
        """Make of all that was shown, `outcome.text`, what is stored."""


def assignment_of(generation: Generation) -> Assignment:
    """Return what a stored row has to write; for whoever did not open it."""
    if generation.kind == Generation.Kind.REWRITE:
        return Rewriting(rewrite_of(generation))
    return Writing(generation)


class Writing:
    """A story from nothing, or from where it ends."""

    has_said = False  # the first request is of no use, or the only one

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        is_continuation = generation.kind == Generation.Kind.CONTINUE
        story = generation.story  # of a row that was taken over, read now: the runner can't
        self.base = story.text if is_continuation else ""
        self.limit = sentences.word_limit(generation.settings.max_words, self.base)
        if generation.words_at_once is not None:
            self.limit = min(self.limit, generation.words_at_once)
        self.nothing = (
            said("The model had nothing to add.") if self.base else said("The model wrote nothing.")
        )
        self._view, self._summary = long_story.View(), ""
        self._begin("")

    def _begin(self, first: str) -> None:
        self._first = first  # of what is written, asked for by a new paragraph
        self._begun = False
        self._room = MAX_TEXT_LENGTH - len(self.base)
        self._answer = Answer(Task(base=self.base[self._view.start :]))
        self._gate = _gate(self.generation)

    @property
    def ended(self) -> str:
        """A story ends by itself, or where no more of it can be kept."""
        if self._gate and self._gate.found:
            return _HELD
        return "stop" if self._answer.ended else "" if self._room > 0 else "length"

    @property
    def answer(self) -> Answer:
        """What comes of the present request."""
        return self._answer

    @property
    def length(self) -> int:
        """Characters of the story so far."""
        return len(self.base)

    async def prepare(self, able: Abilities) -> None:
        """Find out what of a long story the model is shown, and let it read the rest."""
        if not self.base:
            return
        num_ctx = rewrite_request.context_size(able.context_length)
        self._view = await reading(self.length, lambda: self._view_in(num_ctx))
        if self._view.start:
            self._summary = await long_story.summary_for(
                self.generation, self.base, self._view, num_ctx, able
            )

    def _view_in(self, num_ctx: int) -> long_story.View:
        count = rewrite_request.token_count(self.generation)
        fixed = count(prompts.with_summary(self.generation.prompt, "-")) + 2 * _TEMPLATE_TOKENS
        answer = min(self._most(), (num_ctx - fixed) // _ANSWERS_SHARE)
        return long_story.view_of(self.base, num_ctx - fixed - answer, count)

    def attempts(self, context_length: int | None) -> Iterator[Attempt]:
        """Yield the one request; for a story that was whole to the model, a second one."""
        chat = self._chat()
        options = self._options(chat, context_length)
        facts = self._facts(chat)
        self._begin("")
        yield Attempt(chat, options, facts)
        if self.base:
            # A new paragraph is an invitation to go on.
            chat[-1]["content"] += "\n\n"
            self._begin("\n\n")
            yield Attempt(chat, options, facts)

    def _chat(self) -> Chat:
        """Return the chat; the story so far is the beginning of the assistant's answer."""
        prompt = prompts.with_summary(self.generation.prompt, self._summary)
        chat = [{"role": "user", "content": prompt}]
        if self.base:
            # Chat-template tokens would end the answer or open another role; the story keeps them.
            content = replacement.prefill(self.base[self._view.start :])
            chat.append({"role": "assistant", "content": content})
        return chat

    def _facts(self, chat: Chat) -> dict[str, Any]:
        if not self._view.start:
            return {}
        context = {
            "before": words.count(self.base[self._view.start :]),
            "before_of": words.count(self.base),
            "summary": words.count(self._summary),
        }
        return {"prompt": chat[0]["content"], "report": {"context": context}}

    def _options(self, chat: Chat, context_length: int | None) -> dict[str, Any]:
        """Return Ollama's `options`; raises `PromptTooLongError` with the numbers when no room is
        left for an answer. Nothing is ever cut in silence."""
        num_ctx = rewrite_request.context_size(context_length)
        count = rewrite_request.token_count(self.generation)
        needed = sum(count(message["content"]) + _TEMPLATE_TOKENS for message in chat)
        left = num_ctx - needed
        if left < _LEAST_ANSWER:
            raise PromptTooLongError(
                said(
                    "The story and its prompt take about %(needed)s tokens and the model reads "
                    "%(most)s: about %(over)s too many.",
                    needed=f"{needed:,}",
                    most=f"{num_ctx:,}",
                    over=f"{_LEAST_ANSWER - left:,}",
                ),
                hint=said("A larger STORY_NUM_CTX helps if the model allows it."),
            )
        return rewrite_request.sampling(self.generation, num_ctx, min(self._most(), left))

    def _most(self) -> int:
        """Return the tokens that the answer may take, if it is like the end of the story."""
        language = self.generation.settings.language
        return prompts.token_limit(self.limit, self.base[-_LIKE:], language)

    async def take(self, text: str) -> str:
        """Return of `text` what is the story's, as it is stored: the first of it meets the seam."""
        text = self._answer.take(text)
        return self._kept(await looking.through(self._gate, text) if self._gate else text)

    def passes(self, text: str) -> bool:
        """Tell whether a story has begun of which nothing waits, and goes on with `text`."""
        is_free = self._begun and self._gate is None and len(text) < self._room
        return is_free and self._answer.passes(text)

    def _kept(self, text: str) -> str:
        if not self._begun:
            text = self._opening(text)
            self._begun = bool(text)
        kept = text[: max(0, self._room)]
        self._room -= len(kept)
        return kept

    def _opening(self, text: str) -> str:
        if not text.strip():
            return ""
        if self._first:
            return replacement.joined(self.base, self._first + text.lstrip())
        return replacement.joined(self.base, text) if self.base else text.lstrip()

    async def rest(self) -> str:
        """Return what was held back and is the story's."""
        text = self._answer.rest()
        return self._kept(
            await looking.through(self._gate, text, is_last=True) if self._gate else text
        )

    def falls_short(self) -> bool:
        """Tell whether nothing of a story came."""
        if self._gate:
            return not (self._gate.found or self._gate.passed.strip())
        return not self._answer.left().strip()

    def conclude(self, outcome: Outcome) -> None:
        """Keep the story of the answer, in whole sentences if it was cut short; report on it."""
        room = MAX_TEXT_LENGTH - len(self.base)
        if self._gate:
            looking.rest(self._gate, self._answer.rest())  # of an answer that broke off
        left = self._answer.left(self._gate.passed if self._gate else None)
        outcome.text = self._opening(left)[:room]
        outcome.title = self._answer.title
        self._answer.tell(outcome)
        tell_of_held(self._gate, outcome)
        if outcome.status == Generation.Status.DONE and (
            outcome.is_cut_short or words.count(outcome.text) > self.limit
        ):
            outcome.text = sentences.whole_sentences(outcome.text, self.limit)
        outcome.report = report_of(self.generation, self.base, outcome.text)


class Rewriting:
    """A passage between what must not change."""

    nothing = rewrite_request.NOTHING

    def __init__(self, rewrite: Rewrite) -> None:
        self.rewrite, self.generation, self.passage = rewrite, rewrite.generation, rewrite.passage
        self.limit = rewrite.budget
        self._again = False  # attempts before this one showed something
        self._shown: list[str] = []  # of the present attempt
        # Of the last whole attempt that said something: what is left of it, and who looked at it.
        self._said: tuple[str, Answer, Gate | None] | None = None
        self.has_said = False
        self._begin()

    def _begin(self) -> None:
        self._again = self._again or bool(self._shown)
        self._shown = []
        self._answer = Answer(Task(passage=self.passage.core))
        self._gate = _gate(self.generation)
        inside = not self.passage.ends_sentence
        self._lookout = overlap.Lookout(overlap.opening(self.passage.right, inside_sentence=inside))
        # Inside a sentence, only what follows tells where the passage ends.
        self._goal = sentences.Goal(10**9 if inside else self.rewrite.goal)

    @property
    def answer(self) -> Answer:
        """What comes of the present request."""
        return self._answer

    @property
    def ended(self) -> str:
        """Whether the model has come to what follows the passage, or has said enough."""
        if self._gate and self._gate.found:
            return _HELD
        if self._answer.ended:
            return "stop"
        return "overlap" if self._lookout.ended else "goal" if self._goal.reached else ""

    @property
    def length(self) -> int:
        """Characters of the whole story."""
        part = self.passage
        return len(part.left) + len(part.core) + len(part.right)

    async def prepare(self, able: Abilities) -> None:
        """Nothing: a rewrite's own request says what of the story is shown."""

    def attempts(self, context_length: int | None) -> Iterator[Attempt]:
        """Yield the request, then the same one with other seeds."""
        num_ctx = rewrite_request.context_size(context_length)
        asked = self.rewrite.request(num_ctx)
        facts = {"prompt": asked.prompt, "report": {"context": asked.context}}
        options = rewrite_request.sampling(self.generation, num_ctx, asked.num_predict)
        if asked.stop:
            options["stop"] = asked.stop
        # Without chance, the same would come again.
        for attempt in range(_ATTEMPTS if options.get("temperature") != 0 else 1):
            self._begin()
            yield Attempt(asked.messages, {**options, "seed": options["seed"] + attempt}, facts)

    async def take(self, text: str) -> str:
        """Return of `text` what is the passage's, without what follows it."""
        text = text.replace(ANEW, " ")
        return await self._show(self._lookout.feed(self._answer.take(text)))

    def passes(self, text: str) -> bool:
        """Nothing does: the end of a passage may be anywhere."""
        return False

    async def rest(self) -> str:
        """Return what was held back and does belong to the passage."""
        first = await self._show(self._lookout.feed(self._answer.rest()))
        return first + await self._show(self._lookout.rest(), is_last=True)

    async def _show(self, text: str, *, is_last: bool = False) -> str:
        text = "" if self._goal.reached else self._goal.cut(text)
        if self._gate:
            text = await looking.through(self._gate, text, is_last=is_last)
        if not text:
            return ""
        is_next = self._again and not self._shown
        self._shown.append(text)
        return f"{ANEW}{text}" if is_next else text

    def falls_short(self) -> bool:
        """Tell whether the attempt says only what is there, or does not do what was asked."""
        if self._gate and self._gate.found:
            return False
        left = self._left()
        new = self.rewrite.replacement(left, cut_short=False)
        if self.rewrite.is_nothing(new):
            return True
        self._said, self.has_said = (left, self._answer, self._gate), True
        return self.rewrite.ignores_wish(new)

    def _left(self) -> str:
        return self._answer.left("".join(self._shown))

    def conclude(self, outcome: Outcome) -> None:
        """Make the replacement of the last whole attempt that said something, if there is one."""
        left, answer, gate = self._said or (self._left(), self._answer, self._gate)
        is_over = outcome.status == Generation.Status.DONE and not outcome.is_cut_short
        cut_short = not is_over or answer is not self._answer
        is_held = gate is not None and bool(gate.found)
        replaced = "" if is_held else self.rewrite.replacement(left, cut_short=cut_short)
        outcome.facts["replacement"] = replaced
        answer.tell(outcome)
        tell_of_held(gate, outcome)


def _gate(generation: Generation) -> Gate | None:
    """Return what looks at a story for children before it is shown, if the site wants that."""
    asked = settings.CHILD_CHECK == "hold" and generation.settings.child_friendly
    return Gate() if asked else None
