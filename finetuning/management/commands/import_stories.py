"""`manage.py import_stories FILE`: good stories from a datastories.csv."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning.pipeline.material.datastories import DataError
from finetuning.services import exchange
from stories.management.owner import owner_of_stories


class Command(BaseCommand):
    """Takes in all rows of the file, or none and says which are wrong."""

    help = "Import a Prompt,Story file; its stories are marked good and wait for a curator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, whose stories they become, and whether they are approved at once."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--owner", help="username; else the first administrator")
        parser.add_argument("--approve", action="store_true", help="approved for training at once")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file."""
        owner = owner_of_stories(options["owner"])
        try:
            count = exchange.import_csv(options["file"], owner, approve=options["approve"])
        except OSError as error:
            raise CommandError(f"{error.strerror}: {options['file']}") from error
        except DataError as error:
            raise CommandError(f"Nothing was imported.\n{error}") from error
        how = "approved for training" if options["approve"] else "waiting for a curator"
        self.stdout.write(f"Imported {count} stories of {owner}, {how}.")
