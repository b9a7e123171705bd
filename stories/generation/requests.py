"""From a story to a request: the row, the messages, the model's options."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from stories import prompts
from stories.generation import limits, seams
from stories.models import Generation, Story, User, model_in_service
from stories.ollama import PromptTooLongError
from stories.versions import StoryBusyError

# Room that has to be left for the answer, in tokens.
_LEAST_ANSWER = 48
# What the chat template adds to each message.
_TEMPLATE_TOKENS = 8


class NothingToContinueError(Exception):
    """There is no text to go on from."""

    code = "nothing_to_continue"

    def __init__(self) -> None:
        super().__init__("There is no story to continue yet. Write one first.")


def open_generation(story: int, user: User | AnonymousUser, kind: Generation.Kind) -> Generation:
    """Store and return a running generation of the caller for a story that `user` can see.

    Raises `Story.DoesNotExist`, `StoryBusyError` if one is active already, and
    `NothingToContinueError`. One query and one insert: thirty writers may click at once.
    """
    visible = Story.objects.visible_to(user).select_related("settings")
    try:
        with transaction.atomic():
            locked = visible.select_for_update(of=("self",)).get(pk=story)
            if kind == Generation.Kind.CONTINUE and not locked.text.strip():
                raise NothingToContinueError
            return Generation.objects.create(
                story=locked,
                settings=locked.settings,
                kind=kind,
                status=Generation.Status.RUNNING,
                runner=secrets.token_hex(8),
                base_version=locked.version,
                prompt=prompts.story_prompt(locked.settings),
                model=model_in_service(),
                seed=secrets.randbits(31),
                started_at=timezone.now(),
            )
    except IntegrityError as error:
        # The constraint: one active generation a story.
        raise StoryBusyError from error


def base_text(generation: Generation) -> str:
    """Return the text that a continuation goes on from; empty for a new story."""
    return generation.story.text if generation.kind == Generation.Kind.CONTINUE else ""


def messages(generation: Generation, base: str) -> list[dict[str, str]]:
    """Return the chat; the story so far is the beginning of the assistant's answer."""
    chat = [{"role": "user", "content": generation.prompt}]
    if base:
        chat.append({"role": "assistant", "content": seams.prefill(base)})
    return chat


def model_options(generation: Generation, base: str, context_length: int | None) -> dict[str, Any]:
    """Return Ollama's `options` for a model that reads `context_length` tokens (None: unknown).

    Raises `PromptTooLongError` with the numbers when no room is left for an answer; nothing is
    ever cut in silence.
    """
    num_ctx = min(settings.STORY_NUM_CTX, context_length or settings.STORY_NUM_CTX)
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
    words = limits.word_limit(generation.settings.max_words, base)
    options: dict[str, Any] = {
        "num_ctx": num_ctx,
        "num_predict": min(prompts.token_limit(words), left),
        "seed": generation.seed,
    }
    if settings.STORY_TEMPERATURE is not None:
        options["temperature"] = settings.STORY_TEMPERATURE
    return options
