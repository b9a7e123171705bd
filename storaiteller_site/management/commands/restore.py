"""`manage.py restore FILE`: the library of a backup in the place of this one."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from storaiteller_site import backups


class Command(BaseCommand):
    """Verifies the whole backup, then replaces database, secret key and models."""

    help = "Restore the library of the backup FILE. Stop the app first."
    # An empty database has nothing to check yet.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")
        parser.add_argument(
            "--force", action="store_true", help="replace a library that has accounts in it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore."""
        try:
            kept = backups.restore(options["file"].absolute(), force=options["force"])
        except (backups.BackupError, DatabaseError) as error:
            raise CommandError(" ".join(str(error).split())) from error
        if kept:
            self.stdout.write(f"What was here before is in {kept}")
        self.stdout.write("Restored. Start the app again.")
