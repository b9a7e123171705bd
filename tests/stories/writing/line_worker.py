"""A process full of impatient writers, without a model server: what only the queue is needed for.

    python -m tests.stories.writing.line_worker TIMES STORY…

The writer of each story asks for it and for a second one, waits for the turn, holds the slot for a
moment or stops before, and asks again: all at once, a thread a story. Says how often a slot was
held.
"""

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

# Seconds, at most: longer than a busy disk takes to store a row, so that slots are held together.
HELD = 0.4
PAUSE = 0.4  # seconds, at most, between two looks


def write(number: int, times: int) -> int:
    """Let the writer of story `number` ask for it so often; return how often it was written."""
    from django.db import connection

    from stories.history.versions import StoryBusyError
    from stories.models import Generation, Story
    from stories.writing.finishing import Outcome, finish
    from stories.writing.opening import open_generation

    rng, served = random.Random(number), 0
    story = Story.objects.select_related("owner").get(pk=number)
    for _ in range(times):
        try:
            asked = open_generation(number, story.owner, Generation.Kind.WRITE)
        except StoryBusyError:
            time.sleep(PAUSE)  # a thread that was slow lost it to another one
            continue
        if asked.status == Generation.Status.QUEUED and not has_turn(asked, rng):
            continue
        time.sleep(rng.random() * HELD)
        served += finish(asked, Outcome(Generation.Status.DONE, ""))
    connection.close()
    return served


def has_turn(asked: Any, rng: random.Random) -> bool:
    """Wait for the turn of `asked`; False if it was stopped before."""
    from stories.models import Generation
    from stories.writing.line import advance

    own = {asked.pk: asked.runner}
    impatient = rng.random() < 0.2
    while True:
        standing = advance(own)
        for adopted in standing.adopted:
            Generation.objects.filter(pk=adopted.pk).request_stop()
        if standing.turns or standing.gone:
            return bool(standing.turns)
        time.sleep(rng.random() * PAUSE)
        if impatient:
            Generation.objects.filter(pk=asked.pk).request_stop()


def main(times: int, stories: list[int]) -> int:
    """Let the writers of `stories` ask so often each; return how often a slot was held."""
    django.setup()
    from stories.history import library
    from stories.models import Story

    first = Story.objects.filter(pk__in=stories).select_related("owner", "settings")
    second = [library.create_story(story.owner, story.settings).pk for story in first]
    asked = [*stories, *second]
    with ThreadPoolExecutor(len(asked)) as pool:
        return sum(pool.map(write, asked, [times] * len(asked)))


if __name__ == "__main__":
    sys.stdout.write(str(main(int(sys.argv[1]), [int(number) for number in sys.argv[2:]])))
