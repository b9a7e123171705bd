"""Writers in line, and the web processes that the line sees: without a model server."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from stories.history import library
from stories.models import Generation, Story, User
from stories.writing.finishing import Outcome, finish
from stories.writing.line import Standing, advance
from stories.writing.opening import open_generation
from tests.conftest import story_settings

Status = Generation.Status


def new_story(writer: str) -> Story:
    """Return a new story of the writer of that name."""
    user, _ = User.objects.get_or_create(username=writer)
    return library.create_story(user, story_settings())


class Process:
    """A web process, as far as the queue sees it."""

    def __init__(self) -> None:
        self.waiting: dict[int, str] = {}
        self.adopted: list[Generation] = []

    def ask(self, writer: str, story: Story | None = None) -> Generation:
        """Let `writer` ask for a story."""
        story = story or new_story(writer)
        generation = open_generation(story.pk, story.owner, Generation.Kind.WRITE)
        if generation.status == Status.QUEUED:
            self.waiting[generation.pk] = generation.runner
        return generation

    def look(self) -> Standing:
        """Look at the queue and do what it says."""
        standing = advance(self.waiting)
        self.adopted += standing.adopted
        self.waiting |= {generation.pk: generation.runner for generation in standing.adopted}
        for number in standing.turns | standing.gone:
            del self.waiting[number]
        return standing


def running() -> list[Generation]:
    """Return those that are being written, the oldest first."""
    found = Generation.objects.filter(status=Status.RUNNING).select_related("story__owner")
    return list(found.order_by("pk"))


def keep_alive() -> None:
    """Give a sign of life of all that is written, however long a slow machine takes to say so."""
    Generation.objects.filter(status=Status.RUNNING).update(heartbeat_at=timezone.now())


def end(generation: Generation) -> None:
    """Let the writing of `generation` come to its end."""
    generation.refresh_from_db()
    assert finish(generation, Outcome(Status.DONE, "The end."))


def served(process: Process) -> Iterator[str]:
    """Yield whose stories are written, one after the other, until nobody waits."""
    while process.waiting or running():
        [now] = running()
        yield now.story.owner.username
        end(now)
        process.look()


def grow_silent(generation: Generation, seconds: float) -> None:
    """Let the process of `generation` have died `seconds` ago."""
    long_ago = timezone.now() - timedelta(seconds=seconds)
    Generation.objects.filter(pk=generation.pk).update(heartbeat_at=long_ago)
