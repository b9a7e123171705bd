"""`manage.py import_preferences FILE`: pairs of texts, of which one is preferred."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning.pipeline.material.reading import MAX_BYTES, DataError
from finetuning.services import preferences
from stories.management.owner import owner_of_stories


class Command(BaseCommand):
    """Takes in all rows of the file, or none and says which are wrong."""

    help = "Import pairs to learn from: prompt, chosen and rejected, as CSV or JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, and whose pairs they become."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--owner", help="username; else the first administrator")
        parser.add_argument(
            "--replace", action="store_true", help="in place of all that was imported before"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file."""
        owner = owner_of_stories(options["owner"])
        try:
            with options["file"].open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            taken = preferences.take_in(data, owner, replace=options["replace"])
        except OSError as error:
            raise CommandError(f"{error.strerror}: {options['file']}") from error
        except DataError as error:
            raise CommandError(f"Nothing was imported.\n{error}") from error
        self.stdout.write(
            f"Imported {taken.added} preferences of {owner}. {taken.known} known already, "
            f"{taken.repeated} in the file before, {taken.removed} replaced."
        )
