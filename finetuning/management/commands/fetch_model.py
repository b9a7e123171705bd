"""`manage.py fetch_model RUN FOLDER`: a run's adapter out of the store, where a server reads it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning.services import model_store


class Command(BaseCommand):
    """Copies the files; needs the store alone, and no database."""

    help = "Write the adapter of a training run, from MODEL_STORE, into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the run and where its files go."""
        parser.add_argument("run", type=int, help="its number")
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files."""
        try:
            for path in model_store.fetch(options["run"], options["folder"]):
                self.stdout.write(f"Wrote {path}.")
        except model_store.StoreError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error
