"""Backups: the whole library in one file, and back.

`archive` is the file and its verification, `databases` what the two databases need, `operations`
what the commands do.
"""

from storaiteller_site.backups.errors import BackupError
from storaiteller_site.backups.operations import backup, restore

__all__ = ["BackupError", "backup", "restore"]
