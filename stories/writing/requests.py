"""From a story to a request: the row, the messages, the model's options."""

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from modelserver import PromptTooLongError
from prose import prompts, seams, sentences
from stories.history.versions import StoryBusyError
from stories.models import Generation, Story, User, model_in_service
from stories.writing.line import Door

# Room that has to be left for the answer, in tokens.
_LEAST_ANSWER = 48
# What the chat template adds to each message.
_TEMPLATE_TOKENS = 8


class NothingToContinueError(Exception):
    """There is no text to go on from."""

    code = "nothing_to_continue"

    def __init__(self) -> None:
        super().__init__("There is no story to continue yet. Write one first.")


def open_generation(
    story: int,
    user: User | AnonymousUser,
    kind: Generation.Kind,
    prepare: Callable[[Story], dict[str, Any]] | None = None,
) -> Generation:
    """Store and return a generation of the caller, running or queued, for a story of `user`'s.

    `prepare` is given the locked story and returns more fields of the row, or raises. Raises
    `Story.DoesNotExist` when `user` can't see it, `StoryBusyError` if one is active already,
    `NothingToContinueError` and `QueueFullError`.
    """
    visible = Story.objects.visible_to(user).select_related("settings")
    try:
        with transaction.atomic():
            locked = visible.select_for_update(of=("self",)).get(pk=story)
            more = prepare(locked) if prepare else {}
            generation = new_generation(locked, kind, model_in_service(), **more)
            Door().enter(generation)
            generation.save(force_insert=True)
    except IntegrityError as error:
        # The constraint: one active generation a story.
        raise StoryBusyError from error
    return generation


def new_generation(story: Story, kind: Generation.Kind, model: str, **more: Any) -> Generation:
    """Return an unsaved generation of the caller; `more` are fields of the row.

    Raises `NothingToContinueError`.
    """
    if kind == Generation.Kind.CONTINUE and not story.text.strip():
        raise NothingToContinueError
    return Generation(
        story=story,
        settings=story.settings,
        kind=kind,
        runner=secrets.token_hex(8),
        base_version=story.version,
        model=model,
        seed=secrets.randbits(31),
        **{"prompt": prompts.story_prompt(story.settings), **more},
    )


def base_text(generation: Generation) -> str:
    """Return the text that a continuation goes on from; empty for a new story."""
    return generation.story.text if generation.kind == Generation.Kind.CONTINUE else ""


def messages(generation: Generation, base: str) -> list[dict[str, str]]:
    """Return the chat; the story so far is the beginning of the assistant's answer."""
    chat = [{"role": "user", "content": generation.prompt}]
    if base:
        # Chat-template tokens would end the answer or open another role; the story keeps them.
        chat.append({"role": "assistant", "content": prompts.clean_text(seams.prefill(base))})
    return chat


def model_options(generation: Generation, base: str, context_length: int | None) -> dict[str, Any]:
    """Return Ollama's `options` for a model that reads `context_length` tokens (None: unknown).

    Raises `PromptTooLongError` with the numbers when no room is left for an answer; nothing is
    ever cut in silence.
    """
    num_ctx = context_size(context_length)
    needed = sum(
        prompts.estimate_tokens(message["content"]) + _TEMPLATE_TOKENS
        for message in messages(generation, base)
    )
    left = num_ctx - needed
    if left < _LEAST_ANSWER:
        raise PromptTooLongError(
            f"The story and its prompt take about {needed:,} tokens and the model reads "
            f"{num_ctx:,}: about {_LEAST_ANSWER - left:,} too many.",
            hint="A larger STORY_NUM_CTX helps if the model allows it.",
        )
    words = sentences.word_limit(generation.settings.max_words, base)
    return sampling(generation, num_ctx, min(prompts.token_limit(words), left))


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
    if settings.STORY_TEMPERATURE is not None:
        options["temperature"] = settings.STORY_TEMPERATURE
    return options
