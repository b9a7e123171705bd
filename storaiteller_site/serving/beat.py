"""Celery's beat, for clocks that are set back: what is due must not wait for the old time."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler

# More than clocks differ by when they are merely corrected.
_MARGIN = timedelta(minutes=1)


class Scheduler(PersistentScheduler):
    """A scheduler that takes a last run in the future for one that was just now."""

    schedule_filename: str

    def setup_schedule(self) -> None:
        """Make the folder of the file that it keeps, on a machine that serves nothing."""
        Path(self.schedule_filename).parent.mkdir(parents=True, exist_ok=True)
        super().setup_schedule()

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Run what is due; return the seconds to the next time."""
        now = self.app.now()
        for entry in self.schedule.values():
            if entry.last_run_at and entry.last_run_at - now > _MARGIN:
                entry.last_run_at = now
                self._heap = None  # made anew, by the clock as it is
        return float(super().tick(*arguments, **options))
