"""What a generation has to write: what is asked, what of the answer counts, and when it is enough.

The runner is the same for all of them.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from prose import overlap, passage, replacement, seams, sentences
from stories.models import Generation
from stories.writing import requests, rewrite_request

# Requests for one rewrite, when the model only tells what is there already.
_ATTEMPTS = 3


class Attempt(NamedTuple):
    """One request to the model server: the chat and Ollama's options."""

    chat: list[dict[str, str]]
    options: dict[str, Any]


class Assignment(Protocol):
    """What the runner has to know about what it writes."""

    limit: int  # words
    nothing: str  # what the person is told when nothing came
    facts: dict[str, Any]  # for the generation's row

    def attempts(self, context_length: int | None) -> Iterator[Attempt]:
        """Yield what to ask, one after the other while what comes is void.

        Raises `PromptTooLongError` when the model can't read that much.
        """

    def take(self, text: str) -> str:
        """Take in a piece of the answer; return what can be shown by now."""

    def rest(self) -> str:
        """Return what was held back, now that an answer has ended."""

    @property
    def ended(self) -> str:
        """Why more of the answer would be of no use; empty while it is of use."""

    def is_void(self, text: str) -> bool:
        """Tell whether all that was shown is as good as nothing."""

    def final(self, text: str, *, cut_short: bool) -> str:
        """Return what is kept of all that was shown."""


def assignment(generation: Generation) -> Assignment:
    """Return what `generation`, just opened, has to write."""
    if generation.kind != Generation.Kind.REWRITE:
        return Writing(generation)
    start, end = generation.start or 0, generation.end or 0
    return Rewriting(generation, passage.cut(generation.story.text, start, end))


class Writing:
    """A story from nothing, or from where it ends."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.base = requests.base_text(generation)
        self.limit = sentences.word_limit(generation.settings.max_words, self.base)
        self.nothing = "The model had nothing to add." if self.base else "The model wrote nothing."
        self.facts: dict[str, Any] = {}
        self._begun = False
        self._first = ""

    @property
    def ended(self) -> str:
        """A story ends by itself."""
        return ""

    def attempts(self, context_length: int | None) -> Iterator[Attempt]:
        """Yield the one request; for a story that was whole to the model, a second one."""
        options = requests.model_options(self.generation, self.base, context_length)
        chat = requests.messages(self.generation, self.base)
        yield Attempt(chat, options)
        if self.base:
            # A new paragraph is an invitation to go on.
            chat[-1]["content"] += "\n\n"
            self._first = "\n\n"
            yield Attempt(chat, options)

    def take(self, text: str) -> str:
        """Return `text` as it is stored: the first of it meets the seam."""
        if self._begun or not text.strip():
            return text if self._begun else ""
        self._begun = True
        if self._first:
            return seams.joined(self.base, self._first + text.lstrip())
        return seams.joined(self.base, text) if self.base else text.lstrip()

    def rest(self) -> str:
        """Nothing is ever held back."""
        return ""

    def is_void(self, text: str) -> bool:
        """Tell whether nothing came."""
        return not text

    def final(self, text: str, *, cut_short: bool) -> str:
        """Return whole sentences of an answer that was cut short."""
        return sentences.whole_sentences(text, self.limit) if cut_short else text


class Rewriting:
    """A passage between what must not change."""

    nothing = rewrite_request.NOTHING

    def __init__(self, generation: Generation, part: passage.Passage) -> None:
        self.generation, self.passage = generation, part
        self.limit = rewrite_request.word_budget(part, generation.mode)
        self.facts: dict[str, Any] = {}
        self._void = 0  # code points shown of attempts that came to nothing
        self._shown = ""  # of the present attempt
        self._begin()

    def _begin(self) -> None:
        self._void += len(self._shown)
        self._shown = ""
        inside = not self.passage.ends_sentence
        self._lookout = overlap.Lookout(overlap.opening(self.passage.right, inside_sentence=inside))
        # Inside a sentence, only what follows tells where the passage ends.
        words = 10**9 if inside else rewrite_request.word_goal(self.passage, self.generation.mode)
        self._goal = sentences.Goal(words)
        # The first words, until it is clear that they are no preamble.
        self._first: str | None = ""

    @property
    def ended(self) -> str:
        """Whether the model has come to what follows the passage, or has said enough."""
        return "overlap" if self._lookout.ended else "goal" if self._goal.reached else ""

    def attempts(self, context_length: int | None) -> Iterator[Attempt]:
        """Yield the request, then the same one with other seeds."""
        num_ctx = requests.context_size(context_length)
        asked = rewrite_request.request(self.generation, self.passage, num_ctx)
        self.facts["prompt"] = asked.prompt
        options = requests.sampling(self.generation, num_ctx, asked.num_predict)
        if asked.stop:
            options["stop"] = asked.stop
        for attempt in range(_ATTEMPTS):
            self._begin()
            self.facts["report"] = {"context": asked.context, "void": self._void}
            yield Attempt(asked.messages, {**options, "seed": options["seed"] + attempt})

    def take(self, text: str) -> str:
        """Return `text` without a preamble, and without what follows the passage."""
        if self._first is None:
            return self._show(self._lookout.feed(text))
        self._first = (self._first + text).lstrip()
        if not self._first or replacement.may_begin_preamble(self._first):
            return ""
        return self._release()

    def rest(self) -> str:
        """Return what was held back and does belong to the passage."""
        return self._release() + self._show(self._lookout.rest())

    def _release(self) -> str:
        first, self._first = self._first or "", None
        return self._show(self._lookout.feed(replacement.without_preamble(first)))

    def _show(self, text: str) -> str:
        text = "" if self._goal.reached else self._goal.cut(text)
        if self._void and text and not self._shown:
            text = f" {text}"
        self._shown += text
        return text

    def is_void(self, text: str) -> bool:
        """Tell whether the attempt says nothing but what stands in, before or after the passage."""
        new = replacement.fitted(self._shown, self.passage, self.limit, cut_short=False)
        core = new.removeprefix(self.passage.head).removesuffix(self.passage.tail)
        return not new or core.split() == self.passage.core.split()

    def final(self, text: str, *, cut_short: bool) -> str:
        """Return `text`: what replaces the passage is made of it when it is stored."""
        return text
