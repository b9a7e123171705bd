"""`manage.py import_stories FILE`: good stories from a CSV or JSON Lines file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning.pipeline.material.reading import MAX_BYTES, DataError
from finetuning.services import exchange
from finetuning.services.exchange import Preview
from stories.management.owner import owner_of_stories

_ASK = "Look at the letters, then say --spoilt repair, keep or skip."
_SHOWN, _LONGEST = 3, 70  # first rows, and characters of each


class Command(BaseCommand):
    """Takes in all rows of the file, or none and says which are wrong."""

    help = "Import a file of prompts and stories; they are marked good and wait for a curator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, whose stories they become, and how."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--owner", help="username; else the first administrator")
        parser.add_argument("--approve", action="store_true", help="approved for training at once")
        parser.add_argument(
            "--preview", action="store_true", help="say what is read, store nothing"
        )
        parser.add_argument(
            "--spoilt",
            choices=("repair", "keep", "skip"),
            default="",
            help="rows whose letters are spoilt: put them right (and leave out those that can't "
            "be), keep them as they are, or leave all of them out",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file, or show it."""
        owner = owner_of_stories(options["owner"])
        try:
            if options["preview"]:
                with options["file"].open("rb") as file:
                    data = file.read(MAX_BYTES + 1)
                self._show(exchange.preview(data, owner, options["spoilt"]))
                return
            taken = exchange.import_file(
                options["file"], owner, approve=options["approve"], answer=options["spoilt"]
            )
        except OSError as error:
            raise CommandError(f"{error.strerror}: {options['file']}") from error
        except exchange.SpoiltError as error:
            raise CommandError(f"Nothing was imported.\n{error}\n{_ASK}") from error
        except DataError as error:
            raise CommandError(f"Nothing was imported.\n{error}") from error
        how = "approved for training" if options["approve"] else "waiting for a curator"
        self.stdout.write(f"Imported {taken.added} stories of {owner}, {how}.{taken.beside}")

    def _show(self, found: Preview) -> None:
        read = found.reading
        delimiter = f", {read.delimiter}" if read.delimiter else ""
        self.stdout.write(f"{read.form}, {read.encoding}{delimiter}")
        self.stdout.write(f"Prompt: {read.prompt}. Story: {read.story}.")
        for line in (*read.notes, *found.told_problems):
            self.stdout.write(line)
        for question in found.told_questions:
            self.stdout.write(exchange.told(question))
        if found.questions:
            self.stdout.write(_ASK)
        self.stdout.write(f"{len(found.rows)} stories would be imported.{found.taken.beside}")
        for row in found.rows[:_SHOWN]:
            story = " ".join(row.story[: 2 * _LONGEST].split())[:_LONGEST]
            self.stdout.write(
                f"{row.where}: {row.settings.genre}, {row.settings.register}: {story}"
            )
