"""What a backup or a restoration may end with."""


class BackupError(Exception):
    """It can't be done, and nothing was changed; the message says why."""
