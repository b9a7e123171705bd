"""`manage.py export_stories`: the approved stories as datastories.csv or JSON Lines."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finetuning.pipeline.run_folder import write_text
from finetuning.services import exchange


class Command(BaseCommand):
    """Writes what a model can be tuned on, here or elsewhere."""

    help = "Write the approved stories to a file: Prompt,Story as CSV, or chats as JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and its format."""
        parser.add_argument("file", type=Path, nargs="?", default=Path("datastories.csv"))
        parser.add_argument("--format", choices=("csv", "jsonl"), help="else by the file's name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file whole or not at all."""
        path: Path = options["file"]
        kind = options["format"] or ("jsonl" if path.suffix == ".jsonl" else "csv")
        text = exchange.export_jsonl() if kind == "jsonl" else exchange.export_csv()
        try:
            write_text(path, text)
        except OSError as error:
            raise CommandError(f"{error.strerror}: {path}") from error
        self.stdout.write(f"Wrote {path}.")
