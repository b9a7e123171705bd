"""`manage.py backup FILE`: the whole library in one file, while the app runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from storaiteller_site import backups


class Command(BaseCommand):
    """Writes database, secret key and models to a new file."""

    help = "Back up the whole library to FILE. The app may go on running."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        parser.add_argument("file", type=Path, help="a file that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Back up."""
        path: Path = options["file"].absolute()
        try:
            manifest = backups.backup(path)
        except (backups.BackupError, DatabaseError) as error:
            raise CommandError(" ".join(str(error).split())) from error
        size = path.stat().st_size / 1_000_000
        self.stdout.write(
            f"{path}: {len(manifest.files)} files, {size:,.1f} MB. "
            "It holds the secret key and everybody's stories: keep it where only you can read it."
        )
