"""`manage.py write_story`: a story in this terminal, by the model in service."""

import asyncio
from typing import Any

from channels.db import database_sync_to_async
from django.core.management.base import BaseCommand, CommandError, CommandParser

import modelserver
from prose.languages.offered import NAMES
from stories.errors import Refused
from stories.history import library
from stories.live.following import Follower
from stories.live.frames import ServerFrame
from stories.management.owner import owner_of_stories
from stories.models import Generation, Genre, Register, Story, StorySettings
from stories.pages.forms import StorySettingsForm
from stories.writing.assignments import Writing
from stories.writing.opening import open_generation
from stories.writing.turns import launch_at_turn


class Command(BaseCommand):
    """Does what the page does: the story stands in the library, and its turn is waited for."""

    help = "Write a story into the library with the model in service, and print it as it comes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the settings of the story, and whose it is."""
        parser.add_argument("--owner", help="username; else the first administrator")
        parser.add_argument("--premise", default="", help="what should happen")
        parser.add_argument("--names", default="", help="separated by commas")
        parser.add_argument("--keywords", default="", help="separated by commas")
        parser.add_argument("--genre", choices=Genre.values, default=Genre.values[0])
        parser.add_argument("--register", choices=Register.values, default=Register.values[0])
        parser.add_argument("--language", choices=NAMES, default="", help="else English")
        parser.add_argument("--words", default="150", help="at most so many")
        parser.add_argument("--reader-age", default="", help="in years; else not asked for")
        parser.add_argument("--child-friendly", action="store_true")
        parser.add_argument("--twist", action="store_true", help="in the finale")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the story; an exit status other than 0 means that it has not come to its end."""
        story = library.create_story(owner_of_stories(options["owner"]), _settings(options))
        try:
            asyncio.run(self._write(story))
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        story.refresh_from_db()
        self.stdout.write(f"\n\n“{story}”, story {story.pk} of {story.owner}.")

    async def _write(self, story: Story) -> None:
        opening = database_sync_to_async(open_generation)
        generation = await opening(story.pk, story.owner, Generation.Kind.WRITE)
        try:
            await launch_at_turn(Writing(generation))
            await Follower(story.owner, generation, 0, self._tell).run()
        finally:
            await modelserver.close()

    async def _tell(self, frame: ServerFrame) -> None:
        match frame["type"]:
            case "text":
                self.stdout.write(frame["text"], ending="")
                self.stdout.flush()
            case "error":
                raise CommandError(frame["message"])


def _settings(options: dict[str, Any]) -> StorySettings:
    form = StorySettingsForm(
        {
            "premise": options["premise"],
            "main_characters": options["names"],
            "keywords": options["keywords"],
            "genre": options["genre"],
            "register": options["register"],
            "child_friendly": options["child_friendly"],
            "language": options["language"],
            "reader_age": options["reader_age"],
            "max_words": options["words"],
            "final_twist": options["twist"],
        }
    )
    if not form.is_valid():
        wrong = (f"{name}: {' '.join(map(str, said))}" for name, said in form.errors.items())
        raise CommandError("\n".join(wrong))
    return form.save(commit=False)
